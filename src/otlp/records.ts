/**
 * Assembles log records from decoded fields. The last step of every encoding, so that all of
 * them end in the same records.
 */
import type { Attributes, AttributeValue } from '../domain/json-value.ts'
import type {
  LogRecord,
  Origin,
  MetricPoint,
  SpanEventRecord,
  SpanRecord,
} from '../domain/telemetry-record.ts'
import { isDigits, nanosToMs, SPAN_ID_CHARS, TRACE_ID_CHARS, readText } from './scalars.ts'
import { shown, type Fault, refuse, checkShared, isObject } from './decoding.ts'
import { readAttributes } from './any-value.ts'
import { noAttributes } from './attribute-map.ts'

/** The fields of a log record as every encoding yields them. */
export interface LogFields {
  readonly origin: Origin
  /** Epoch milliseconds; undefined when unset. */
  readonly timeMs: number | undefined
  /** The time as it was sent, where it cannot be read. */
  readonly timeText?: string | undefined
  readonly observedMs: number | undefined
  readonly eventName: string
  readonly body: AttributeValue
  readonly attributes: Attributes
  /** Lower-case hexadecimal; empty when unset. */
  readonly traceId: string
  readonly spanId: string
}

/** The record of these fields: one by one, since a spread of what may be absent costs more than all else. */
export function logRecord(fields: LogFields): LogRecord {
  const { origin, timeMs, observedMs, eventName, body, attributes, timeText } = fields
  const record: Writable<LogRecord> = { origin, timeMs, observedMs, eventName, body, attributes }
  if (timeText !== undefined) record.timeText = timeText
  if (fields.traceId !== '') record.traceId = fields.traceId
  if (fields.spanId !== '') record.spanId = fields.spanId
  return record
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

// Assembles metric points from decoded fields. The last step of every encoding, so that all of them
// end in the same points.

/** What all points of one sum share. */
export interface SumHeader {
  readonly origin: Origin
  readonly name: string
  readonly unit: string
  readonly temporality: MetricPoint['temporality']
}

/** The fields of one point as every encoding yields them. */
export interface PointFields {
  /** Decimal nanoseconds; `'0'` when unset; other text where they cannot be read. */
  readonly startNanos: string
  readonly timeNanos: string
  readonly value: number
  readonly attributes: Attributes
}

/** `DataPointFlags`: set when the sender knows the series but has no value for it. */
export const NO_RECORDED_VALUE = 1

/** What is said of a point that has no value although it is not flagged so. */
export const NO_VALUE_FAULT = 'neither asDouble nor asInt is set, expected one of them'

const temporalities = new Map<unknown, MetricPoint['temporality']>([
  [1, 'delta'],
  [2, 'cumulative'],
  ['1', 'delta'],
  ['2', 'cumulative'],
  ['AGGREGATION_TEMPORALITY_DELTA', 'delta'],
  ['AGGREGATION_TEMPORALITY_CUMULATIVE', 'cumulative'],
])

/**
 * `AggregationTemporality` of opentelemetry/proto/metrics/v1, by number or by name; `undefined` for
 * any other value.
 */
export function temporalityOf(code: unknown): MetricPoint['temporality'] | undefined {
  return temporalities.get(code)
}

/** What is said of a sum whose temporality is not known. */
export function temporalityFault(code: unknown): string {
  return `sum.aggregationTemporality is ${shown(code)}, expected 1 (delta) or 2 (cumulative)`
}

/** The point of these fields. */
export function metricPoint(sum: SumHeader, fields: PointFields): MetricPoint {
  return {
    origin: sum.origin,
    name: sum.name,
    unit: sum.unit,
    temporality: sum.temporality,
    startNanos: fields.startNanos,
    timeNanos: fields.timeNanos,
    timeMs: isDigits(fields.timeNanos, 0) ? nanosToMs(fields.timeNanos) : undefined,
    value: fields.value,
    attributes: fields.attributes,
  }
}

// Assembles spans from decoded fields. The last step of every encoding, so that all of them end in
// the same spans, and refuse the same ones.

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
  readonly moments: readonly SpanEventRecord[]
  readonly statusCode: number
  readonly statusMessage: string
}

/**
 * The span of these fields; it needs its ids, which make it what it is. Without a start it stands for
 * its end, without an end for its start, and without either its times are 0.
 */
export function spanRecord(fields: SpanFields, fault: Fault): SpanRecord | undefined {
  const { startNanos, endNanos, traceId, spanId, parentSpanId, statusCode, ...same } = fields
  if (traceId === '') return missing('traceId', `${TRACE_ID_CHARS} hexadecimal digits`, fault)
  if (spanId === '') return missing('spanId', `${SPAN_ID_CHARS} hexadecimal digits`, fault)
  const startMs = nanosToMs(startNanos) ?? nanosToMs(endNanos) ?? 0
  const endMs = nanosToMs(endNanos) ?? startMs
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

// Resource and scope of OTLP/JSON: who sent a group of records.

/** The attributes of a resource; none when the sender left the resource out. */
export function readResource(raw: unknown, fault: Fault): Attributes | undefined {
  if (!isObject(raw)) return noAttributes
  const attributes = readAttributes(raw.attributes, fault)
  if (attributes === undefined) return refuse(fault, `resource.${fault.text}`)
  return checkShared('resource', attributes, JSON.stringify(attributes).length, fault)
}

/** The origin that all records of one scope share. */
export function readOrigin(resource: Attributes, raw: unknown, fault: Fault): Origin | undefined {
  if (!isObject(raw)) return { resource, scopeName: '', scopeVersion: '' }
  const scopeName = readText(raw.name)
  const scopeVersion = readText(raw.version)
  const origin = { resource, scopeName, scopeVersion }
  return checkShared('scope', origin, scopeName.length + scopeVersion.length, fault)
}
