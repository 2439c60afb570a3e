/**
 * The live feed over the store: what was stored behind a position, in order, each record once. A
 * browser that was away reads on where it was, since positions are those of the store.
 */
import { positionOf, type Signal, type StoredBatch } from '../domain/telemetry-record.ts'
import { processStored } from '../processors/stored-processor.ts'
import type { SessionNames, StoreReader } from '../storage/store-reader.ts'
import type { LiveEvent, LiveRecent } from '../api/contract/live.ts'
import type { LiveNews, LiveSlice, StoredFeed } from '../api/queries.ts'
import { countWithin, cutName, MAX_LIST_BYTES } from './answer-bounds.ts'
import { liveEventOf } from './live-event.ts'
import type { Pause } from './pause.ts'

/** Metrics and spans repeat what events tell. */
const SHOWN: readonly Signal[] = ['log', 'hook']

/** Few: one may hold all that was in a large request. */
const BATCHES_PER_SLICE = 10
/** How many slices of batches the newest events are looked for in. */
const MAX_SLICES_BACK = 100

export function createStoredFeed({ records, lists }: StoreReader, pause: Pause): StoredFeed {
  /** What the sessions of these batches are called. */
  function namesOf(batches: readonly StoredBatch[]): Promise<Names> {
    const keys = new Set(batches.map(({ sessionKey }) => sessionKey))
    return lists.names([...keys])
  }

  /** The newest events up to a position, and behind another one; those that fit. */
  async function newest(behind: number, upTo: number, limit: number): Promise<Newest> {
    const events: LiveEvent[] = []
    let beforeId: number | undefined = upTo + 1
    for (let slice = 0; slice < MAX_SLICES_BACK && events.length < limit; slice += 1) {
      const found = await records.before(beforeId, SHOWN, BATCHES_PER_SLICE)
      const names = await namesOf(found.batches)
      for (const batch of found.batches) {
        if (events.length >= limit) break
        events.push(...eventsOf(batch, behind, limit - events.length, names))
      }
      beforeId = found.beforeId
      if (beforeId === undefined || beforeId <= behind + 1) break
      await pause()
    }
    // Newest first, so that what does not fit is the oldest.
    const shown = events.slice(0, countWithin(events, MAX_LIST_BYTES))
    const isComplete = shown.length === events.length && events.length < limit
    return { events: shown.reverse(), isComplete }
  }

  return {
    recent: async (limit): Promise<LiveRecent> => {
      const position = await records.newest()
      const { events } = await newest(0, position, limit)
      return { position, events: [...events] }
    },
    since: async ({ position: behind, upTo, limit }): Promise<LiveNews> => {
      const position = upTo ?? (await records.newest())
      if (behind === undefined || behind > position) return { events: [], position, omitted: 0 }
      // One more than is wanted tells whether there are more.
      const found = await newest(behind, position, limit + 1)
      const events = found.events.slice(-limit)
      if (found.isComplete) return { events, position, omitted: 0 }
      return { events, position, omitted: (events[0]?.position ?? position + 1) - behind - 1 }
    },
    after: async (position, limit): Promise<LiveSlice> => {
      const batches = await records.after(position, BATCHES_PER_SLICE)
      const names = await namesOf(batches)
      const events: LiveEvent[] = []
      let reached = position
      for (const batch of batches) {
        if (events.length >= limit) break
        const ofBatch = eventsOf(batch, position, Number.POSITIVE_INFINITY, names)
        for (const event of ofBatch.reverse()) events.push(event)
        reached = batch.id
      }
      if (events.length > limit) reached = events[limit - 1]?.position ?? position
      return { events: events.slice(0, limit), position: reached, more: reached > position }
    },
  }
}

interface Newest {
  /** In order. */
  readonly events: readonly LiveEvent[]
  /** Nothing was left out. */
  readonly isComplete: boolean
}

type Names = ReadonlyMap<string, SessionNames>

/**
 * The newest events of a batch behind a position, the newest first. Record by record: processors put
 * batches in order and drop what means nothing.
 */
function eventsOf(batch: StoredBatch, behind: number, limit: number, names: Names): LiveEvent[] {
  const events: LiveEvent[] = []
  if (!SHOWN.includes(batch.signal)) return events
  const { sessionKey, receivedMs, records } = batch
  const { title, user, project } = names.get(sessionKey) ?? {}
  const cut = (name: string | undefined) => (name === undefined ? null : cutName(name))
  const session = { sessionTitle: cut(title), user: cut(user), project: cut(project) }
  for (let index = records.length - 1; index >= 0 && events.length < limit; index -= 1) {
    const position = positionOf(batch, index)
    if (position <= behind) break
    const [arrival] = processStored({ ...batch, records: records.slice(index, index + 1) }).accepted
    const event = arrival && liveEventOf(arrival, { position, sessionKey, receivedMs, ...session })
    if (event !== undefined) events.push(event)
  }
  return events
}
