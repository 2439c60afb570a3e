/**
 * ExportTraceServiceRequest in OTLP/JSON to spans. A span that lacks its ids is refused alone;
 * what else of it cannot be read is left out. Links are not used. Knows nothing of agents.
 */
import type { Origin, SpanEventRecord, SpanRecord } from '../domain/telemetry-record.ts'
import { readAttributes } from './any-value.ts'
import { type Fault, isObject, refuse, typeName } from './decoding.ts'
import { itemByItem, type Signal } from './json-envelope.ts'
import { spanRecord } from './records.ts'
import {
  nanosToMs,
  readHexId,
  readNanos,
  readSmallNumber,
  readText,
  SPAN_ID_CHARS,
  TRACE_ID_CHARS,
} from './scalars.ts'

export const jsonTraces: Signal<SpanRecord> = {
  groups: 'resourceSpans',
  scopes: 'scopeSpans',
  items: 'spans',
  ...itemByItem(readSpan),
}

function readSpan(raw: unknown, origin: Origin, fault: Fault): SpanRecord | undefined {
  if (!isObject(raw)) return refuse(fault, `it is ${typeName(raw)}, expected an object`)
  const attributes = readAttributes(raw.attributes, fault)
  if (attributes === undefined) return undefined
  const moments = readSpanEvents(raw.events, fault)
  if (moments === undefined) return undefined
  return spanRecord(
    {
      origin,
      traceId: readHexId(raw.traceId ?? raw.trace_id, TRACE_ID_CHARS),
      spanId: readHexId(raw.spanId ?? raw.span_id, SPAN_ID_CHARS),
      parentSpanId: readHexId(raw.parentSpanId ?? raw.parent_span_id, SPAN_ID_CHARS),
      name: readText(raw.name),
      startNanos: readNanos(raw.startTimeUnixNano ?? raw.start_time_unix_nano),
      endNanos: readNanos(raw.endTimeUnixNano ?? raw.end_time_unix_nano),
      attributes,
      moments,
      ...readStatus(raw.status),
    },
    fault,
  )
}

/** Events of a span that are no objects are left out. */
function readSpanEvents(raw: unknown, fault: Fault): SpanEventRecord[] | undefined {
  const moments: SpanEventRecord[] = []
  if (!Array.isArray(raw)) return moments
  for (let i = 0; i < raw.length; i++) {
    const event: unknown = raw[i]
    if (!isObject(event)) continue
    const attributes = readAttributes(event.attributes, fault)
    if (attributes === undefined) return refuse(fault, `events[${i}]: ${fault.text}`)
    const timeMs = nanosToMs(readNanos(event.timeUnixNano ?? event.time_unix_nano))
    moments.push({ name: readText(event.name), timeMs, attributes })
  }
  return moments
}

interface Status {
  readonly statusCode: number
  readonly statusMessage: string
}

/** `StatusCode` of opentelemetry/proto/trace/v1 by its names. */
const statusCodes: ReadonlyMap<unknown, number> = new Map([
  ['STATUS_CODE_OK', 1],
  ['STATUS_CODE_ERROR', 2],
])

function readStatus(raw: unknown): Status {
  if (!isObject(raw)) return { statusCode: 0, statusMessage: '' }
  const statusCode = statusCodes.get(raw.code) ?? readSmallNumber(raw.code)
  return { statusCode, statusMessage: readText(raw.message) }
}
