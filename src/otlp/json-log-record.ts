/** A log record of OTLP/JSON that has been parsed. Knows nothing of agents. */
import type { LogRecord, Origin } from '../domain/telemetry-record.ts'
import { readAttributes, readValue } from './any-value.ts'
import { type Fault, isObject, refuse, typeName } from './decoding.ts'
import { logRecord } from './records.ts'
import {
  nanosToMs,
  readHexId,
  readNanos,
  readText,
  SPAN_ID_CHARS,
  TRACE_ID_CHARS,
  unreadableTime,
} from './scalars.ts'

/** Undefined where it cannot be read; the fault says why. */
export function readLogRecord(raw: unknown, origin: Origin, fault: Fault): LogRecord | undefined {
  if (!isObject(raw)) return refuse(fault, `it is ${typeName(raw)}, expected an object`)
  const attributes = readAttributes(raw.attributes, fault)
  if (attributes === undefined) return undefined
  const body = readValue(raw.body, fault)
  if (body === undefined) return refuse(fault, `body: ${fault.text}`)
  const time = raw.timeUnixNano ?? raw.time_unix_nano
  return logRecord({
    origin,
    timeMs: nanosToMs(readNanos(time)),
    timeText: unreadableTime(time),
    observedMs: nanosToMs(readNanos(raw.observedTimeUnixNano ?? raw.observed_time_unix_nano)),
    eventName: readText(raw.eventName ?? raw.event_name),
    body,
    attributes,
    traceId: readHexId(raw.traceId ?? raw.trace_id, TRACE_ID_CHARS),
    spanId: readHexId(raw.spanId ?? raw.span_id, SPAN_ID_CHARS),
  })
}
