/**
 * Fourth stage: which session a record belongs to, when it happened, and the key by which it is known
 * when it comes again. Pure.
 *
 * Within one source a resend is byte-identical, so everything here follows from the record alone,
 * but for a time that cannot be true, which becomes the time of arrival.
 */
import { hash } from 'node:crypto'
import type { AgentProfile, SpanSource } from '../agents/profile.ts'
import { profileOf } from '../agents/registry.ts'
import { believed, textOf } from '../agents/read-attribute.ts'
import { storableId } from '../domain/identity.ts'
import type { Attributes } from '../domain/json-value.ts'
import { GREATEST, type Implausible, isPlausibleTime } from '../domain/numbers.ts'
import type { Rejection } from '../domain/rejection.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type {
  LogRecord,
  MetricPoint,
  PostedHook,
  SpanRecord,
  TranscriptRecord,
} from '../domain/telemetry-record.ts'
import type {
  HookIdentity,
  LogIdentity,
  MetricIdentity,
  RecordInProcess,
  SpanIdentity,
  TranscriptIdentity,
} from './record-processor.ts'
import { believedEntry } from './transcript-processor.ts'

/** Langfuse drops session ids longer than this. */
const MAX_SESSION_ID_LENGTH = 200

export function identifyRecord(record: RecordInProcess, arrivedMs: number): Rejection | undefined {
  switch (record.signal) {
    case 'log':
      return keep(record, identifyLog(record.record, record.profile, arrivedMs))
    case 'metric':
      return keep(record, identifyPoint(record.record, record.profile, arrivedMs))
    case 'trace':
      return keep(record, identifySpan(record.record, record.profile, arrivedMs))
    case 'hook':
      return keep(record, identifyHook(record.record, record.profile, arrivedMs))
    case 'transcript':
      return keep(record, identifyEntry(record.record, arrivedMs))
  }
}

function keep<I>(
  record: { identified: I | undefined },
  identified: Result<I, Rejection>,
): Rejection | undefined {
  if (!identified.ok) return identified.error
  record.identified = identified.value
  return undefined
}

function identifyLog(
  record: LogRecord,
  profile: AgentProfile | undefined,
  arrivedMs: number,
): Result<LogIdentity, Rejection> {
  if (profile === undefined) return unknownAgent(record.origin.scopeName)
  const name = profile.eventName(record)
  if (name === undefined && profile.spanSource !== undefined)
    return notWork(profile, 'a log record without a name')
  if (name === undefined) {
    return err({
      reason: 'no_event_name',
      message: 'the record names no event: neither event.name nor a body',
    })
  }
  const sentMs = record.timeMs ?? record.observedMs
  const timeMs = believableTimeMs(sentMs, arrivedMs)
  const sessionId = sessionIdOf(profile, record.attributes, timeMs, record.traceId)
  if (!sessionId.ok) return sessionId
  const { attributes, implausible } = believed(record.attributes, profile.quantities)
  const sequence = profile.sequence(attributes)
  const { dedupKey, instance } = logKeyOf(profile, name, record, sequence, sentMs)
  return ok({
    profile,
    sessionId: sessionId.value,
    dedupKey,
    instance,
    timeMs,
    implausible: marksOf(implausible, logTimeMark(record, sentMs, arrivedMs)),
    name,
    sequence,
    attributes,
  })
}

/** Longer contents are none: they are counts. */
const MAX_CONTENT_LENGTH = 200

/**
 * The API's own ids where the event has one, together with what tells two of one id apart; else the
 * agent's count together with the time, since the count starts again on resume; else, for versions
 * that do not count, the content. Ids are unique within a session at most.
 */
function logKeyOf(
  profile: AgentProfile,
  name: string,
  record: LogRecord,
  sequence: number | undefined,
  sentMs: number | undefined,
): Pick<LogIdentity, 'dedupKey' | 'instance'> {
  const row = Object.hasOwn(profile.events, name) ? profile.events[name] : undefined
  const time = sentMs ?? record.timeText ?? ''
  for (const key of row?.identifiedBy ?? []) {
    const id = textOf(record.attributes, key)
    if (id === undefined) continue
    let content = ''
    for (const count of row?.sameInCopies ?? []) {
      content += `${content === '' ? '' : ','}${textOf(record.attributes, count) ?? '0'}`
    }
    return {
      dedupKey: `${name}|${id}`,
      instance: {
        isSequenced: sequence !== undefined,
        place: `${time}|${sequence ?? ''}`,
        content: content.slice(0, MAX_CONTENT_LENGTH),
      },
    }
  }
  if (sequence !== undefined) return { dedupKey: `${name}|${sequence}|${time}` }
  const content = hash('sha1', JSON.stringify(record.attributes))
  return { dedupKey: `${name}|${time}|${content}` }
}

function identifyPoint(
  point: MetricPoint,
  profile: AgentProfile | undefined,
  arrivedMs: number,
): Result<MetricIdentity, Rejection> {
  if (profile === undefined) return unknownAgent(point.origin.scopeName)
  const timeMs = believableTimeMs(point.timeMs, arrivedMs)
  const sessionId = sessionIdOf(profile, point.attributes, timeMs, undefined)
  if (!sessionId.ok) {
    return sessionId.error.reason === 'no_session' && !countsMetrics(profile)
      ? notWork(profile, `the metric ${quote(point.name)}`)
      : sessionId
  }
  const seriesKey = seriesKeyOf(point)
  return ok({
    profile,
    sessionId: sessionId.value,
    dedupKey: `${seriesKey}|${point.timeNanos}`,
    timeMs,
    implausible: timeMark('time', point.timeMs, arrivedMs),
    seriesKey,
  })
}

/** Of the others, metrics repeat what logs or spans report; without a session nothing is lost. */
function countsMetrics({ metrics }: AgentProfile): boolean {
  return Object.keys(metrics).length > 0
}

/**
 * A series is its resource, scope, name and attributes (data model of OTLP metrics); with its
 * start time it is one run of values that only grows. Two processes of one resumed session
 * have runs of their own.
 */
function seriesKeyOf(point: MetricPoint): string {
  const { resource, scopeName } = point.origin
  const parts = [
    scopeName,
    point.name,
    point.startNanos,
    sorted(resource),
    sorted(point.attributes),
  ]
  return hash('sha1', JSON.stringify(parts)).slice(0, 24)
}

function sorted(attributes: MetricPoint['attributes']): unknown[] {
  return Object.keys(attributes)
    .sort()
    .map((key) => [key, attributes[key]])
}

function identifySpan(
  span: SpanRecord,
  profile: AgentProfile | undefined,
  arrivedMs: number,
): Result<SpanIdentity, Rejection> {
  if (profile === undefined) {
    const sender = profileOf(span.origin)
    return sender === undefined
      ? unknownAgent(span.origin.scopeName)
      : notWork(sender, `the span ${quote(span.name)}`)
  }
  const { attributes, implausible } = believed(span.attributes, profile.quantities)
  const { startMs, endMs, marks } = spanTimesOf(span, arrivedMs)
  const { spanSource } = profile
  const sessionId =
    spanSource === undefined
      ? sessionIdOf(profile, attributes, endMs, span.traceId)
      : soundSessionId(placedSessionIdOf(spanSource, span))
  if (!sessionId.ok) return sessionId
  return ok({
    profile,
    sessionId: sessionId.value,
    dedupKey: `span|${span.traceId}|${span.spanId}`,
    timeMs: endMs,
    implausible: marksOf(implausible, marks),
    startMs,
    attributes,
  })
}

/** The session that the trace names; without one, the trace. A span alone can name it, too. */
function placedSessionIdOf(source: SpanSource, span: SpanRecord): string | undefined {
  return span.trace === undefined ? source.sessionId(span) : (span.trace.sessionId ?? span.traceId)
}

interface SpanTimes {
  readonly startMs: number
  readonly endMs: number
  readonly marks: Implausible | undefined
}

/** A span that would last too long began no one knows when: it stands for its end alone. */
function spanTimesOf(record: SpanRecord, arrivedMs: number): SpanTimes {
  const endMs = believableTimeMs(record.endMs, arrivedMs)
  const ofEnd = timeMark('end_time', record.endMs, arrivedMs)
  const isLong = endMs - record.startMs > GREATEST.durationMs
  if (isLong || !isPlausibleTime(record.startMs, arrivedMs)) {
    const ofStart = { start_time: String(record.startMs) }
    return { startMs: endMs, endMs, marks: marksOf(ofStart, ofEnd) }
  }
  return { startMs: Math.min(record.startMs, endMs), endMs, marks: ofEnd }
}

function identifyHook(
  { body, labels }: PostedHook,
  profile: AgentProfile | undefined,
  arrivedMs: number,
): Result<HookIdentity, Rejection> {
  const event = profile?.hooks?.read(body, { arrivedMs, labels })
  if (event === undefined) {
    return err({ reason: 'no_session', message: 'the hook names no session_id or hook_event_name' })
  }
  if (event.sessionId.length > MAX_SESSION_ID_LENGTH) {
    return err({ reason: 'session_id_too_long', message: 'session_id is over 200 characters' })
  }
  const sessionId = storableId(event.sessionId)
  return ok({ event: sessionId === event.sessionId ? event : { ...event, sessionId } })
}

function identifyEntry(
  { sessionId, key, timeMs: toldMs, attributes: all }: TranscriptRecord,
  arrivedMs: number,
): Result<TranscriptIdentity, Rejection> {
  const sound = soundSessionId(sessionId === '' ? undefined : sessionId)
  if (!sound.ok) return sound
  const { attributes, implausible } = believedEntry(all)
  return ok({
    sessionId: sound.value,
    dedupKey: `transcript|${key}`,
    timeMs: believableTimeMs(toldMs, arrivedMs),
    implausible: marksOf(implausible, timeMark('time', toldMs, arrivedMs)),
    attributes,
  })
}

/** Some agents send hundreds of spans a prompt about their own insides, and logs without a name. */
function notWork({ title }: AgentProfile, what: string): Result<never, Rejection> {
  const message = `${what} is internal to ${title}: nothing is shown of it`
  return err({ reason: 'not_work', message })
}

function unknownAgent(scopeName: string): Result<never, Rejection> {
  const message = `the agent that sent it is unknown: its scope is ${quote(scopeName)}, and neither service, event name nor body is one of a known agent`
  return err({ reason: 'unknown_agent', message })
}

/** The session id the record carries, or the group it falls into, or why it has neither. */
function sessionIdOf(
  profile: AgentProfile,
  attributes: Attributes,
  timeMs: number,
  traceId: string | undefined,
): Result<string, Rejection> {
  return soundSessionId(
    profile.sessionId(attributes) ?? profile.substituteSessionId(attributes, timeMs, traceId),
  )
}

function soundSessionId(sessionId: string | undefined): Result<string, Rejection> {
  if (sessionId === undefined) {
    return err({
      reason: 'no_session',
      message: 'neither the record nor its resource has a session.id or user.id',
    })
  }
  if (sessionId.length > MAX_SESSION_ID_LENGTH) {
    return err({
      reason: 'session_id_too_long',
      message: `session.id has ${sessionId.length} characters, at most ${MAX_SESSION_ID_LENGTH} are allowed`,
    })
  }
  return ok(storableId(sessionId))
}

/** The record's own time where it can be true, else the time of its arrival. */
function believableTimeMs(timeMs: number | undefined, arrivedMs: number): number {
  return timeMs !== undefined && isPlausibleTime(timeMs, arrivedMs) ? timeMs : arrivedMs
}

/** A mark on a time that was sent and cannot be true; nothing where it can, or none was sent. */
function timeMark(
  name: string,
  timeMs: number | undefined,
  arrivedMs: number,
): Implausible | undefined {
  if (timeMs === undefined || isPlausibleTime(timeMs, arrivedMs)) return undefined
  return { [name]: String(timeMs) }
}

/** A time that could not be read, or that another of the record stands for, is marked as it was sent. */
function logTimeMark(
  { timeText }: LogRecord,
  sentMs: number | undefined,
  arrivedMs: number,
): Implausible | undefined {
  return timeText === undefined ? timeMark('time', sentMs, arrivedMs) : { time: timeText }
}

/** Both marks as one; undefined when there are none. */
export function marksOf(
  a: Implausible | undefined,
  b: Implausible | undefined,
): Implausible | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return { ...a, ...b }
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}
