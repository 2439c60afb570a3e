/**
 * ExportTraceServiceRequest in OTLP/JSON to spans. A span that cannot be read, or lacks ids or
 * times, is refused alone. Links are not used. Knows nothing of agents.
 */
import type { Origin, SpanMoment, SpanRecord } from '../domain/telemetry-record.ts'
import { readAttributes } from './any-value.ts'
import { type Fault, isObject, refuse, shown, typeName } from './decoding.ts'
import { readHexId, SPAN_ID_CHARS, TRACE_ID_CHARS } from './scalars.ts'
import { itemByItem, type Signal } from './json-envelope.ts'
import { nanosToMs, readNanos } from './scalars.ts'
import { spanRecord } from './records.ts'
import { readText } from './scalars.ts'

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
  const traceId = readHexId('traceId', raw.traceId, TRACE_ID_CHARS, fault)
  if (traceId === undefined) return undefined
  const spanId = readHexId('spanId', raw.spanId, SPAN_ID_CHARS, fault)
  if (spanId === undefined) return undefined
  const parentSpanId = readHexId('parentSpanId', raw.parentSpanId, SPAN_ID_CHARS, fault)
  if (parentSpanId === undefined) return undefined
  const name = readText('name', raw.name, fault)
  if (name === undefined) return undefined
  const startNanos = readNanos('startTimeUnixNano', raw.startTimeUnixNano, fault)
  if (startNanos === undefined) return undefined
  const endNanos = readNanos('endTimeUnixNano', raw.endTimeUnixNano, fault)
  if (endNanos === undefined) return undefined
  const moments = readMoments(raw.events, fault)
  if (moments === undefined) return undefined
  const status = readStatus(raw.status, fault)
  if (status === undefined) return undefined
  const ids = { traceId, spanId, parentSpanId }
  return spanRecord(
    { origin, ...ids, name, startNanos, endNanos, attributes, moments, ...status },
    fault,
  )
}

function readMoments(raw: unknown, fault: Fault): SpanMoment[] | undefined {
  if (raw === undefined || raw === null) return []
  if (!Array.isArray(raw)) return refuse(fault, `events is ${typeName(raw)}, expected a list`)
  const moments: SpanMoment[] = []
  for (let i = 0; i < raw.length; i++) {
    const moment = readMoment(raw[i], fault)
    if (moment === undefined) return refuse(fault, `events[${i}]: ${fault.text}`)
    moments.push(moment)
  }
  return moments
}

function readMoment(raw: unknown, fault: Fault): SpanMoment | undefined {
  if (!isObject(raw)) return refuse(fault, `it is ${typeName(raw)}, expected an object`)
  const attributes = readAttributes(raw.attributes, fault)
  if (attributes === undefined) return undefined
  const name = readText('name', raw.name, fault)
  if (name === undefined) return undefined
  const timeNanos = readNanos('timeUnixNano', raw.timeUnixNano, fault)
  if (timeNanos === undefined) return undefined
  return { name, timeMs: nanosToMs(timeNanos), attributes }
}

interface Status {
  readonly statusCode: number
  readonly statusMessage: string
}

function readStatus(raw: unknown, fault: Fault): Status | undefined {
  if (raw === undefined || raw === null) return { statusCode: 0, statusMessage: '' }
  if (!isObject(raw)) return refuse(fault, `status is ${typeName(raw)}, expected an object`)
  const statusMessage = readText('status.message', raw.message, fault)
  if (statusMessage === undefined) return undefined
  const statusCode = raw.code ?? 0
  if (typeof statusCode === 'number') return { statusCode, statusMessage }
  return refuse(fault, `status.code is ${shown(statusCode)}, expected 0, 1 or 2`)
}
