/**
 * The wire format of protobuf, as the library reads it, with what message readers share: where
 * a message ends, which field comes next, what is skipped. A reader that meets bytes it cannot
 * read throws, as the library does; `attempt` turns that into a value, record by record.
 */
import { BinaryReader } from '@bufbuild/protobuf/wire'
import { type Fault, refuse } from './fault.ts'

export type WireReader = BinaryReader

/**
 * Values one request may hold: list entries and attributes. Each takes up to a hundred bytes of
 * heap for as few as two on the wire, so that the limit on bytes alone would let a small request
 * fill a gigabyte.
 */
export const MAX_VALUES = 4 * 1024 * 1024

/** One request being read. */
export interface WireInput {
  readonly reader: WireReader
  valuesLeft: number
}

/** What `nextTag` gives at the end of a message; no field has it. */
export const END = 0

const LENGTH_DELIMITED = 2
const WIRE_TYPES = { varint: 0, fixed64: 1, bytes: LENGTH_DELIMITED, fixed32: 5 } as const
const WIRE_TYPE_BITS = 3
const WIRE_TYPE_MASK = 7

/** Begins to read a request. */
export function wireInput(bytes: Uint8Array): WireInput {
  return { reader: new BinaryReader(bytes), valuesLeft: MAX_VALUES }
}

/** The tag of a field on the wire. A field sent with another wire type is an unknown field. */
export function tagOf(field: number, wireType: keyof typeof WIRE_TYPES): number {
  return (field << WIRE_TYPE_BITS) | WIRE_TYPES[wireType]
}

/** The next field of the message that ends at `end`, or `END`. */
export function nextTag(reader: WireReader, end: number): number {
  if (reader.pos < end) {
    const [field, wireType] = reader.tag()
    return (field << WIRE_TYPE_BITS) | wireType
  }
  if (reader.pos > end) throw new RangeError('a field reaches beyond the end of its message')
  return END
}

/** Steps into an embedded message; returns where it ends. */
export function enterMessage(reader: WireReader, outerEnd: number): number {
  const bytes = reader.uint32()
  const end = reader.pos + bytes
  if (end > outerEnd) throw new RangeError('a message reaches beyond the end of its parent')
  return end
}

/** Steps over the value of a field that is not used or not known. */
export function skipField(reader: WireReader, tag: number, end: number): void {
  const wireType = tag & WIRE_TYPE_MASK
  // The library would make a view of the bytes it skips.
  if (wireType === LENGTH_DELIMITED) reader.pos = enterMessage(reader, end)
  else reader.skip(wireType, tag >>> WIRE_TYPE_BITS)
}

/** Visits the embedded messages of one field; what the visitor leaves unread is skipped. */
export function forEachMessage(
  reader: WireReader,
  outerEnd: number,
  messageTag: number,
  visit: (end: number, index: number) => void,
): void {
  let index = 0
  for (let tag = nextTag(reader, outerEnd); tag !== END; tag = nextTag(reader, outerEnd)) {
    if (tag !== messageTag) {
      skipField(reader, tag, outerEnd)
      continue
    }
    const end = enterMessage(reader, outerEnd)
    visit(end, index)
    reader.pos = end
    index += 1
  }
}

/** Counts one value of the request. */
export function countValue(input: WireInput): void {
  input.valuesLeft -= 1
  if (input.valuesLeft < 0) {
    throw new RangeError(`the request holds more than ${MAX_VALUES} values; send smaller batches`)
  }
}

/** Runs a reader; bytes it cannot read are a fault. Other errors are bugs, and go on. */
export function attempt<T>(fault: Fault, read: () => T | undefined): T | undefined {
  try {
    return read()
  } catch (error) {
    return refuse(fault, wireProblem(error))
  }
}

/** What is wrong with the bytes. `RangeError` and `Error` are how the library says it. */
export function wireProblem(error: unknown): string {
  if (error instanceof TypeError && 'code' in error) return 'a text is not valid UTF-8'
  const isProblem = error instanceof RangeError || Object.getPrototypeOf(error) === Error.prototype
  if (isProblem && error instanceof Error) return error.message
  throw error
}
