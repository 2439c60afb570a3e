/**
 * Cuts a large request in JSON into small ones that together say the same, so that no more than a
 * piece of it is ever parsed at once, and none of it is held as a tree. Works on bytes that have
 * been checked to be JSON, and in steps.
 *
 * A request is a list of groups, a group a list of scopes, a scope a list of records, each with
 * members beside the list that hold for all that is in it. A piece is a run of elements of one such
 * list, with everything that is around them.
 */
import { MAX_JSON_VALUES } from '../domain/json-value.ts'
import { BYTES_PER_STEP, MAX_RECORD_BYTES, MAX_SHARED_BYTES, type Steps } from './decoding.ts'
import { isSpace } from './json-syntax.ts'

/** An object on the way down to the records. */
export interface Level {
  /** Members that hold for everything further in. */
  readonly shared: readonly string[]
  /** The member that leads further in, by any of its names. */
  readonly into: readonly string[]
  /** What that member is: a list of objects that can be cut, of records, or one object. */
  readonly next: { readonly listOf: Level | 'records' } | { readonly object: Level }
}

/** A request that is small enough to be parsed. */
export interface Piece {
  readonly text: string
  /** Elements of the list that it is a run of. */
  readonly elements: number
  /** By how many elements the first of each list stands further on in the whole request. */
  readonly offsets: readonly number[]
}

/** Something that is too large to be parsed, and stands for itself. */
export interface TooLarge {
  readonly offsets: readonly number[]
  readonly problem: string
}

/** `undefined` stands between two steps: time for others to have a turn. */
export type Pieces = Generator<Piece | TooLarge | undefined, void, undefined>

/** Values that are parsed together, of several records. */
export const VALUES_PER_PIECE = 65_536

/** How large a run of elements may become. A single record may be larger. */
export interface PieceSize {
  readonly bytes: number
  readonly values: number
}

const defaultSize: PieceSize = { bytes: 1024 * 1024, values: VALUES_PER_PIECE }

const QUOTE = 0x22
const COMMA = 0x2c
const OPENING_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSING_BRACKET = 0x5d
const OPENING_BRACE = 0x7b
const CLOSING_BRACE = 0x7d

/** By how much a byte changes the depth, outside of strings. */
const nesting = new Int8Array(256)
nesting[OPENING_BRACE] = nesting[OPENING_BRACKET] = 1
nesting[CLOSING_BRACE] = nesting[CLOSING_BRACKET] = -1

/** Where a value stands, and how many values it is, itself and those in it. */
interface Extent {
  readonly start: number
  readonly end: number
  readonly values: number
}

/** Cuts a request whose outermost object is of this level. */
export function cutRequest(bytes: Buffer, level: Level, size: PieceSize = defaultSize): Pieces {
  return cutObject({ bytes, size }, skipSpace(bytes, 0), level, (text) => text, [])
}

/** What is cut. */
interface Request {
  readonly bytes: Buffer
  readonly size: PieceSize
}

/** What stands around a text, up to the whole request. */
type Wrap = (text: string) => string

function* cutObject(
  request: Request,
  start: number,
  { shared, into, next }: Level,
  wrap: Wrap,
  offsets: readonly number[],
): Pieces {
  const { bytes } = request
  if (bytes[start] !== OPENING_BRACE) {
    yield { text: wrap(standIn(bytes[start])), elements: 1, offsets }
    return
  }
  const { members, unknown } = yield* membersOf(bytes, start, [...shared, ...into])
  const kept: string[] = []
  for (const name of shared) {
    const extent = members.get(name)
    if (extent === undefined) continue
    if (extent.end - extent.start > MAX_SHARED_BYTES) {
      yield { offsets, problem: `${name} is larger than ${MAX_SHARED_BYTES} bytes` }
      return
    }
    kept.push(`${JSON.stringify(name)}:${textOf(bytes, extent)},`)
  }
  const name = into.find((each) => members.has(each)) ?? unknown ?? into[0]
  const around: Wrap = (text) => wrap(`{${kept.join('')}${JSON.stringify(name)}:${text}}`)
  const inner = name === undefined || name === unknown ? undefined : members.get(name)
  const first = inner === undefined ? undefined : bytes[inner.start]
  if (inner !== undefined && 'listOf' in next && first === OPENING_BRACKET) {
    const list: Wrap = (text) => around(`[${text}]`)
    yield* cutList(request, inner.start, next.listOf, list, offsets)
  } else if (inner !== undefined && 'object' in next && first === OPENING_BRACE) {
    yield* cutObject(request, inner.start, next.object, around, offsets)
  } else yield { text: around(standIn(first)), elements: 1, offsets }
}

function* cutList(
  request: Request,
  start: number,
  listOf: Level | 'records',
  wrap: Wrap,
  offsets: readonly number[],
): Pieces {
  const { bytes, size } = request
  let run: (Extent & { readonly index: number }) | undefined
  let index = 0
  const flush = function* (): Pieces {
    if (run === undefined) return
    const elements = index - run.index
    yield { text: wrap(textOf(bytes, run)), elements, offsets: [...offsets, run.index] }
    run = undefined
  }
  for (let pos = firstIn(bytes, start); pos !== undefined; index += 1) {
    const element = yield* extentAt(bytes, pos)
    if (run !== undefined && !fits(joinedExtent(run, element), size)) yield* flush()
    if (run !== undefined) run = { ...joinedExtent(run, element), index: run.index }
    else if (fits(element, size)) run = { ...element, index }
    else yield* cutElement(request, element, listOf, wrap, [...offsets, index])
    pos = nextIn(bytes, element.end)
  }
  yield* flush()
}

/** An element that is a piece or more of its own. */
function* cutElement(
  request: Request,
  element: Extent,
  listOf: Level | 'records',
  wrap: Wrap,
  offsets: readonly number[],
): Pieces {
  if (listOf !== 'records') {
    yield* cutObject(request, element.start, listOf, wrap, offsets)
  } else if (element.end - element.start > MAX_RECORD_BYTES) {
    yield { offsets, problem: `it is larger than ${MAX_RECORD_BYTES} bytes` }
  } else if (element.values > MAX_JSON_VALUES) {
    yield { offsets, problem: `it holds more than ${MAX_JSON_VALUES} values` }
  } else yield { text: wrap(textOf(request.bytes, element)), elements: 1, offsets }
}

function fits({ start, end, values }: Extent, size: PieceSize): boolean {
  return end - start <= size.bytes && values <= size.values
}

function joinedExtent(first: Extent, last: Extent): Extent {
  return { start: first.start, end: last.end, values: first.values + last.values }
}

/** A small value of the same type, for one that is refused for its type. */
function standIn(firstByte: number | undefined): string {
  switch (firstByte) {
    case OPENING_BRACE:
      return '{}'
    case OPENING_BRACKET:
      return '[]'
    case QUOTE:
      return '""'
    case 0x74:
    case 0x66:
      return 'true'
    case undefined:
    case 0x6e:
      return 'null'
    default:
      return '0'
  }
}

function textOf(bytes: Buffer, { start, end }: Extent): string {
  return bytes.toString('utf8', start, end)
}

interface Members {
  readonly members: ReadonlyMap<string, Extent>
  /** The first member of another name: it is named where the one looked for is missing. */
  readonly unknown: string | undefined
}

/** The members of these names in the object that begins here. Of two with one name the last counts. */
function* membersOf(bytes: Buffer, start: number, names: readonly string[]): Steps<Members> {
  const members = new Map<string, Extent>()
  let unknown: string | undefined
  let pausedAt = start
  for (let pos = firstIn(bytes, start); pos !== undefined; ) {
    if (pos - pausedAt > BYTES_PER_STEP) {
      pausedAt = pos
      yield
    }
    const name = yield* extentAt(bytes, pos)
    const colon = skipSpace(bytes, name.end)
    const value = yield* extentAt(bytes, skipSpace(bytes, colon + 1))
    const text = name.end - name.start <= MAX_NAME_BYTES ? textOf(bytes, name) : '""'
    const parsed = JSON.parse(text) as string
    if (names.includes(parsed)) members.set(parsed, value)
    else unknown ??= parsed
    pos = nextIn(bytes, value.end)
  }
  return { members, unknown }
}

/** No name that is looked for is longer, with every character escaped. */
const MAX_NAME_BYTES = 256

/** The first element or member of a container, unless it is empty. */
function firstIn(bytes: Buffer, start: number): number | undefined {
  const pos = skipSpace(bytes, start + 1)
  return isClosing(bytes[pos]) ? undefined : pos
}

/** The one that follows the one that ended here. */
function nextIn(bytes: Buffer, end: number): number | undefined {
  const pos = skipSpace(bytes, end)
  return isClosing(bytes[pos]) ? undefined : skipSpace(bytes, pos + 1)
}

function skipSpace(bytes: Buffer, start: number): number {
  let pos = start
  while (pos < bytes.length && isSpace(bytes[pos] as number)) pos += 1
  return pos
}

function isClosing(byte: number | undefined): boolean {
  return byte === CLOSING_BRACE || byte === CLOSING_BRACKET
}

/** Where the value that begins here ends. */
function* extentAt(bytes: Buffer, start: number): Steps<Extent> {
  const scan: Scan = { pos: start, depth: 0, isInString: false, values: 1 }
  while (!scanValue(bytes, scan, scan.pos + BYTES_PER_STEP)) yield
  return { start, end: scan.pos, values: scan.values }
}

interface Scan {
  pos: number
  depth: number
  isInString: boolean
  values: number
}

/** Goes on to the end of a value, or about to `until`; true at the end. */
function scanValue(bytes: Buffer, scan: Scan, until: number): boolean {
  let { pos, depth, isInString, values } = scan
  const end = Math.min(until, bytes.length)
  let isDone = false
  while (pos < end && !isDone) {
    if (isInString) {
      const after = afterString(bytes, pos, end)
      isInString = after < 0
      isDone = !isInString && depth === 0
      pos = isInString ? ~after : after
      continue
    }
    const byte = bytes[pos] as number
    // The end of a number or a literal.
    if (depth === 0 && (byte === COMMA || isClosing(byte) || isSpace(byte))) break
    pos += 1
    const opened = nesting[byte] as number
    depth += opened
    isInString = byte === QUOTE
    isDone = opened < 0 && depth === 0
    if (opened > 0 || byte === COMMA) values += 1
  }
  scan.pos = pos
  scan.depth = depth
  scan.isInString = isInString
  scan.values = values
  return isDone || pos < end || pos >= bytes.length
}

/** Where a string has ended; when that is beyond `end`, the complement of where to go on. */
function afterString(bytes: Buffer, start: number, end: number): number {
  let pos = start
  while (pos < end) {
    const byte = bytes[pos]
    if (byte === QUOTE) return pos + 1
    pos += byte === BACKSLASH ? 2 : 1
  }
  return ~pos
}
