/**
 * ExportLogsServiceRequest in OTLP/JSON to records. A record that cannot be read is refused
 * alone, with its place and what was wrong. Knows nothing of agents.
 */
import type { LogRecord, Origin } from '../domain/telemetry-record.ts'
import { readAttributes, readValue } from './any-value.ts'
import { type Fault, isObject, refuse, typeName } from './decoding.ts'
import { readHexId, SPAN_ID_CHARS, TRACE_ID_CHARS } from './scalars.ts'
import { itemByItem, type Signal } from './json-envelope.ts'
import { logRecord } from './records.ts'
import { readNanos } from './scalars.ts'
import { readText } from './scalars.ts'

export const jsonLogs: Signal<LogRecord> = {
  groups: 'resourceLogs',
  scopes: 'scopeLogs',
  items: 'logRecords',
  ...itemByItem(readLogRecord),
}

function readLogRecord(raw: unknown, origin: Origin, fault: Fault): LogRecord | undefined {
  if (!isObject(raw)) return refuse(fault, `it is ${typeName(raw)}, expected an object`)
  const attributes = readAttributes(raw.attributes, fault)
  if (attributes === undefined) return undefined
  const body = readValue(raw.body, fault)
  if (body === undefined) return refuse(fault, `body: ${fault.text}`)
  const timeNanos = readNanos('timeUnixNano', raw.timeUnixNano, fault)
  if (timeNanos === undefined) return undefined
  const observedNanos = readNanos('observedTimeUnixNano', raw.observedTimeUnixNano, fault)
  if (observedNanos === undefined) return undefined
  const eventName = readText('eventName', raw.eventName, fault)
  if (eventName === undefined) return undefined
  const traceId = readHexId('traceId', raw.traceId, TRACE_ID_CHARS, fault)
  if (traceId === undefined) return undefined
  const spanId = readHexId('spanId', raw.spanId, SPAN_ID_CHARS, fault)
  if (spanId === undefined) return undefined
  return logRecord({
    origin,
    timeNanos,
    observedNanos,
    eventName,
    body,
    attributes,
    traceId,
    spanId,
  })
}
