/**
 * When two records are one. Ids that agents put on records are made by whoever answers their requests:
 * a relay may give the same one to every call, or begin to count again after a restart. So an id names
 * a record together with what else is told of it.
 *
 * Within one source a resend is the same to the byte: records that differ in time or sequence are two.
 * Across sources (a transcript, a backfill) the same call is known by its id and by what it used, and
 * the n-th of one source is the n-th of the other.
 */
import type { RecordInstance } from './agent-event.ts'
import type { Arrival } from './session-store.ts'

const SEPARATOR = '|'

/** The source and content of an instance, as a prefix of its text. */
export function copyText({ isSequenced, content }: RecordInstance): string {
  const told = content.replaceAll(SEPARATOR, '¦')
  return `${isSequenced ? 'live' : 'copy'}${SEPARATOR}${told}${SEPARATOR}`
}

/** An instance as text: equal for equal ones. */
export function instanceText(instance: RecordInstance): string {
  return `${copyText(instance)}${instance.place}`
}

/** The same content from the other source. */
export function fromOtherSource(instance: RecordInstance): RecordInstance {
  return { ...instance, isSequenced: !instance.isSequenced }
}

/**
 * A record whose id another record of its session has already: under a key of its own, so that nothing
 * that is made of it collides with what was made of the other, and marked as that for a replay.
 */
export function asRepeat(arrival: Arrival): Arrival {
  const { item, stored } = arrival
  if (item.kind === 'metric' || item.instance === undefined || stored.signal !== 'log') {
    return arrival
  }
  const dedupKey = `${item.dedupKey}${SEPARATOR}${instanceText(item.instance)}`
  return {
    ...arrival,
    item: { ...item, dedupKey, isRepeat: true },
    stored: { signal: 'log', record: { ...stored.record, isRepeat: true } },
  }
}

/** Between a key and the instance; no event's name has it. */
export const LONGER = '\u001f'

/** The key under which the duplicate filter knows a record; of a repeat, the longer one. */
export function seenKeyOf({ item }: Arrival): string {
  const key = item.dedupKey
  if (item.kind === 'metric' || item.isRepeat !== true || item.instance === undefined) {
    return key.toWellFormed()
  }
  const text = instanceText(item.instance)
  const ofId = key.slice(0, key.length - SEPARATOR.length - text.length)
  return ofId.toWellFormed() + LONGER + text.toWellFormed()
}
