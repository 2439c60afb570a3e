/**
 * ExportLogsServiceRequest in protobuf (opentelemetry/proto/logs/v1) to records. A record that
 * cannot be read is refused alone. Knows nothing of agents.
 */
import type { AttributeValue } from '../domain/json-value.ts'
import type { LogRecord, Origin } from '../domain/telemetry-record.ts'
import { newAttributeMap } from './attribute-map.ts'
import type { Fault } from './decoding.ts'
import { nanosToMs, SPAN_ID_CHARS, TRACE_ID_CHARS, UNSET_NANOS } from './scalars.ts'
import { logRecord } from './records.ts'
import type { WireSignal } from './proto-envelope.ts'
import { hexOf, readAnyValue, readKeyValue } from './proto-value.ts'
import { attemptRecord, END, nextTag, skipField, tagOf, type WireInput, readText } from './wire.ts'

const TIME_UNIX_NANO = tagOf(1, 'fixed64')
const BODY = tagOf(5, 'bytes')
const ATTRIBUTES = tagOf(6, 'bytes')
const TRACE_ID = tagOf(9, 'bytes')
const SPAN_ID = tagOf(10, 'bytes')
const OBSERVED_TIME_UNIX_NANO = tagOf(11, 'fixed64')
const EVENT_NAME = tagOf(12, 'bytes')

export const wireLogs: WireSignal<LogRecord> = {
  groups: 'resourceLogs',
  scopes: 'scopeLogs',
  items: 'logRecords',
  countIn: () => 1,
  readItem: (input, end, origin, { list, index }, intake) => {
    const fault: Fault = { text: '' }
    const record = attemptRecord(input, end, fault, () => readLogRecord(input, end, origin))
    if (record === undefined) intake.reject(`${list}[${index}]: ${fault.text}`)
    else intake.accept(record)
    return undefined
  },
}

function readLogRecord(input: WireInput, end: number, origin: Origin): LogRecord {
  const { reader } = input
  const attributes = newAttributeMap()
  let timeNanos = UNSET_NANOS
  let observedNanos = UNSET_NANOS
  let eventName = ''
  let body: AttributeValue = null
  let traceId = ''
  let spanId = ''
  for (let tag = nextTag(reader, end); tag !== END; tag = nextTag(reader, end)) {
    switch (tag) {
      case ATTRIBUTES:
        readKeyValue(input, end, attributes)
        break
      case TIME_UNIX_NANO:
        timeNanos = reader.fixed64().toString()
        break
      case OBSERVED_TIME_UNIX_NANO:
        observedNanos = reader.fixed64().toString()
        break
      case BODY:
        body = readAnyValue(input, end)
        break
      case TRACE_ID:
        traceId = hexOf(reader.bytes(), TRACE_ID_CHARS)
        break
      case SPAN_ID:
        spanId = hexOf(reader.bytes(), SPAN_ID_CHARS)
        break
      case EVENT_NAME:
        eventName = readText(input)
        break
      default:
        skipField(reader, tag, end)
    }
  }
  return logRecord({
    origin,
    timeMs: nanosToMs(timeNanos),
    observedMs: nanosToMs(observedNanos),
    eventName,
    body,
    attributes,
    traceId,
    spanId,
  })
}
