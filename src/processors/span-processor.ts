/** What spans of an agent's own tracing mean: events that enrich what its logs tell. Pure. */
import type { SpanEvent } from '../domain/agent-event.ts'
import { sessionKeyOf } from '../domain/identity.ts'
import { GREATEST, isPlausibleTime } from '../domain/numbers.ts'
import type { Arrival } from '../domain/session-store.ts'
import type { SpanRecord } from '../domain/telemetry-record.ts'
import type { SpanIdentity } from './record-processor.ts'

export function spanArrival(span: SpanRecord, identity: SpanIdentity, arrivedMs: number): Arrival {
  const { origin, ...record } = span
  const item = eventOf(span, identity, arrivedMs)
  return {
    sessionKey: sessionKeyOf(item.agent, item.sessionId),
    item,
    origin,
    stored: { signal: 'trace', record },
    arrivedMs,
  }
}

function eventOf(record: SpanRecord, identity: SpanIdentity, arrivedMs: number): SpanEvent {
  const { origin, traceId, spanId, parentSpanId } = record
  const { profile, attributes, startMs, timeMs: endMs, implausible } = identity
  const moments = record.moments.map((moment) => ({
    ...moment,
    timeMs: momentMs(moment.timeMs, startMs, arrivedMs),
  }))
  const promptId = profile.promptId(attributes)
  const subagentId = profile.subagentId(attributes)
  return {
    kind: 'span',
    role: profile.spans.roleOf(record.name),
    agent: profile.agent,
    sessionId: identity.sessionId,
    dedupKey: identity.dedupKey,
    name: record.name,
    timeMs: endMs,
    startMs,
    endMs,
    traceId,
    spanId,
    identity: profile.identity(origin, attributes),
    ...profile.spans.facts({ ...record, startMs, endMs, attributes, moments }),
    ...(parentSpanId !== undefined && { parentSpanId }),
    ...(promptId !== undefined && { promptId }),
    ...(subagentId !== undefined && { subagentId }),
    ...(implausible !== undefined && { implausible }),
  }
}

/** The time of something within a span that began at `startMs`; undefined where it cannot be true. */
function momentMs(
  timeMs: number | undefined,
  startMs: number,
  arrivedMs: number,
): number | undefined {
  if (timeMs === undefined || !isPlausibleTime(timeMs, arrivedMs)) return undefined
  return Math.abs(timeMs - startMs) > GREATEST.durationMs ? undefined : timeMs
}

/** A tool's execution may end a moment after the tool itself, and still comes before it. */
const EXECUTION_LAG_MS = 2

/** By the spans' ends: children before parents. */
export function compareSpans(a: Arrival, b: Arrival): number {
  return placeOf(a) - placeOf(b) || startOf(b) - startOf(a)
}

function placeOf({ item }: Arrival): number {
  return item.kind === 'span' && item.role === 'tool' ? item.endMs + EXECUTION_LAG_MS : item.timeMs
}

function startOf({ item }: Arrival): number {
  return item.kind === 'span' ? item.startMs : item.timeMs
}
