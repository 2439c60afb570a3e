/**
 * AnyValue and KeyValue lists of OTLP/JSON (opentelemetry/proto/common/v1) to plain values.
 * Guarantees bounded recursion and values that JSON can hold. Allocates nothing but the result
 * on the good path: this is the hottest code of the product.
 */
import type { Attributes, AttributeValue } from '../domain/json-value.ts'
import { newBag, noAttributes } from './attribute-map.ts'
import { doubleAttribute, readDouble } from './scalars.ts'
import { type Fault, isObject, refuse, shortened, shown, typeName } from './decoding.ts'
import { readInt64 } from './scalars.ts'

/** Values nested deeper than this are refused. */
export const MAX_DEPTH = 32

/** The attributes of a record, resource or point. Of two equal keys the last wins. */
export function readAttributes(raw: unknown, fault: Fault): Attributes | undefined {
  return readKeyValues('attributes', raw, fault, 0)
}

/**
 * One AnyValue; null when it is empty or of a kind this version does not know. Bytes stay
 * base64 text, infinities and NaN become their names.
 */
export function readValue(raw: unknown, fault: Fault, depth = 0): AttributeValue | undefined {
  if (!isSet(raw)) return null
  if (!isObject(raw)) return refuse(fault, `value is ${typeName(raw)}, expected an object`)
  const text = raw.stringValue
  if (typeof text === 'string') return text
  if (isSet(raw.intValue)) {
    return readInt64(raw.intValue) ?? wrong(fault, 'intValue', raw.intValue, 'a 64-bit integer')
  }
  if (isSet(raw.boolValue)) {
    if (typeof raw.boolValue === 'boolean') return raw.boolValue
    return wrong(fault, 'boolValue', raw.boolValue, 'true or false')
  }
  if (isSet(raw.doubleValue)) return readDoubleValue(raw.doubleValue, fault)
  if (isSet(raw.arrayValue)) return readArray(raw.arrayValue, fault, depth + 1)
  if (isSet(raw.kvlistValue)) return readKvlist(raw.kvlistValue, fault, depth + 1)
  if (isSet(text)) return wrong(fault, 'stringValue', text, 'a string')
  if (typeof raw.bytesValue === 'string') return raw.bytesValue
  return isSet(raw.bytesValue) ? wrong(fault, 'bytesValue', raw.bytesValue, 'base64 text') : null
}

function readKeyValues(
  name: string,
  raw: unknown,
  fault: Fault,
  depth: number,
): Attributes | undefined {
  if (!isSet(raw)) return noAttributes
  if (!Array.isArray(raw)) return refuse(fault, `${name} is ${typeName(raw)}, expected a list`)
  const bag = newBag()
  for (let i = 0; i < raw.length; i++) {
    const entry: unknown = raw[i]
    if (!isObject(entry)) {
      return refuse(fault, `${name}[${i}] is ${typeName(entry)}, expected an object`)
    }
    const key = entry.key
    if (typeof key !== 'string') {
      return refuse(fault, `${name}[${i}].key is ${typeName(key)}, expected a string`)
    }
    const value = readValue(entry.value, fault, depth)
    if (value === undefined) {
      return refuse(fault, `${name}[${i}] (${shortened(key)}): ${fault.text}`)
    }
    bag[key] = value
  }
  return bag
}

function readArray(raw: unknown, fault: Fault, depth: number): AttributeValue | undefined {
  if (!isObject(raw)) return wrong(fault, 'arrayValue', raw, 'an object')
  if (depth > MAX_DEPTH) return tooDeep(fault)
  const list = raw.values
  if (!isSet(list)) return []
  if (!Array.isArray(list)) return wrong(fault, 'arrayValue.values', list, 'a list')
  const values: AttributeValue[] = []
  for (let i = 0; i < list.length; i++) {
    const entry: unknown = list[i]
    const value: AttributeValue | undefined = isObject(entry)
      ? readValue(entry, fault, depth)
      : wrong(fault, 'it', entry, 'an object')
    if (value === undefined) return refuse(fault, `arrayValue.values[${i}]: ${fault.text}`)
    values.push(value)
  }
  return values
}

function readKvlist(raw: unknown, fault: Fault, depth: number): AttributeValue | undefined {
  if (!isObject(raw)) return wrong(fault, 'kvlistValue', raw, 'an object')
  if (depth > MAX_DEPTH) return tooDeep(fault)
  return readKeyValues('kvlistValue.values', raw.values, fault, depth)
}

function readDoubleValue(raw: unknown, fault: Fault): AttributeValue | undefined {
  const value = readDouble(raw)
  return value === undefined ? wrong(fault, 'doubleValue', raw, 'a number') : doubleAttribute(value)
}

/** proto3 JSON: a field that is null is a field left out. */
function isSet(raw: unknown): boolean {
  return raw !== undefined && raw !== null
}

function wrong<T>(fault: Fault, field: string, raw: unknown, expected: string): T | undefined {
  return refuse(fault, `${field} is ${shown(raw)}, expected ${expected}`)
}

function tooDeep<T>(fault: Fault): T | undefined {
  return refuse(fault, `value is nested deeper than ${MAX_DEPTH} levels`)
}
