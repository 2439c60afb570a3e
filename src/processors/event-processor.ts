/**
 * The first of the two doors: log records in, agent events out, in the order in which they
 * happened. A record that cannot be placed is refused alone. Pure.
 */
import { hash } from 'node:crypto'
import type { AgentProfile, EventRow } from '../agents/profile.ts'
import type { AgentEvent, EventBase } from '../domain/agent-event.ts'
import { sessionKeyOf } from '../domain/identity.ts'
import type { Implausible } from '../domain/numbers.ts'
import type { Intake, Rejection } from '../domain/rejection.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { Arrival } from '../domain/session-store.ts'
import type { LogRecord } from '../domain/telemetry-record.ts'
import { believed, textOf } from '../agents/read-attribute.ts'
import { type RecordReader, readRecords } from './record-reader.ts'
import { agentOf, believableTimeMs, marksOf, sessionIdOf, timeMark } from './record-session.ts'

/** Sorted by event time, then by the agent's own count. */
export const logReader: RecordReader<LogRecord> = { read: toArrival, compare: byOccurrence }

/** Translates a batch. */
export function processLogs(records: readonly LogRecord[], arrivedMs: number): Intake<Arrival> {
  return readRecords(logReader, records, arrivedMs)
}

function toEvent(record: LogRecord, arrivedMs: number): Result<AgentEvent, Rejection> {
  const profile = agentOf(record.origin)
  if (!profile.ok) return profile
  const name = profile.value.eventName(record)
  if (name === undefined) {
    return err({
      reason: 'no_event_name',
      message: 'the record names no event: neither event.name nor a body',
    })
  }
  const sentMs = record.timeMs ?? record.observedMs
  const timeMs = believableTimeMs(sentMs, arrivedMs)
  const sessionId = sessionIdOf(profile.value, record.attributes, timeMs)
  if (!sessionId.ok) return sessionId
  const timed = { timeMs, sentMs, mark: timeMark('time', sentMs, arrivedMs) }
  return ok(readEvent(profile.value, name, record, sessionId.value, timed))
}

/** When an event happened, what its record says of that, and the mark on what cannot be true. */
interface Timed {
  readonly timeMs: number
  readonly sentMs: number | undefined
  readonly mark: Implausible | undefined
}

function readEvent(
  profile: AgentProfile,
  name: string,
  record: LogRecord,
  sessionId: string,
  { timeMs, sentMs, mark }: Timed,
): AgentEvent {
  const { attributes, implausible } = believed(record.attributes, profile.quantities)
  const marks = marksOf(implausible, mark)
  const row = Object.hasOwn(profile.events, name) ? profile.events[name] : undefined
  const sequence = profile.sequence(attributes)
  const promptId = profile.promptId(attributes)
  const subagentId = profile.subagentId(attributes)
  const base: EventBase = {
    agent: profile.agent,
    sessionId,
    dedupKey: dedupKeyOf(name, row, record, sequence, sentMs),
    name,
    timeMs,
    identity: profile.identity(record.origin, attributes),
    ...(sequence !== undefined && { sequence }),
    ...(promptId !== undefined && { promptId }),
    ...(subagentId !== undefined && { subagentId }),
    ...(record.traceId !== undefined && { traceId: record.traceId }),
    ...(marks !== undefined && { implausible: marks }),
  }
  return row === undefined ? { ...base, kind: 'other' } : row.read(base, attributes)
}

/**
 * The API's own ids where the event has one; else the agent's count together with the time,
 * since the count starts again on resume; else, for versions that do not count, the content.
 * Ids are unique within a session only.
 */
function dedupKeyOf(
  name: string,
  row: EventRow | undefined,
  record: LogRecord,
  sequence: number | undefined,
  sentMs: number | undefined,
): string {
  for (const key of row?.identifiedBy ?? []) {
    const id = textOf(record.attributes, key)
    if (id !== undefined) return `${name}|${id}`
  }
  if (sequence !== undefined) return `${name}|${sequence}|${sentMs ?? ''}`
  return `${name}|${sentMs ?? ''}|${hash('sha1', JSON.stringify(record.attributes))}`
}

function toArrival(log: LogRecord, arrivedMs: number): Result<Arrival, Rejection> {
  const event = toEvent(log, arrivedMs)
  if (!event.ok) return event
  return ok({
    sessionKey: sessionKeyOf(event.value.agent, event.value.sessionId),
    item: event.value,
    origin: log.origin,
    stored: { signal: 'log', record: withoutOrigin(log) },
    arrivedMs,
  })
}

/** Field by field: a rest pattern takes longer than all else that is done to a record here. */
function withoutOrigin(log: LogRecord): Omit<LogRecord, 'origin'> {
  const { timeMs, observedMs, eventName, body, attributes, traceId, spanId } = log
  const record = { timeMs, observedMs, eventName, body, attributes }
  if (traceId === undefined) return record
  return { ...record, traceId, ...(spanId !== undefined && { spanId }) }
}

function byOccurrence(a: Arrival, b: Arrival): number {
  return a.item.timeMs - b.item.timeMs || sequenceOf(a) - sequenceOf(b)
}

function sequenceOf({ item }: Arrival): number {
  return item.kind === 'metric' ? 0 : (item.sequence ?? 0)
}
