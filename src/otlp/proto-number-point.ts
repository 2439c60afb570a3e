/**
 * One NumberDataPoint in protobuf (opentelemetry/proto/metrics/v1).
 */
import type { MetricPoint } from '../domain/telemetry-record.ts'
import { newBag } from './bag.ts'
import { type Fault, refuse } from './fault.ts'
import { metricPoint, NO_RECORDED_VALUE, NO_VALUE_FAULT, type SumHeader } from './metric-point.ts'
import { UNSET_NANOS } from './nanos.ts'
import { readKeyValue } from './proto-value.ts'
import { END, nextTag, skipField, tagOf, type WireInput } from './wire.ts'

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
  const attributes = newBag()
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
  if (flags === NO_RECORDED_VALUE) return 'no value'
  if (value === undefined) return refuse(fault, NO_VALUE_FAULT)
  if (!Number.isFinite(value))
    return refuse(fault, `asDouble is ${value}, expected a finite number`)
  return metricPoint(sum, { startNanos, timeNanos, value, attributes })
}
