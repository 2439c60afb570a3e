/** Protobuf answers taken apart for tests: field number to its last value. */
import { BinaryReader } from '@bufbuild/protobuf/wire'

export type WireFields = Readonly<Record<number, Uint8Array | bigint | string | undefined>>

const VARINT: number = 0

/** The fields of a message of varints and length-delimited fields; throws on anything else. */
export function fieldsOf(bytes: WireFields[number]): WireFields {
  if (!(bytes instanceof Uint8Array)) throw new Error('there is no message')
  const reader = new BinaryReader(bytes)
  const fields: Record<number, Uint8Array | bigint | string> = {}
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag()
    fields[number] = wireType === VARINT ? reader.int64() : reader.bytes()
  }
  return fields
}

/** A string field. */
export function textOf(value: WireFields[number]): string {
  if (!(value instanceof Uint8Array)) throw new Error('there is no text')
  return Buffer.from(value).toString()
}
