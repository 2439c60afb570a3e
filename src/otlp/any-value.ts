/**
 * AnyValue and KeyValue lists of OTLP/JSON (opentelemetry/proto/common/v1) to plain values.
 * Guarantees bounded recursion and values that JSON can hold. Allocates nothing but the result
 * on the good path: this is the hottest code of the product.
 *
 * A value that is not of the type its field promises is kept as it was written when it is text, a
 * number or a boolean, and is null otherwise: one unreadable value does not cost its record.
 */
import type { Attributes, AttributeValue } from '../domain/json-value.ts'
import { newAttributeMap, noAttributes } from './attribute-map.ts'
import { doubleAttribute, readDouble, readInt64, textOfBytes } from './scalars.ts'
import { type Fault, isObject, refuse, shortened, typeName } from './decoding.ts'

/** Values nested deeper than this are refused. */
export const MAX_DEPTH = 32

/**
 * The attributes of a record, resource or point. Of two equal keys the last wins; entries that are
 * no key-value pair are left out.
 */
export function readAttributes(raw: unknown, fault: Fault): Attributes | undefined {
  return readKeyValues('attributes', raw, fault, 0)
}

/**
 * One AnyValue; null when it is empty or of a kind this version does not know. Bytes are the
 * text that they hold, else base64; infinities and NaN become their names. Refuses only what nests too deep.
 */
export function readValue(raw: unknown, fault: Fault, depth = 0): AttributeValue | undefined {
  if (!isSet(raw)) return null
  if (!isObject(raw)) return asWritten(raw)
  const text = raw.stringValue
  if (typeof text === 'string') return text
  if (isSet(raw.intValue)) return readInt64(raw.intValue) ?? asWritten(raw.intValue)
  if (isSet(raw.boolValue)) return asWritten(raw.boolValue)
  if (isSet(raw.doubleValue)) return readDoubleValue(raw.doubleValue)
  if (isSet(raw.arrayValue)) return readArray(raw.arrayValue, fault, depth + 1)
  if (isSet(raw.kvlistValue)) return readKvlist(raw.kvlistValue, fault, depth + 1)
  if (isSet(text)) return asWritten(text)
  if (isSet(raw.bytesValue)) return readBytes(raw.bytesValue)
  return readValueByProtoName(raw, fault, depth)
}

/** The same by the names of the protobuf definition, which JSON parsers of protobuf accept, too. */
function readValueByProtoName(
  raw: Readonly<Record<string, unknown>>,
  fault: Fault,
  depth: number,
): AttributeValue | undefined {
  const text = raw.string_value
  if (isSet(text)) return asWritten(text)
  if (isSet(raw.int_value)) return readInt64(raw.int_value) ?? asWritten(raw.int_value)
  if (isSet(raw.bool_value)) return asWritten(raw.bool_value)
  if (isSet(raw.double_value)) return readDoubleValue(raw.double_value)
  if (isSet(raw.array_value)) return readArray(raw.array_value, fault, depth + 1)
  if (isSet(raw.kvlist_value)) return readKvlist(raw.kvlist_value, fault, depth + 1)
  return isSet(raw.bytes_value) ? readBytes(raw.bytes_value) : null
}

/** What is not written in base64 stays as it is. */
function readBytes(raw: unknown): AttributeValue {
  if (typeof raw !== 'string') return asWritten(raw)
  const bytes = Buffer.from(raw, 'base64')
  const isBase64 = bytes.toString('base64url') === bare(raw)
  return isBase64 ? textOfBytes(bytes) : raw
}

/** Without the padding, and in one of its two alphabets. */
function bare(base64: string): string {
  return base64.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_')
}

function readKeyValues(
  name: string,
  raw: unknown,
  fault: Fault,
  depth: number,
): Attributes | undefined {
  if (!isSet(raw)) return noAttributes
  if (!Array.isArray(raw)) return refuse(fault, `${name} is ${typeName(raw)}, expected a list`)
  const bag = newAttributeMap()
  for (let i = 0; i < raw.length; i++) {
    const entry: unknown = raw[i]
    if (!isObject(entry)) continue
    const key = entry.key
    if (typeof key !== 'string') continue
    const value = readValue(entry.value, fault, depth)
    if (value === undefined) {
      return refuse(fault, `${name}[${i}] (${shortened(key)}): ${fault.text}`)
    }
    bag[key] = value
  }
  return bag
}

function readArray(raw: unknown, fault: Fault, depth: number): AttributeValue | undefined {
  if (depth > MAX_DEPTH) return tooDeep(fault)
  const list = isObject(raw) ? raw.values : raw
  if (!isSet(list)) return []
  if (!Array.isArray(list)) return null
  const values: AttributeValue[] = []
  for (let i = 0; i < list.length; i++) {
    const value = readValue(list[i], fault, depth)
    if (value === undefined) return refuse(fault, `arrayValue.values[${i}]: ${fault.text}`)
    values.push(value)
  }
  return values
}

function readKvlist(raw: unknown, fault: Fault, depth: number): AttributeValue | undefined {
  if (depth > MAX_DEPTH) return tooDeep(fault)
  const list = isObject(raw) ? raw.values : raw
  if (isSet(list) && !Array.isArray(list)) return null
  return readKeyValues('kvlistValue.values', list, fault, depth)
}

function readDoubleValue(raw: unknown): AttributeValue {
  const value = readDouble(raw)
  return value === undefined ? asWritten(raw) : doubleAttribute(value)
}

/** proto3 JSON: a field that is null is a field left out. */
function isSet(raw: unknown): boolean {
  return raw !== undefined && raw !== null
}

function asWritten(raw: unknown): AttributeValue {
  if (typeof raw === 'string' || typeof raw === 'boolean') return raw
  return typeof raw === 'number' ? doubleAttribute(raw) : null
}

function tooDeep<T>(fault: Fault): T | undefined {
  return refuse(fault, `value is nested deeper than ${MAX_DEPTH} levels`)
}
