/**
 * The wire format of protobuf, as the library reads it, with what message readers share: where
 * a message ends, which field comes next, what is skipped. A reader that meets bytes it cannot
 * read throws, as the library does; `attempt` turns that into a value, record by record.
 */
import { BinaryReader } from '@bufbuild/protobuf/wire'
import { MAX_JSON_VALUES } from '../domain/json-value.ts'
import { type Fault, MAX_RECORD_BYTES, refuse, type Steps } from './decoding.ts'

export type WireReader = BinaryReader

/** One request being read. */
export interface WireInput {
  readonly reader: WireReader
  /** Attributes and list entries so far. */
  values: number
  /**
   * Up to where `values` may go with the record at hand. Each value takes up to a hundred bytes of
   * heap for as few as two on the wire.
   */
  maxValues: number
  /** Fields that were walked over since others had a turn. */
  walked: number
  /** The first field that was met where lists were looked for, and is not known there. */
  strayField: number | undefined
  /** Texts that were not valid UTF-8: what is not is replaced. */
  replacedTexts: number
}

/** Where the value of a field stands. */
export interface Extent {
  readonly start: number
  readonly end: number
}

/** What `nextTag` gives at the end of a message; no field has it. */
export const END = 0

/** Some milliseconds of work. */
const FIELDS_PER_STEP = 65_536
const MAX_GROUP_FIELDS = 1000
const LENGTH_DELIMITED = 2
const START_GROUP = 3
const END_GROUP = 4
const WIRE_TYPES = { varint: 0, fixed64: 1, bytes: LENGTH_DELIMITED, fixed32: 5 } as const
const WIRE_TYPE_BITS = 3
const WIRE_TYPE_MASK = 7

/** Begins to read a request. */
export function wireInput(bytes: Uint8Array): WireInput {
  return {
    reader: new BinaryReader(bytes),
    values: 0,
    maxValues: MAX_JSON_VALUES,
    walked: 0,
    strayField: undefined,
    replacedTexts: 0,
  }
}

/** Counts a field that was walked over; true when others should have a turn. */
function isPauseDue(input: WireInput): boolean {
  input.walked += 1
  if (input.walked < FIELDS_PER_STEP) return false
  input.walked = 0
  return true
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

/** A text; bytes that are not valid UTF-8 become U+FFFD, and the text is counted. */
export function readText(input: WireInput): string {
  const { reader } = input
  const start = reader.pos
  try {
    return reader.string(true)
  } catch (error) {
    if (!isInvalidUtf8(error)) throw error
    input.replacedTexts += 1
    reader.pos = start
    return reader.string()
  }
}

function isInvalidUtf8(error: unknown): boolean {
  return error instanceof TypeError && 'code' in error
}

/** Steps over the value of a field that is not used or not known. */
export function skipField(reader: WireReader, tag: number, end: number): void {
  const wireType = tag & WIRE_TYPE_MASK
  // The library would make a view of the bytes it skips.
  if (wireType === LENGTH_DELIMITED) reader.pos = enterMessage(reader, end)
  else if (wireType === START_GROUP) skipGroup(reader, tag, end)
  else reader.skip(wireType, tag >>> WIRE_TYPE_BITS)
}

/** Groups tell no length, and OTLP has none: a small one is stepped over. */
function skipGroup(reader: WireReader, tag: number, end: number): void {
  const open = [tag]
  for (let fields = 0; open.length > 0; fields += 1) {
    if (fields >= MAX_GROUP_FIELDS) throw new RangeError('a group holds too many fields')
    const next = nextTag(reader, end)
    const wireType = next & WIRE_TYPE_MASK
    if (next === END) throw new RangeError('a group does not end')
    if (wireType === START_GROUP) open.push(next)
    else if (wireType !== END_GROUP) skipField(reader, next, end)
    else if (open.pop() !== next - END_GROUP + START_GROUP) {
      throw new RangeError('a group ends that did not begin')
    }
  }
}

/**
 * The embedded messages of one field: yields where each one ends, with the reader before it, and
 * `undefined` where others may have a turn. What is left unread of a message is skipped. Where the
 * tags of all other fields are given, one that is not among them is noted as stray.
 */
export function* messagesIn(
  input: WireInput,
  outerEnd: number,
  messageTag: number,
  knownTags?: readonly number[],
): Generator<number | undefined, void, undefined> {
  const { reader } = input
  for (let tag = nextTag(reader, outerEnd); tag !== END; tag = nextTag(reader, outerEnd)) {
    if (tag === messageTag) {
      const end = enterMessage(reader, outerEnd)
      yield end
      reader.pos = end
    } else {
      if (knownTags?.includes(tag) === false) input.strayField ??= tag >>> WIRE_TYPE_BITS
      skipField(reader, tag, outerEnd)
    }
    if (isPauseDue(input)) yield undefined
  }
}

/** Where the last field with each of these tags stands, the tag left out. Stays where it was. */
export function* fieldsIn(
  input: WireInput,
  end: number,
  tags: readonly number[],
): Steps<ReadonlyMap<number, Extent>> {
  const { reader } = input
  const begin = reader.pos
  const found = new Map<number, Extent>()
  for (let tag = nextTag(reader, end); tag !== END; tag = nextTag(reader, end)) {
    const start = reader.pos
    skipField(reader, tag, end)
    if (tags.includes(tag)) found.set(tag, { start, end: reader.pos })
    if (isPauseDue(input)) yield
  }
  reader.pos = begin
  return found
}

/** Counts one value of the record. */
export function countValue(input: WireInput): void {
  input.values += 1
  if (input.values > input.maxValues) {
    throw new RangeError(`it holds more than ${MAX_JSON_VALUES} values`)
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

/** Runs the reader of one record, which ends at `end`, within the bounds of a record. */
export function attemptRecord<T>(
  input: WireInput,
  end: number,
  fault: Fault,
  read: () => T | undefined,
): T | undefined {
  if (end - input.reader.pos > MAX_RECORD_BYTES) {
    return refuse(fault, `it is larger than ${MAX_RECORD_BYTES} bytes`)
  }
  input.maxValues = input.values + MAX_JSON_VALUES
  return attempt(fault, read)
}

/** What is wrong with the bytes. `RangeError` and `Error` are how the library says it. */
export function wireProblem(error: unknown): string {
  const isProblem = error instanceof RangeError || Object.getPrototypeOf(error) === Error.prototype
  if (isProblem && error instanceof Error) return error.message
  throw error
}
