/**
 * ExportMetricsServiceRequest in protobuf (opentelemetry/proto/metrics/v1) to points: those of
 * sums, as from JSON. Other kinds are taken without a point and never fail their batch.
 */
import type { Intake } from '../domain/rejection.ts'
import type { Result } from '../domain/result.ts'
import type { MetricPoint, Origin } from '../domain/telemetry-record.ts'
import type { DecodeFailure } from './decode-failure.ts'
import { type Fault, refuse } from './fault.ts'
import type { IntakeBuilder } from './intake-builder.ts'
import { type SumHeader, temporalityFault, temporalityOf } from './metric-point.ts'
import { type Place, readWireRequest, type WireSignal } from './proto-envelope.ts'
import { readWirePoint } from './proto-number-point.ts'
import {
  attempt,
  END,
  enterMessage,
  forEachMessage,
  nextTag,
  skipField,
  tagOf,
  type WireInput,
  type WireReader,
} from './wire.ts'

const NAME = tagOf(1, 'bytes')
const UNIT = tagOf(3, 'bytes')
const SUM = tagOf(7, 'bytes')
/** Gauge, sum, histogram, exponential histogram and summary: each has its points in field 1. */
const DATA: ReadonlySet<number> = new Set([5, 7, 9, 10, 11].map((field) => tagOf(field, 'bytes')))
const DATA_POINTS = tagOf(1, 'bytes')
const AGGREGATION_TEMPORALITY = tagOf(2, 'varint')

const metrics: WireSignal<MetricPoint> = {
  groups: 'resourceMetrics',
  scopes: 'scopeMetrics',
  items: 'metrics',
  countIn: countPoints,
  readItem: readMetric,
}

/** Decodes a body in protobuf. */
export function decodeWireMetrics(bytes: Uint8Array): Result<Intake<MetricPoint>, DecodeFailure> {
  return readWireRequest(bytes, metrics)
}

/** A sum before its points are read, and where in the request they stand. */
interface Sum {
  readonly header: SumHeader
  readonly start: number
  readonly end: number
}

function readMetric(
  input: WireInput,
  end: number,
  origin: Origin,
  { list, index }: Place,
  intake: IntakeBuilder<MetricPoint>,
): void {
  const { reader } = input
  const start = reader.pos
  const fault: Fault = { text: '' }
  const sum = attempt(fault, () => readSum(reader, end, origin, fault))
  if (sum === 'none') return
  if (sum === undefined) {
    reader.pos = start
    intake.reject(`${list}[${index}]: ${fault.text}`, countPoints(reader, end))
    return
  }
  reader.pos = sum.start
  forEachMessage(reader, sum.end, DATA_POINTS, (pointEnd, i) => {
    if (intake.isFull()) {
      intake.rejectOverflow(1)
      return
    }
    const point = attempt(fault, () => readWirePoint(input, pointEnd, sum.header, fault))
    if (point === undefined) intake.reject(`${list}[${index}].sum.dataPoints[${i}]: ${fault.text}`)
    else if (point !== 'no value') intake.accept(point)
  })
}

/** Finds the metric's sum, `'none'` when it is of another kind. Walks its points over. */
function readSum(
  reader: WireReader,
  end: number,
  origin: Origin,
  fault: Fault,
): Sum | 'none' | undefined {
  let name = ''
  let unit = ''
  let start: number | undefined
  let sumEnd = end
  for (let tag = nextTag(reader, end); tag !== END; tag = nextTag(reader, end)) {
    if (tag === NAME) name = reader.string(true)
    else if (tag === UNIT) unit = reader.string(true)
    else if (tag === SUM) {
      sumEnd = enterMessage(reader, end)
      start = reader.pos
      reader.pos = sumEnd
    } else skipField(reader, tag, end)
  }
  if (start === undefined) return 'none'
  reader.pos = start
  const code = readTemporality(reader, sumEnd)
  const temporality = temporalityOf(code)
  if (temporality === undefined) return refuse(fault, temporalityFault(code))
  return { header: { origin, name, unit, temporality }, start, end: sumEnd }
}

function readTemporality(reader: WireReader, end: number): number {
  let code = 0
  for (let tag = nextTag(reader, end); tag !== END; tag = nextTag(reader, end)) {
    if (tag === AGGREGATION_TEMPORALITY) code = reader.int32()
    else skipField(reader, tag, end)
  }
  return code
}

/** Points lost with a metric; one when they cannot be counted. */
function countPoints(reader: WireReader, end: number): number {
  let count = 0
  const counted = attempt({ text: '' }, () => {
    for (let tag = nextTag(reader, end); tag !== END; tag = nextTag(reader, end)) {
      if (!DATA.has(tag)) {
        skipField(reader, tag, end)
        continue
      }
      forEachMessage(reader, enterMessage(reader, end), DATA_POINTS, () => {
        count += 1
      })
    }
    return count
  })
  return counted ?? 1
}
