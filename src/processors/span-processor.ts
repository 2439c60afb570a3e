/**
 * What spans mean: events that enrich what the agent's logs tell, or, where spans are the source, what
 * the agent did. Pure.
 */
import type { AgentProfile, SpanSource } from '../agents/profile.ts'
import { agentNameOf } from '../agents/registry.ts'
import type { AgentEvent, EventBase, SpanEvent } from '../domain/agent-event.ts'
import { type Identity, sessionKeyOf } from '../domain/identity.ts'
import { GREATEST, isPlausibleTime } from '../domain/numbers.ts'
import type { Arrival } from '../domain/session-store.ts'
import type { SpanRecord, TraceContextOfSpan } from '../domain/telemetry-record.ts'
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

function eventOf(record: SpanRecord, identity: SpanIdentity, arrivedMs: number): AgentEvent {
  const { origin, traceId } = record
  const { profile, attributes, startMs, timeMs: endMs, implausible } = identity
  const moments = record.moments.map((moment) => ({
    ...moment,
    timeMs: momentMs(moment.timeMs, startMs, arrivedMs),
  }))
  const span: SpanRecord = { ...record, startMs, endMs, attributes, moments }
  const { spanSource } = profile
  const base: EventBase = {
    agent: spanSource?.agent(record) ?? agentNameOf(profile, origin, attributes),
    sessionId: identity.sessionId,
    dedupKey: identity.dedupKey,
    name: record.name,
    timeMs: endMs,
    traceId,
    identity: withOwnSession(profile, span, identity),
    ...(implausible !== undefined && { implausible }),
    ...(record.masked !== undefined && { masked: record.masked }),
  }
  return spanSource === undefined
    ? enrichingSpan(profile, base, span)
    : spanSource.read(placed(base, span, spanSource), span)
}

/** A session that comes to be known too late for its spans can be found by a label. */
function withOwnSession(
  { spanSource, identity }: AgentProfile,
  span: SpanRecord,
  { sessionId }: SpanIdentity,
): Identity {
  const told = identity(span.origin, span.attributes)
  const own = spanSource?.placing(span).sessionId
  if (own === undefined || own === sessionId || sessionId !== span.traceId) return told
  return { ...told, labels: { ...told.labels, 'gen_ai.conversation.id': own } }
}

/** A span of an agent whose logs are the source. */
function enrichingSpan(profile: AgentProfile, base: EventBase, span: SpanRecord): SpanEvent {
  const { name, startMs, endMs, traceId, spanId, parentSpanId, attributes } = span
  const promptId = profile.promptId(attributes, span.origin)
  const subagentId = profile.subagentId(attributes)
  return {
    ...base,
    kind: 'span',
    role: profile.spans.roleOf(name),
    startMs,
    endMs,
    traceId,
    spanId,
    ...profile.spans.facts(span),
    ...(parentSpanId !== undefined && { parentSpanId }),
    ...(promptId !== undefined && { promptId }),
    ...(subagentId !== undefined && { subagentId }),
  }
}

/**
 * A span of which no trace is known is a turn of its trace. The turn is shown in the agent's own trace
 * where that has no other turn and no other session in it.
 */
function placed({ traceId, ...base }: EventBase, span: SpanRecord, source: SpanSource): EventBase {
  const { spanId, trace } = span
  const { turnId, subagentId, within, stoodFor }: TraceContextOfSpan = trace ?? {
    turnId: span.traceId,
    within: span.parentSpanId === undefined ? [] : [span.parentSpanId],
  }
  const isAlone = turnId === traceId && !source.placing(span).sessionIsOwn
  return {
    ...base,
    ...(isAlone && traceId !== undefined && { traceId }),
    place: { spanId, within, ...(stoodFor !== undefined && { stoodFor }) },
    ...(turnId !== undefined && { promptId: turnId }),
    ...(subagentId !== undefined && { subagentId }),
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
  if (item.kind === 'span' || item.kind === 'turn') return item.startMs
  const durationMs = 'durationMs' in item ? item.durationMs : undefined
  return item.timeMs - (durationMs ?? 0)
}
