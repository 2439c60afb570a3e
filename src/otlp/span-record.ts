/**
 * Assembles spans from decoded fields. The last step of every encoding, so that all of them end
 * in the same spans, and refuse the same ones.
 */
import type { Attributes } from '../domain/attributes.ts'
import type { Origin, SpanMoment, SpanRecord } from '../domain/telemetry-record.ts'
import { type Fault, refuse } from './fault.ts'
import { SPAN_ID_CHARS, TRACE_ID_CHARS } from './hex-id.ts'
import { nanosToMs } from './nanos.ts'

/** The fields of a span as every encoding yields them. */
export interface SpanFields {
  readonly origin: Origin
  /** Lower-case hexadecimal; empty when unset or invalid. */
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly name: string
  /** Decimal nanoseconds; `'0'` when unset. */
  readonly startNanos: string
  readonly endNanos: string
  readonly attributes: Attributes
  readonly moments: readonly SpanMoment[]
  readonly statusCode: number
  readonly statusMessage: string
}

/** The span of these fields; it needs its ids and times, which make it what it is. */
export function spanRecord(fields: SpanFields, fault: Fault): SpanRecord | undefined {
  const { startNanos, endNanos, traceId, spanId, parentSpanId, statusCode, ...same } = fields
  if (traceId === '') return missing('traceId', `${TRACE_ID_CHARS} hexadecimal digits`, fault)
  if (spanId === '') return missing('spanId', `${SPAN_ID_CHARS} hexadecimal digits`, fault)
  const startMs = nanosToMs(startNanos)
  if (startMs === undefined) return missing('startTimeUnixNano', 'a time', fault)
  const endMs = nanosToMs(endNanos)
  if (endMs === undefined) return missing('endTimeUnixNano', 'a time', fault)
  return {
    ...same,
    traceId,
    spanId,
    ...(parentSpanId !== '' && { parentSpanId }),
    startMs,
    endMs,
    // An enum may grow; a status that is not known is no status.
    statusCode: statusCode === 1 || statusCode === 2 ? statusCode : 0,
  }
}

function missing(field: string, expected: string, fault: Fault): SpanRecord | undefined {
  return refuse(fault, `${field} is missing or invalid, expected ${expected}`)
}
