/**
 * One NumberDataPoint of OTLP/JSON (opentelemetry/proto/metrics/v1).
 */
import type { MetricPoint, Origin } from '../domain/telemetry-record.ts'
import { readAttributes } from './any-value.ts'
import {
  readDouble,
  readInt64,
  readNanos,
  readSmallNumber,
  readText,
  unreadableTime,
} from './scalars.ts'
import { type Fault, isObject, refuse, shown, typeName, checkShared } from './decoding.ts'
import {
  metricPoint,
  NO_RECORDED_VALUE,
  NO_VALUE_FAULT,
  type SumHeader,
  temporalityFault,
  temporalityOf,
} from './records.ts'
import type { IntakeBuilder } from './intake-builder.ts'
import { jsonNames, type Signal, unknownMember } from './json-envelope.ts'
import type { Level } from './json-pieces.ts'

/** A point, or `'no value'` when it is flagged as having none. */
export function readNumberPoint(
  raw: unknown,
  sum: SumHeader,
  fault: Fault,
): MetricPoint | 'no value' | undefined {
  if (!isObject(raw)) return refuse(fault, `it is ${typeName(raw)}, expected an object`)
  if ((readSmallNumber(raw.flags) & NO_RECORDED_VALUE) !== 0) return 'no value'
  const attributes = readAttributes(raw.attributes, fault)
  if (attributes === undefined) return undefined
  const startNanos = readTime(raw.startTimeUnixNano ?? raw.start_time_unix_nano)
  const timeNanos = readTime(raw.timeUnixNano ?? raw.time_unix_nano)
  const value = readNumber(raw.asDouble ?? raw.as_double, raw.asInt ?? raw.as_int, fault)
  if (value === undefined) return undefined
  return metricPoint(sum, { startNanos, timeNanos, value, attributes })
}

/** A time is part of a point's identity, also where it cannot be read. */
function readTime(raw: unknown): string {
  return unreadableTime(raw) ?? readNanos(raw)
}

function readNumber(asDouble: unknown, asInt: unknown, fault: Fault): number | undefined {
  if (asDouble !== undefined && asDouble !== null) {
    const value = readDouble(asDouble)
    if (value !== undefined && Number.isFinite(value)) return value
    return refuse(fault, `asDouble is ${shown(asDouble)}, expected a finite number`)
  }
  if (asInt === undefined || asInt === null) {
    return refuse(fault, NO_VALUE_FAULT)
  }
  const value = readInt64(asInt)
  if (value !== undefined) return Number(value)
  return refuse(fault, `asInt is ${shown(asInt)}, expected a 64-bit integer`)
}

// ExportMetricsServiceRequest in OTLP/JSON to points. Sums become points, whether they are marked
// monotonic or not. Gauges, histograms and summaries are no increments: they are taken without a
// point and never fail their batch.

const dataFields = [
  ...['sum', 'gauge', 'histogram', 'exponentialHistogram', 'summary'],
  'exponential_histogram',
] as const

const sum: Level = {
  shared: jsonNames('aggregationTemporality'),
  into: jsonNames('dataPoints'),
  next: { listOf: 'records' },
}

export const jsonMetrics: Signal<MetricPoint> = {
  groups: 'resourceMetrics',
  scopes: 'scopeMetrics',
  items: 'metrics',
  // A sum goes before what else there is.
  item: { shared: ['name', 'unit'], into: dataFields, next: { object: sum } },
  countIn: countPoints,
  readItems: readMetrics,
}

const MAX_NAME_CHARS = 1000
/** Members of a metric beside its data. */
const metricMembers: ReadonlySet<string> = new Set(['name', 'description', 'unit', 'metadata'])

function readMetrics(
  items: readonly unknown[],
  origin: Origin,
  path: string,
  [offset = 0, pointOffset = 0]: readonly number[],
  intake: IntakeBuilder<MetricPoint>,
): void {
  for (let i = 0; i < items.length; i++) {
    if (intake.isFull()) {
      intake.rejectOverflow(items.length - i)
      break
    }
    readMetric(items[i], origin, `${path}[${offset + i}]`, pointOffset, intake)
  }
}

function readMetric(
  raw: unknown,
  origin: Origin,
  path: string,
  pointOffset: number,
  intake: IntakeBuilder<MetricPoint>,
): void {
  if (!isObject(raw)) {
    intake.reject(`${path} is ${typeName(raw)}, expected an object`)
    return
  }
  const sum = raw.sum
  if (sum === undefined || sum === null) {
    const isOfAnotherKind = dataFields.some((field) => raw[field] !== undefined)
    if (isOfAnotherKind) {
      const points = countPoints(raw)
      intake.setAside({ origin, name: readText(raw.name).slice(0, MAX_NAME_CHARS), points })
      return
    }
    const unknown = unknownMember(raw, metricMembers)
    intake.skip(unknown && `${path} holds ${unknown}, expected sum`)
    return
  }
  if (!isObject(sum)) {
    intake.reject(`${path}.sum is ${typeName(sum)}, expected an object`)
    return
  }
  const points = sum.dataPoints ?? sum.data_points ?? []
  if (!Array.isArray(points)) {
    intake.reject(`${path}.sum.dataPoints is ${typeName(points)}, expected a list`)
    return
  }
  const fault: Fault = { text: '' }
  const temporality = sum.aggregationTemporality ?? sum.aggregation_temporality
  const header = readHeader(raw, temporality, origin, fault)
  if (header === undefined) intake.reject(`${path}: ${fault.text}`, points.length)
  else readPoints(points, header, `${path}.sum.dataPoints`, pointOffset, intake)
}

function readHeader(
  metric: Readonly<Record<string, unknown>>,
  temporalityCode: unknown,
  origin: Origin,
  fault: Fault,
): SumHeader | undefined {
  const { name } = metric
  if (typeof name !== 'string' && name !== undefined && name !== null) {
    return refuse(fault, `name is ${typeName(name)}, expected a string`)
  }
  const unit = readText(metric.unit)
  const text = readText(name)
  if (checkShared('name', text, text.length + unit.length, fault) === undefined) return undefined
  const temporality = temporalityOf(temporalityCode)
  if (temporality !== undefined) return { origin, name: text, unit, temporality }
  return refuse(fault, temporalityFault(temporalityCode))
}

function readPoints(
  points: readonly unknown[],
  header: SumHeader,
  path: string,
  offset: number,
  intake: IntakeBuilder<MetricPoint>,
): void {
  const fault: Fault = { text: '' }
  for (let i = 0; i < points.length; i++) {
    if (intake.isFull()) {
      intake.rejectOverflow(points.length - i)
      break
    }
    const point = readNumberPoint(points[i], header, fault)
    if (point === undefined) intake.reject(`${path}[${offset + i}]: ${fault.text}`)
    else if (point === 'no value') intake.skip()
    else intake.accept(point)
  }
}

/** Points lost with a metric; one when they cannot be counted. */
function countPoints(metric: unknown): number {
  if (!isObject(metric)) return 1
  for (const field of dataFields) {
    const data = metric[field]
    if (!isObject(data)) continue
    const points = data.dataPoints ?? data.data_points
    return Array.isArray(points) ? points.length : 1
  }
  return 1
}
