/**
 * One NumberDataPoint of OTLP/JSON (opentelemetry/proto/metrics/v1).
 */
import type { MetricPoint } from '../domain/telemetry-record.ts'
import { readAttributes } from './any-value.ts'
import { readDouble } from './double.ts'
import { type Fault, isObject, refuse, shown, typeName } from './fault.ts'
import { readInt64 } from './int64.ts'
import { metricPoint, NO_RECORDED_VALUE, NO_VALUE_FAULT, type SumHeader } from './metric-point.ts'
import { readNanos } from './nanos.ts'

/** A point, or `'no value'` when it is flagged as having none. */
export function readNumberPoint(
  raw: unknown,
  sum: SumHeader,
  fault: Fault,
): MetricPoint | 'no value' | undefined {
  if (!isObject(raw)) return refuse(fault, `it is ${typeName(raw)}, expected an object`)
  if (raw.flags === NO_RECORDED_VALUE) return 'no value'
  const attributes = readAttributes(raw.attributes, fault)
  if (attributes === undefined) return undefined
  const startNanos = readNanos('startTimeUnixNano', raw.startTimeUnixNano, fault)
  if (startNanos === undefined) return undefined
  const timeNanos = readNanos('timeUnixNano', raw.timeUnixNano, fault)
  if (timeNanos === undefined) return undefined
  const value = readNumber(raw, fault)
  if (value === undefined) return undefined
  return metricPoint(sum, { startNanos, timeNanos, value, attributes })
}

function readNumber(raw: Readonly<Record<string, unknown>>, fault: Fault): number | undefined {
  if (raw.asDouble !== undefined && raw.asDouble !== null) {
    const value = readDouble(raw.asDouble)
    if (value !== undefined && Number.isFinite(value)) return value
    return refuse(fault, `asDouble is ${shown(raw.asDouble)}, expected a finite number`)
  }
  if (raw.asInt === undefined || raw.asInt === null) {
    return refuse(fault, NO_VALUE_FAULT)
  }
  const value = readInt64(raw.asInt)
  if (value !== undefined) return Number(value)
  return refuse(fault, `asInt is ${shown(raw.asInt)}, expected a 64-bit integer`)
}
