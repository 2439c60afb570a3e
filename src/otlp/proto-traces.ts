/**
 * ExportTraceServiceRequest in protobuf (opentelemetry/proto/trace/v1) to spans. A span that
 * cannot be read, or lacks its ids, is refused alone. Links are not used.
 */
import type { Origin, SpanEventRecord, SpanRecord } from '../domain/telemetry-record.ts'
import { newAttributeMap } from './attribute-map.ts'
import type { Fault } from './decoding.ts'
import { nanosToMs, SPAN_ID_CHARS, TRACE_ID_CHARS, UNSET_NANOS } from './scalars.ts'
import type { WireSignal } from './proto-envelope.ts'
import { hexOf, readKeyValue } from './proto-value.ts'
import { spanRecord } from './records.ts'
import {
  attemptRecord,
  countValue,
  END,
  enterMessage,
  nextTag,
  skipField,
  tagOf,
  type WireInput,
  readText,
} from './wire.ts'

const TRACE_ID = tagOf(1, 'bytes')
const SPAN_ID = tagOf(2, 'bytes')
const PARENT_SPAN_ID = tagOf(4, 'bytes')
const NAME = tagOf(5, 'bytes')
const START_TIME_UNIX_NANO = tagOf(7, 'fixed64')
const END_TIME_UNIX_NANO = tagOf(8, 'fixed64')
const ATTRIBUTES = tagOf(9, 'bytes')
const EVENTS = tagOf(11, 'bytes')
const STATUS = tagOf(15, 'bytes')

const EVENT_TIME_UNIX_NANO = tagOf(1, 'fixed64')
const EVENT_NAME = tagOf(2, 'bytes')
const EVENT_ATTRIBUTES = tagOf(3, 'bytes')

const STATUS_MESSAGE = tagOf(2, 'bytes')
const STATUS_CODE = tagOf(3, 'varint')

export const wireTraces: WireSignal<SpanRecord> = {
  groups: 'resourceSpans',
  scopes: 'scopeSpans',
  items: 'spans',
  countIn: () => 1,
  readItem: (input, end, origin, { list, index }, intake) => {
    const fault: Fault = { text: '' }
    const span = attemptRecord(input, end, fault, () => readSpan(input, end, origin, fault))
    if (span === undefined) intake.reject(`${list}[${index}]: ${fault.text}`)
    else intake.accept(span)
    return undefined
  },
}

function readSpan(
  input: WireInput,
  end: number,
  origin: Origin,
  fault: Fault,
): SpanRecord | undefined {
  const { reader } = input
  const attributes = newAttributeMap()
  const moments: SpanEventRecord[] = []
  const ids = { traceId: '', spanId: '', parentSpanId: '' }
  const times = { startNanos: UNSET_NANOS, endNanos: UNSET_NANOS }
  let name = ''
  let status: Status = { statusCode: 0, statusMessage: '' }
  for (let tag = nextTag(reader, end); tag !== END; tag = nextTag(reader, end)) {
    switch (tag) {
      case ATTRIBUTES:
        readKeyValue(input, end, attributes)
        break
      case TRACE_ID:
        ids.traceId = hexOf(reader.bytes(), TRACE_ID_CHARS)
        break
      case SPAN_ID:
        ids.spanId = hexOf(reader.bytes(), SPAN_ID_CHARS)
        break
      case PARENT_SPAN_ID:
        ids.parentSpanId = hexOf(reader.bytes(), SPAN_ID_CHARS)
        break
      case NAME:
        name = readText(input)
        break
      case START_TIME_UNIX_NANO:
        times.startNanos = reader.fixed64().toString()
        break
      case END_TIME_UNIX_NANO:
        times.endNanos = reader.fixed64().toString()
        break
      case EVENTS:
        moments.push(readSpanEvent(input, end))
        break
      case STATUS:
        status = readStatus(input, end)
        break
      default:
        skipField(reader, tag, end)
    }
  }
  return spanRecord({ origin, ...ids, name, ...times, attributes, moments, ...status }, fault)
}

function readSpanEvent(input: WireInput, outerEnd: number): SpanEventRecord {
  const { reader } = input
  countValue(input)
  const end = enterMessage(reader, outerEnd)
  const attributes = newAttributeMap()
  let name = ''
  let timeNanos = UNSET_NANOS
  for (let tag = nextTag(reader, end); tag !== END; tag = nextTag(reader, end)) {
    if (tag === EVENT_ATTRIBUTES) readKeyValue(input, end, attributes)
    else if (tag === EVENT_NAME) name = readText(input)
    else if (tag === EVENT_TIME_UNIX_NANO) timeNanos = reader.fixed64().toString()
    else skipField(reader, tag, end)
  }
  return { name, timeMs: nanosToMs(timeNanos), attributes }
}

interface Status {
  readonly statusCode: number
  readonly statusMessage: string
}

function readStatus(input: WireInput, outerEnd: number): Status {
  const { reader } = input
  const end = enterMessage(reader, outerEnd)
  let statusCode = 0
  let statusMessage = ''
  for (let tag = nextTag(reader, end); tag !== END; tag = nextTag(reader, end)) {
    if (tag === STATUS_CODE) statusCode = reader.int32()
    else if (tag === STATUS_MESSAGE) statusMessage = readText(input)
    else skipField(reader, tag, end)
  }
  return { statusCode, statusMessage }
}
