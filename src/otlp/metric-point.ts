/**
 * Assembles metric points from decoded fields. The last step of every encoding, so that all of
 * them end in the same points.
 */
import type { Attributes } from '../domain/attributes.ts'
import type { MetricPoint, Origin } from '../domain/telemetry-record.ts'
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

/** `AggregationTemporality` of opentelemetry/proto/metrics/v1; `undefined` for any other value. */
export function temporalityOf(code: unknown): MetricPoint['temporality'] | undefined {
  if (code === 1) return 'delta'
  return code === 2 ? 'cumulative' : undefined
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
