/** Values as an AnyValue (opentelemetry/proto/common/v1), in JSON and in protobuf. */
import type { BinaryWriter } from '@bufbuild/protobuf/wire'
import type { JsonValue } from '../domain/json-value.ts'
import { tagOf } from './wire.ts'

/** A number that is a double even when it has no fraction. */
interface Double {
  readonly double: number
}

/** Half a surrogate pair (text cut in the middle of an emoji) is no Unicode: it is replaced. */
export function anyValueJson(value: JsonValue | Double): object {
  if (value === null) return {}
  if (typeof value === 'string') return { stringValue: value.toWellFormed() }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  }
  if (isDouble(value)) return { doubleValue: value.double }
  if (isList(value)) return { arrayValue: { values: value.map(anyValueJson) } }
  const values = Object.entries(value).map(([key, member]) => ({
    key: key.toWellFormed(),
    value: anyValueJson(member ?? null),
  }))
  return { kvlistValue: { values } }
}

const STRING = tagOf(1, 'bytes')
const BOOL = tagOf(2, 'varint')
const INT = tagOf(3, 'varint')
const DOUBLE = tagOf(4, 'fixed64')
const ARRAY = tagOf(5, 'bytes')
const MAP = tagOf(6, 'bytes')
const ENTRY = tagOf(1, 'bytes')
const KEY = tagOf(1, 'bytes')
const VALUE = tagOf(2, 'bytes')

/** Writes the fields of an AnyValue. */
export function writeAnyValue(writer: BinaryWriter, value: JsonValue | Double): void {
  if (value === null) return
  if (typeof value === 'string') writer.uint32(STRING).string(value.toWellFormed())
  else if (typeof value === 'boolean') writer.uint32(BOOL).bool(value)
  else if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) writer.uint32(INT).int64(value)
    else writer.uint32(DOUBLE).double(value)
  } else if (isDouble(value)) writer.uint32(DOUBLE).double(value.double)
  else if (isList(value)) {
    writer.uint32(ARRAY).fork()
    for (const element of value) {
      writer.uint32(ENTRY).fork()
      writeAnyValue(writer, element)
      writer.join()
    }
    writer.join()
  } else {
    writer.uint32(MAP).fork()
    for (const [key, member] of Object.entries(value)) {
      writer.uint32(ENTRY).fork().uint32(KEY).string(key.toWellFormed()).uint32(VALUE).fork()
      writeAnyValue(writer, member ?? null)
      writer.join().join()
    }
    writer.join()
  }
}

function isDouble(value: Exclude<JsonValue, null> | Double): value is Double {
  return typeof value === 'object' && 'double' in value && typeof value.double === 'number'
}

function isList(value: Exclude<JsonValue, null>): value is readonly JsonValue[] {
  return Array.isArray(value)
}
