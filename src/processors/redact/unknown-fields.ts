/**
 * Whether protobuf fields that no definition here knows hold a secret. Pure.
 */
import type { Attributes } from '../../domain/json-value.ts'
import { newAttributeMap } from '../../otlp/attribute-map.ts'
import { bytesFieldsIn } from '../../otlp/message-codec.ts'

interface Masking {
  readonly maskAttributes: (of: Attributes) => Attributes
  readonly maskText: (text: string) => string
}

/** Beyond either, fields count as ones that hold a secret. */
const MAX_BYTES = 64 * 1024
const MAX_DEPTH = 12

/** Checks each value as text, and as a message whose fields 1 and 2 may be a key and its value. */
export function isCleanMessage(bytes: Uint8Array, masking: Masking): boolean {
  return bytes.length <= MAX_BYTES && isClean(bytes, masking, 0)
}

/** Bytes as text, whatever encoding it is in. */
export function isCleanText(bytes: Uint8Array, { maskText }: Pick<Masking, 'maskText'>): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const isSame = (text: string): boolean => maskText(text) === text
  return isSame(buffer.toString()) && isSame(buffer.toString('latin1'))
}

function isClean(bytes: Uint8Array, masking: Masking, depth: number): boolean {
  if (depth > MAX_DEPTH || !isCleanText(bytes, masking)) return false
  const values = bytesFieldsIn(bytes)
  const keys = values.filter(({ number }) => number === 1)
  const named = values.filter(({ number }) => number === 2)
  const isPairClean = keys.every((key) =>
    named.every((value) => isNamedClean(Buffer.from(key.bytes).toString(), value.bytes, masking)),
  )
  return isPairClean && values.every((value) => isClean(value.bytes, masking, depth + 1))
}

function isNamedClean(name: string, value: Uint8Array, { maskAttributes }: Masking): boolean {
  return [value, ...bytesFieldsIn(value).map(({ bytes }) => bytes)].every((bytes) => {
    const attributes = newAttributeMap()
    const text = Buffer.from(bytes).toString()
    attributes[name] = text
    return maskAttributes(attributes)[name] === text
  })
}
