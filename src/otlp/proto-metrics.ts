/**
 * ExportMetricsServiceRequest in protobuf (opentelemetry/proto/metrics/v1) to points: those of
 * sums, as from JSON. Other kinds are taken without a point and never fail their batch.
 */
import type { MetricPoint, Origin, UnusedMetric } from '../domain/telemetry-record.ts'
import { checkShared, type Steps, type Fault, refuse } from './decoding.ts'
import type { IntakeBuilder } from './intake-builder.ts'
import {
  type SumHeader,
  temporalityFault,
  temporalityOf,
  metricPoint,
  NO_RECORDED_VALUE,
  NO_VALUE_FAULT,
} from './records.ts'
import type { ItemSteps, Place, WireSignal } from './proto-envelope.ts'
import {
  attemptRecord,
  enterMessage,
  type Extent,
  fieldsIn,
  messagesIn,
  tagOf,
  type WireInput,
  wireProblem,
  END,
  nextTag,
  skipField,
  readText,
} from './wire.ts'
import { newAttributeMap } from './attribute-map.ts'
import { UNSET_NANOS } from './scalars.ts'
import { readKeyValue } from './proto-value.ts'

const NAME = tagOf(1, 'bytes')
const UNIT = tagOf(3, 'bytes')
const SUM = tagOf(7, 'bytes')
/** Gauge, sum, histogram, exponential histogram and summary: each has its points in field 1. */
const DATA = [5, 7, 9, 10, 11].map((field) => tagOf(field, 'bytes'))
const DATA_POINTS = tagOf(1, 'bytes')
const AGGREGATION_TEMPORALITY = tagOf(2, 'varint')

export const wireMetrics: WireSignal<MetricPoint> = {
  groups: 'resourceMetrics',
  scopes: 'scopeMetrics',
  items: 'metrics',
  countIn: countPoints,
  readItem: readMetric,
}

/** A sum before its points are read, and where in the request they stand. */
interface Sum {
  readonly header: SumHeader
  readonly extent: Extent
}

function* readMetric(
  input: WireInput,
  end: number,
  origin: Origin,
  { list, index }: Place,
  intake: IntakeBuilder<MetricPoint>,
): ItemSteps {
  const start = input.reader.pos
  const fault: Fault = { text: '' }
  const sum = yield* attemptSteps(fault, readSum(input, end, origin, fault))
  if (sum === 'none') {
    input.reader.pos = start
    const metric = yield* attemptSteps(fault, readUnused(input, end, origin))
    if (metric === undefined) intake.skip()
    else intake.setAside(metric)
    yield 'record'
    return
  }
  if (sum === undefined) {
    const reason = `${list}[${index}]: ${fault.text}`
    input.reader.pos = start
    intake.reject(reason, yield* countPoints(input, end))
    return
  }
  input.reader.pos = sum.extent.start
  let i = 0
  for (const pointEnd of messagesIn(input, sum.extent.end, DATA_POINTS)) {
    if (pointEnd === undefined) yield
    else {
      readPoint(input, pointEnd, sum.header, `${list}[${index}].sum.dataPoints`, i, intake)
      i += 1
      yield 'record'
    }
  }
}

function readPoint(
  input: WireInput,
  end: number,
  header: SumHeader,
  list: string,
  index: number,
  intake: IntakeBuilder<MetricPoint>,
): void {
  if (intake.isFull()) {
    intake.rejectOverflow(1)
    return
  }
  const fault: Fault = { text: '' }
  const point = attemptRecord(input, end, fault, () => readWirePoint(input, end, header, fault))
  if (point === undefined) intake.reject(`${list}[${index}]: ${fault.text}`)
  else if (point === 'no value') intake.skip()
  else intake.accept(point)
}

/** Finds the metric's sum, `'none'` when it is of another kind. Walks its points over. */
function* readSum(
  input: WireInput,
  end: number,
  origin: Origin,
  fault: Fault,
): Steps<Sum | 'none' | undefined> {
  const { reader } = input
  const fields = yield* fieldsIn(input, end, [NAME, UNIT, SUM])
  const field = fields.get(SUM)
  if (field === undefined) return 'none'
  const name = textAt(input, fields.get(NAME))
  const unit = textAt(input, fields.get(UNIT))
  if (checkShared('name', name, name.length + unit.length, fault) === undefined) return undefined
  input.reader.pos = field.start
  const extent = { end: enterMessage(reader, end), start: reader.pos }
  const inner = yield* fieldsIn(input, extent.end, [AGGREGATION_TEMPORALITY])
  const code = int32At(input, inner.get(AGGREGATION_TEMPORALITY))
  const temporality = temporalityOf(code)
  if (temporality === undefined) return refuse(fault, temporalityFault(code))
  return { header: { origin, name, unit, temporality }, extent }
}

const MAX_NAME_CHARS = 1000

/** A metric of another kind; `undefined` when it has no data. */
function* readUnused(
  input: WireInput,
  end: number,
  origin: Origin,
): Steps<UnusedMetric | undefined> {
  const fields = yield* fieldsIn(input, end, [NAME, ...DATA])
  if (fields.size === (fields.has(NAME) ? 1 : 0)) return undefined
  const begin = input.reader.pos
  const name = textAt(input, fields.get(NAME)).slice(0, MAX_NAME_CHARS)
  input.reader.pos = begin
  return { origin, name, points: yield* countPoints(input, end) }
}

function textAt(input: WireInput, extent: Extent | undefined): string {
  if (extent === undefined) return ''
  input.reader.pos = extent.start
  return readText(input)
}

function int32At({ reader }: WireInput, extent: Extent | undefined): number {
  if (extent === undefined) return 0
  reader.pos = extent.start
  return reader.int32()
}

/** Points lost with a metric; one when they cannot be counted. */
function* countPoints(input: WireInput, end: number): Steps<number> {
  const counted = yield* attemptSteps({ text: '' }, pointsIn(input, end))
  return counted ?? 1
}

function* pointsIn(input: WireInput, end: number): Steps<number> {
  let count = 0
  const fields = yield* fieldsIn(input, end, DATA)
  for (const { start } of fields.values()) {
    input.reader.pos = start
    for (const pointEnd of messagesIn(input, enterMessage(input.reader, end), DATA_POINTS)) {
      if (pointEnd === undefined) yield
      else count += 1
    }
  }
  return count
}

/** Steps that meet bytes they cannot read end in a fault. */
function* attemptSteps<T>(fault: Fault, steps: Steps<T | undefined>): Steps<T | undefined> {
  try {
    return yield* steps
  } catch (error) {
    return refuse(fault, wireProblem(error))
  }
}

// One NumberDataPoint in protobuf (opentelemetry/proto/metrics/v1).

const START_TIME_UNIX_NANO = tagOf(2, 'fixed64')
const TIME_UNIX_NANO = tagOf(3, 'fixed64')
const AS_DOUBLE = tagOf(4, 'fixed64')
const AS_INT = tagOf(6, 'fixed64')
const ATTRIBUTES = tagOf(7, 'bytes')
const FLAGS = tagOf(8, 'varint')

/** A point, or `'no value'` when it is flagged as having none. */
export function readWirePoint(
  input: WireInput,
  end: number,
  sum: SumHeader,
  fault: Fault,
): MetricPoint | 'no value' | undefined {
  const { reader } = input
  const attributes = newAttributeMap()
  let startNanos = UNSET_NANOS
  let timeNanos = UNSET_NANOS
  let value: number | undefined
  let flags = 0
  for (let tag = nextTag(reader, end); tag !== END; tag = nextTag(reader, end)) {
    switch (tag) {
      case ATTRIBUTES:
        readKeyValue(input, end, attributes)
        break
      case START_TIME_UNIX_NANO:
        startNanos = reader.fixed64().toString()
        break
      case TIME_UNIX_NANO:
        timeNanos = reader.fixed64().toString()
        break
      case AS_DOUBLE:
        value = reader.double()
        break
      case AS_INT:
        value = Number(reader.sfixed64())
        break
      case FLAGS:
        flags = reader.uint32()
        break
      default:
        skipField(reader, tag, end)
    }
  }
  if ((flags & NO_RECORDED_VALUE) !== 0) return 'no value'
  if (value === undefined) return refuse(fault, NO_VALUE_FAULT)
  if (!Number.isFinite(value))
    return refuse(fault, `asDouble is ${value}, expected a finite number`)
  return metricPoint(sum, { startNanos, timeNanos, value, attributes })
}
