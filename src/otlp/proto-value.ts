/**
 * AnyValue and KeyValue lists of OTLP in protobuf (opentelemetry/proto/common/v1) to plain
 * values, the same ones as from JSON. Guarantees bounded recursion and a bounded number of
 * values. Of a field that comes twice the last one counts.
 */
import type { AttributeValue } from '../domain/json-value.ts'
import { MAX_DEPTH } from './any-value.ts'
import { newAttributeMap } from './attribute-map.ts'
import { doubleAttribute, int64Of, textOfBytes } from './scalars.ts'
import {
  countValue,
  END,
  enterMessage,
  nextTag,
  skipField,
  tagOf,
  type WireInput,
  readText,
} from './wire.ts'

/** Attributes being filled. */
export type AttributeMap = ReturnType<typeof newAttributeMap>

const KEY = tagOf(1, 'bytes')
const VALUE = tagOf(2, 'bytes')

const STRING_VALUE = tagOf(1, 'bytes')
const BOOL_VALUE = tagOf(2, 'varint')
const INT_VALUE = tagOf(3, 'varint')
const DOUBLE_VALUE = tagOf(4, 'fixed64')
const ARRAY_VALUE = tagOf(5, 'bytes')
const KVLIST_VALUE = tagOf(6, 'bytes')
const BYTES_VALUE = tagOf(7, 'bytes')

/** The `values` of ArrayValue and of KeyValueList. */
const VALUES = tagOf(1, 'bytes')

/** Reads one KeyValue into a bag. Of two equal keys the last wins. */
export function readKeyValue(
  input: WireInput,
  outerEnd: number,
  bag: AttributeMap,
  depth = 0,
): void {
  const { reader } = input
  countValue(input)
  const end = enterMessage(reader, outerEnd)
  let key = ''
  let value: AttributeValue = null
  for (let tag = nextTag(reader, end); tag !== END; tag = nextTag(reader, end)) {
    if (tag === KEY) key = readText(input)
    else if (tag === VALUE) value = readAnyValue(input, end, depth)
    else skipField(reader, tag, end)
  }
  bag[key] = value
}

/** Reads one AnyValue; null when it is empty or of a kind this version does not know. */
export function readAnyValue(input: WireInput, outerEnd: number, depth = 0): AttributeValue {
  const { reader } = input
  const end = enterMessage(reader, outerEnd)
  let value: AttributeValue = null
  for (let tag = nextTag(reader, end); tag !== END; tag = nextTag(reader, end)) {
    switch (tag) {
      case STRING_VALUE:
        value = readText(input)
        break
      case INT_VALUE:
        value = int64Of(reader.int64())
        break
      case BOOL_VALUE:
        value = reader.bool()
        break
      case DOUBLE_VALUE:
        value = doubleAttribute(reader.double())
        break
      case ARRAY_VALUE:
        value = readArray(input, end, depth + 1)
        break
      case KVLIST_VALUE:
        value = readKvlist(input, end, depth + 1)
        break
      case BYTES_VALUE:
        value = textOfBytes(reader.bytes())
        break
      default:
        skipField(reader, tag, end)
    }
  }
  return value
}

function readArray(input: WireInput, outerEnd: number, depth: number): AttributeValue {
  const { reader } = input
  checkDepth(depth)
  const end = enterMessage(reader, outerEnd)
  const values: AttributeValue[] = []
  for (let tag = nextTag(reader, end); tag !== END; tag = nextTag(reader, end)) {
    if (tag === VALUES) {
      countValue(input)
      values.push(readAnyValue(input, end, depth))
    } else skipField(reader, tag, end)
  }
  return values
}

function readKvlist(input: WireInput, outerEnd: number, depth: number): AttributeValue {
  const { reader } = input
  checkDepth(depth)
  const end = enterMessage(reader, outerEnd)
  const bag = newAttributeMap()
  for (let tag = nextTag(reader, end); tag !== END; tag = nextTag(reader, end)) {
    if (tag === VALUES) readKeyValue(input, end, bag, depth)
    else skipField(reader, tag, end)
  }
  return bag
}

function checkDepth(depth: number): void {
  if (depth > MAX_DEPTH) throw new RangeError(`value is nested deeper than ${MAX_DEPTH} levels`)
}

// Trace and span ids of OTLP in protobuf: bytes of a fixed number.

/**
 * An id as lower-case hexadecimal digits, or `''` when it has not that many or is all zero:
 * an invalid id counts as none.
 */
export function hexOf(bytes: Uint8Array, chars: number): string {
  if (bytes.length * 2 !== chars || bytes.every((byte) => byte === 0)) return ''
  return Buffer.from(bytes).toString('hex')
}
