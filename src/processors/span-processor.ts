/**
 * Spans of an agent's own tracing become events that enrich what its logs tell. They come
 * through the event processor's door, with the same rules about who sent them. Pure.
 */
import { believed } from '../agents/read-attribute.ts'
import type { SpanEvent } from '../domain/agent-event.ts'
import { sessionKeyOf } from '../domain/identity.ts'
import { GREATEST, type Implausible, isPlausibleTime } from '../domain/numbers.ts'
import type { Intake, Rejection } from '../domain/rejection.ts'
import { ok, type Result } from '../domain/result.ts'
import type { Arrival } from '../domain/session-store.ts'
import type { SpanRecord } from '../domain/telemetry-record.ts'
import { type RecordReader, readRecords } from './record-reader.ts'
import { agentOf, believableTimeMs, marksOf, sessionIdOf, timeMark } from './record-session.ts'

/** Sorted by the spans' ends: children before parents. */
export const spanReader: RecordReader<SpanRecord> = {
  read: toArrival,
  compare: (a, b) => placeOf(a) - placeOf(b) || startOf(b) - startOf(a),
}

/** Translates a batch. */
export function processSpans(records: readonly SpanRecord[], arrivedMs: number): Intake<Arrival> {
  return readRecords(spanReader, records, arrivedMs)
}

function toArrival(span: SpanRecord, arrivedMs: number): Result<Arrival, Rejection> {
  const event = toEvent(span, arrivedMs)
  if (!event.ok) return event
  const { origin, ...record } = span
  return ok({
    sessionKey: sessionKeyOf(event.value.agent, event.value.sessionId),
    item: event.value,
    origin,
    stored: { signal: 'trace', record },
    arrivedMs,
  })
}

/** A tool's execution may end a moment after the tool itself, and still comes before it. */
const EXECUTION_LAG_MS = 2

function placeOf({ item }: Arrival): number {
  return item.kind === 'span' && item.role === 'tool' ? item.endMs + EXECUTION_LAG_MS : item.timeMs
}

function startOf({ item }: Arrival): number {
  return item.kind === 'span' ? item.startMs : item.timeMs
}

function toEvent(record: SpanRecord, arrivedMs: number): Result<SpanEvent, Rejection> {
  const { origin, traceId, spanId, parentSpanId } = record
  const profile = agentOf(origin)
  if (!profile.ok) return profile
  const { attributes, implausible } = believed(record.attributes, profile.value.quantities)
  const { startMs, endMs, marks: ofTimes } = timesOf(record, arrivedMs)
  const sessionId = sessionIdOf(profile.value, attributes, endMs)
  if (!sessionId.ok) return sessionId
  const marks = marksOf(implausible, ofTimes)
  const moments = record.moments.map((moment) => ({
    ...moment,
    timeMs: momentMs(moment.timeMs, startMs, arrivedMs),
  }))
  const promptId = profile.value.promptId(attributes)
  const subagentId = profile.value.subagentId(attributes)
  return ok({
    kind: 'span',
    role: profile.value.spans.roleOf(record.name),
    agent: profile.value.agent,
    sessionId: sessionId.value,
    dedupKey: `span|${traceId}|${spanId}`,
    name: record.name,
    timeMs: endMs,
    startMs,
    endMs,
    traceId,
    spanId,
    identity: profile.value.identity(origin, attributes),
    ...profile.value.spans.facts({ ...record, startMs, endMs, attributes, moments }),
    ...(parentSpanId !== undefined && { parentSpanId }),
    ...(promptId !== undefined && { promptId }),
    ...(subagentId !== undefined && { subagentId }),
    ...(marks !== undefined && { implausible: marks }),
  })
}

interface SpanTimes {
  readonly startMs: number
  readonly endMs: number
  readonly marks: Implausible | undefined
}

/** A span that would last too long began no one knows when: it stands for its end alone. */
function timesOf(record: SpanRecord, arrivedMs: number): SpanTimes {
  const endMs = believableTimeMs(record.endMs, arrivedMs)
  const ofEnd = timeMark('end_time', record.endMs, arrivedMs)
  const isLong = endMs - record.startMs > GREATEST.durationMs
  if (isLong || !isPlausibleTime(record.startMs, arrivedMs)) {
    const ofStart = { start_time: String(record.startMs) }
    return { startMs: endMs, endMs, marks: marksOf(ofStart, ofEnd) }
  }
  return { startMs: Math.min(record.startMs, endMs), endMs, marks: ofEnd }
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
