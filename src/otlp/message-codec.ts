/**
 * Messages of OTLP as they are written in OTLP/JSON, from protobuf and back, whole: what a sender set
 * stays set, and fields that the table does not know travel along as bytes. Slower than the decoders
 * of records, and used only for what is forwarded.
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { MAX_DEPTH } from './any-value.ts'
import {
  fieldsOf,
  type FieldType,
  isMessage,
  type MessageName,
  type ScalarType,
} from './message-types.ts'
import { countValue, END, enterMessage, nextTag, skipField, type WireInput } from './wire.ts'

/** A request in protobuf, with the reader of its bytes. */
export interface MessageInput extends WireInput {
  readonly bytes: Uint8Array
}

/** A message as OTLP/JSON. */
export type JsonMessage = Readonly<Record<string, unknown>>

/** The member that holds the fields that are not known: their bytes, tags included, in base64. */
export const UNKNOWN_FIELDS = '$unknown'

/** Messages that may stand in one another; an AnyValue takes two or three of its nesting. */
const MAX_MESSAGE_DEPTH = 3 * MAX_DEPTH + 16

const WIRE_TYPES: Readonly<Record<ScalarType, WireType>> = {
  string: WireType.LengthDelimited,
  bytes: WireType.LengthDelimited,
  id: WireType.LengthDelimited,
  bool: WireType.Varint,
  int32: WireType.Varint,
  int64: WireType.Varint,
  sint32: WireType.Varint,
  uint32: WireType.Varint,
  uint64: WireType.Varint,
  double: WireType.Bit64,
  fixed64: WireType.Bit64,
  sfixed64: WireType.Bit64,
  fixed32: WireType.Bit32,
}

/**
 * Reads the message that stands before the reader and ends at `end`. `without` is a field that is
 * left out. Throws on bytes that cannot be read.
 */
export function decodeMessage(
  input: MessageInput,
  end: number,
  name: MessageName,
  without?: number,
  depth = 0,
): JsonMessage {
  if (depth > MAX_MESSAGE_DEPTH) throw new RangeError('messages are nested too deep')
  const { reader } = input
  const fields = fieldsOf(name)
  const message: Record<string, unknown> = {}
  const unknown: Uint8Array[] = []
  for (let start = reader.pos, tag = nextTag(reader, end); tag !== END; ) {
    const number = tag >>> 3
    const field = fields.get(number)
    if (number === without) skipField(reader, tag, end)
    else if (field === undefined || !readField(input, end, tag & 7, field, message, depth)) {
      skipField(reader, tag, end)
      unknown.push(input.bytes.subarray(start, reader.pos))
    }
    start = reader.pos
    tag = nextTag(reader, end)
  }
  if (unknown.length > 0) message[UNKNOWN_FIELDS] = Buffer.concat(unknown).toString('base64')
  return message
}

/** False when the field is of another wire type than it has to be. */
function readField(
  input: MessageInput,
  outerEnd: number,
  wireType: number,
  { name, type, isRepeated }: FieldType,
  message: Record<string, unknown>,
  depth: number,
): boolean {
  const { reader } = input
  if (isMessage(type)) {
    if (wireType !== WireType.LengthDelimited) return false
    countValue(input)
    const end = enterMessage(reader, outerEnd)
    put(message, name, isRepeated, decodeMessage(input, end, type, undefined, depth + 1))
    return true
  }
  if (wireType === WIRE_TYPES[type]) {
    if (isRepeated) countValue(input)
    put(message, name, isRepeated, readScalar(reader, type))
    return true
  }
  if (!isRepeated || wireType !== WireType.LengthDelimited) return false
  const end = enterMessage(reader, outerEnd)
  while (reader.pos < end) {
    countValue(input)
    put(message, name, true, readScalar(reader, type))
  }
  if (reader.pos > end) throw new RangeError('a packed field reaches beyond its end')
  return true
}

function put(
  message: Record<string, unknown>,
  name: string,
  isRepeated: boolean,
  value: unknown,
): void {
  if (!isRepeated) {
    message[name] = value
    return
  }
  const list = message[name]
  if (Array.isArray(list)) list.push(value)
  else message[name] = [value]
}

function readScalar(reader: BinaryReader, type: ScalarType): unknown {
  switch (type) {
    case 'string':
      return reader.string()
    case 'bytes':
      return Buffer.from(reader.bytes()).toString('base64')
    case 'id':
      return Buffer.from(reader.bytes()).toString('hex')
    case 'bool':
      return reader.bool()
    case 'double':
      return doubleJson(reader.double())
    case 'fixed32':
      return reader.fixed32()
    case 'int32':
      return reader.int32()
    case 'sint32':
      return reader.sint32()
    case 'uint32':
      return reader.uint32()
    case 'fixed64':
      return String(reader.fixed64())
    case 'sfixed64':
      return String(reader.sfixed64())
    case 'int64':
      return String(reader.int64())
    case 'uint64':
      return String(reader.uint64())
  }
}

/** Text where JSON has no number for it. */
function doubleJson(value: number): number | string {
  if (Object.is(value, -0)) return '-0'
  return Number.isFinite(value) ? value : String(value)
}

/** The bytes of a message that `decodeMessage` read. */
export function encodeMessage(message: JsonMessage, name: MessageName): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter()
  writeMessage(writer, message, name)
  return writer.finish()
}

function writeMessage(writer: BinaryWriter, message: JsonMessage, name: MessageName): void {
  for (const [number, field] of fieldsOf(name)) {
    const value = message[field.name]
    if (value === undefined) continue
    writeField(writer, number, field, field.isRepeated ? listOf(value) : [value])
  }
  const unknown = message[UNKNOWN_FIELDS]
  if (typeof unknown === 'string') writer.raw(Buffer.from(unknown, 'base64'))
}

function writeField(
  writer: BinaryWriter,
  number: number,
  { type, isRepeated }: FieldType,
  values: readonly unknown[],
): void {
  if (isMessage(type)) {
    for (const each of values) {
      writer.tag(number, WireType.LengthDelimited).fork()
      writeMessage(writer, each as JsonMessage, type)
      writer.join()
    }
  } else if (isRepeated && type !== 'string') {
    writer.tag(number, WireType.LengthDelimited).fork()
    for (const each of values) writeScalar(writer, type, each)
    writer.join()
  } else {
    for (const each of values) writeScalar(writer.tag(number, WIRE_TYPES[type]), type, each)
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function writeScalar(writer: BinaryWriter, type: ScalarType, value: unknown): void {
  switch (type) {
    case 'string':
      writer.string(String(value).toWellFormed())
      return
    case 'bytes':
      writer.bytes(Buffer.from(String(value), 'base64'))
      return
    case 'id':
      writer.bytes(Buffer.from(String(value), 'hex'))
      return
    case 'bool':
      writer.bool(value === true)
      return
    case 'double':
    case 'fixed32':
    case 'int32':
    case 'sint32':
    case 'uint32':
      writer[type](Number(value))
      return
    case 'fixed64':
    case 'sfixed64':
    case 'int64':
    case 'uint64':
      writer[type](String(value))
  }
}

interface BytesField {
  readonly number: number
  readonly bytes: Uint8Array
}

/** The fields of any message that may be text, bytes or messages, as far as it can be read. */
export function bytesFieldsIn(message: Uint8Array): readonly BytesField[] {
  const fields: BytesField[] = []
  const reader = new BinaryReader(message)
  try {
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag()
      if (wireType === WireType.LengthDelimited) fields.push({ number, bytes: reader.bytes() })
      else reader.skip(wireType, number)
    }
  } catch {
    // What follows is no message.
  }
  return fields
}
