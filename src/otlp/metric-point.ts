/**
 * Assembles metric points from decoded fields. The last step of every encoding, so that all of
 * them end in the same points.
 */
import type { Attributes } from '../domain/attributes.ts'
import type { MetricPoint, Origin } from '../domain/telemetry-record.ts'
import { shown } from './fault.ts'
import { nanosToMs } from './nanos.ts'

/** What all points of one sum share. */
export interface SumHeader {
  readonly origin: Origin
  readonly name: string
  readonly unit: string
  readonly temporality: MetricPoint['temporality']
}

/** The fields of one point as every encoding yields them. */
export interface PointFields {
  /** Decimal nanoseconds; `'0'` when unset. */
  readonly startNanos: string
  readonly timeNanos: string
  readonly value: number
  readonly attributes: Attributes
}

/** `DataPointFlags`: set when the sender knows the series but has no value for it. */
export const NO_RECORDED_VALUE = 1

/** What is said of a point that has no value although it is not flagged so. */
export const NO_VALUE_FAULT = 'neither asDouble nor asInt is set, expected one of them'

/** `AggregationTemporality` of opentelemetry/proto/metrics/v1; `undefined` for any other value. */
export function temporalityOf(code: unknown): MetricPoint['temporality'] | undefined {
  if (code === 1) return 'delta'
  return code === 2 ? 'cumulative' : undefined
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
    timeMs: nanosToMs(fields.timeNanos),
    value: fields.value,
    attributes: fields.attributes,
  }
}
