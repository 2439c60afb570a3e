/**
 * When what a transcript tells and what telemetry tells are one. A call, a tool and a prompt are known
 * by their id where both sources have it. Where one has none (Claude Code's telemetry before 2.1.150,
 * Codex), the n-th of one source that looks alike is the n-th of the other.
 */
import type { AgentEvent } from './agent-event.ts'
import type { SessionKey } from './identity.ts'
import type { MetricSample } from './metric-sample.ts'
import type { Arrival } from './session-store.ts'
import { shortHash } from './short-hash.ts'

/** What a record has in common with the one of the other source, within its session. */
export interface Joinable {
  /** A hash. */
  readonly id: string | undefined
  /** The same for all that cannot be told apart without an id: a text of any length. */
  readonly alike: string
}

/** What is joined of an item; undefined for what only one source tells, and for what is not counted. */
export function joinableOf(item: AgentEvent | MetricSample): Joinable | undefined {
  if (item.kind === 'transcript') return joinableOf(item.event)
  switch (item.kind) {
    case 'prompt':
      return { id: idOf('prompt', item.promptId), alike: 'prompt' }
    case 'model_call': {
      const { model, usage, requestId } = item
      const tokens =
        usage && [usage.input, usage.output, usage.cacheRead, usage.cacheCreation].join()
      return { id: idOf('call', requestId), alike: `call|${tokens ?? ''}|${model}` }
    }
    case 'tool_result':
      return { id: idOf('tool', item.toolUseId), alike: `tool|${item.tool}` }
    case 'tool_decision':
      if (item.accepted) return undefined
      return { id: idOf('tool', item.toolUseId), alike: `tool|${item.tool}` }
    default:
      return undefined
  }
}

/** The id of the call or tool that an item only completes. */
export function completedId(item: AgentEvent | MetricSample): string | undefined {
  switch (item.kind) {
    case 'model_response':
      return idOf('call', item.requestId)
    case 'tool_decision':
      return item.accepted ? idOf('tool', item.toolUseId) : undefined
    default:
      return undefined
  }
}

function idOf(kind: 'prompt' | 'call' | 'tool', id: string | undefined): string | undefined {
  return id === undefined ? undefined : shortHash(`${kind}|${id}`)
}

/** The key under which telemetry refers to what an entry tells. `key` is the entry's own. */
export function joinKeyOf({ id }: Joinable, key: string): string {
  // What amends a call has its key, and more behind it.
  return id ?? shortHash(`key|${key.replace(/#.*$/s, '')}`)
}

/** The same of a prompt by its id. */
export function joinKeyOfPrompt(promptId: string): string {
  return shortHash(`prompt|${promptId}`)
}

/** How an entry refers to the telemetry that told of the same. */
export function telemetryKeyOf({ dedupKey }: Pick<AgentEvent, 'dedupKey'>): string {
  return shortHash(dedupKey)
}

/** Telemetry of which a transcript told before, marked as that for the fold and for a replay. */
export function toldByTranscript(arrival: Arrival, transcriptKey: string): Arrival {
  const { item, stored } = arrival
  if (item.kind === 'metric' || stored.signal !== 'log') return arrival
  return {
    ...arrival,
    item: { ...item, transcriptKey },
    stored: { signal: 'log', record: { ...stored.record, transcriptKey } },
  }
}

/** What a join says of an entry of a transcript. */
export interface TranscriptMarks {
  readonly copyOf?: string
  readonly joinKey?: string
}

/** An entry of a transcript with what its join says. */
export function withMarks(arrival: Arrival, marks: TranscriptMarks): Arrival {
  const { item, stored } = arrival
  if (item.kind !== 'transcript' || stored.signal !== 'transcript') return arrival
  return {
    ...arrival,
    item: { ...item, ...marks },
    stored: { signal: 'transcript', record: { ...stored.record, ...marks } },
  }
}

/**
 * Asks the session to give up what it told under a claim: another session wrote that line first, or the
 * session itself is told it again with more.
 */
export function askedBack(
  { sessionKey: own, origin, arrivedMs, item: { agent, timeMs, identity } }: Arrival,
  claim: string,
  { sessionKey, sessionId }: { readonly sessionKey: SessionKey; readonly sessionId: string },
): Arrival {
  const name = sessionKey === own ? TOLD_AGAIN : CONTINUES
  const base = { agent, sessionId, timeMs, identity, name }
  const dedupKey = `transcript|${name}`
  return {
    sessionKey,
    item: {
      ...base,
      dedupKey,
      kind: 'transcript',
      event: { ...base, dedupKey, kind: 'other' },
      givesUp: { claim },
    },
    origin,
    stored: {
      signal: 'transcript',
      record: { sessionId, name, key: name, timeMs, attributes: {} },
    },
    arrivedMs,
  }
}

/** The name of an entry that says no more than that some of what came before it was told again. */
const TOLD_AGAIN = 'told_again'

/** The name of an entry that says no more than that a session goes on with another one. */
export const CONTINUES = 'continues'

/** Stands for what a transcript has from another session: that it goes on with it. */
export function asContinuation(arrival: Arrival): Arrival {
  const { item, stored } = arrival
  if (item.kind !== 'transcript' || stored.signal !== 'transcript') return arrival
  const { agent, sessionId, timeMs, identity, isExported } = item
  const base = { agent, sessionId, timeMs, identity, name: CONTINUES }
  const dedupKey = `transcript|${CONTINUES}`
  const exported = isExported === true && { isExported }
  return {
    ...arrival,
    item: {
      ...base,
      dedupKey,
      kind: 'transcript',
      event: { ...base, dedupKey, kind: 'other' },
      ...exported,
    },
    stored: {
      signal: 'transcript',
      record: { sessionId, name: CONTINUES, key: CONTINUES, timeMs, attributes: {}, ...exported },
    },
  }
}
