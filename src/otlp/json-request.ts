/**
 * A request in JSON, bytes to records. A small one is parsed whole, which is quickest; a large one
 * is checked first, and then cut into pieces that are parsed one by one.
 */
import { isUtf8 } from 'node:buffer'
import { err, ok, type Result } from '../domain/result.ts'
import {
  BYTES_PER_STEP,
  type DecodeFailure,
  type Decoding,
  ENDED,
  heapBytesOf,
  type Part,
} from './decoding.ts'
import { createIntakeBuilder, type IntakeBuilder } from './intake-builder.ts'
import { levelsOf, readEnvelope, type Signal } from './json-envelope.ts'
import { cutRequest, type Level, type TooLarge, VALUES_PER_PIECE } from './json-pieces.ts'
import { createSyntaxCheck } from './json-syntax.ts'

/** A body up to here is parsed whole, unless it holds too many values. */
const MAX_BYTES_WHOLE = 4 * 1024 * 1024

/** 1 for a comma, an opening bracket and an opening brace: no more values begin than there are of these. */
const BEGINS_VALUE = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === 0x2c || byte === 0x5b || byte === 0x7b ? 1 : 0,
)
/** Bytes that are counted between two looks at the count. */
const COUNTED_AT_ONCE = 16_384

/** Decodes the body of a request. */
export function* decodeJson<T>(bytes: Buffer, signal: Signal<T>): Decoding<T> {
  const intake = createIntakeBuilder<T>()
  if (!isQuicklyParsed(bytes)) return yield* decodePieces(bytes, signal, intake)
  const failure = decodeWhole(bytes, signal, intake)
  if (failure !== undefined) return failure
  yield partOf(intake, bytes.length, true)
  return ENDED
}

/** Why a request is refused of which nothing was recognised. */
export function unrecognised<T>(intake: IntakeBuilder<T>): DecodeFailure | undefined {
  const met = intake.unrecognised()
  return met === undefined
    ? undefined
    : { message: `nothing of the request was recognised: ${met}` }
}

function decodeWhole<T>(
  bytes: Buffer,
  signal: Signal<T>,
  intake: IntakeBuilder<T>,
): DecodeFailure | undefined {
  const unreadable = textProblem(bytes)
  if (unreadable !== undefined) return unreadable
  const text = bytes.toString('utf8')
  const records = signal.readCompact?.(text)
  if (records !== undefined) {
    for (const record of records) intake.accept(record)
    return undefined
  }
  const parsed = parseJson(text)
  if (!parsed.ok) return parsed.error
  return readEnvelope(parsed.value, signal, intake) ?? unrecognised(intake)
}

/** `__proto__` and `constructor` in it are ordinary keys. */
function parseJson(text: string): Result<unknown, DecodeFailure> {
  try {
    return ok(JSON.parse(text) as unknown)
  } catch (error) {
    return err(notJson(error instanceof Error ? error.message : String(error)))
  }
}

/** What is wrong with a body before it is looked at as JSON. */
export function textProblem(bytes: Buffer): DecodeFailure | undefined {
  if (bytes.length === 0) return { message: 'the body is empty, expected a JSON object such as {}' }
  return isUtf8(bytes) ? undefined : { message: 'the body is not valid UTF-8' }
}

function notJson(reason: string): DecodeFailure {
  return { message: `the body is not valid JSON: ${reason}` }
}

/** Counts what stands inside of texts as well: it is a bound, not a measure. */
function isQuicklyParsed(bytes: Buffer): boolean {
  if (bytes.length <= VALUES_PER_PIECE) return true
  if (bytes.length > MAX_BYTES_WHOLE) return false
  let values = 0
  for (let from = 0; from < bytes.length; from += COUNTED_AT_ONCE) {
    const to = Math.min(bytes.length, from + COUNTED_AT_ONCE)
    // Without a branch, which a processor would guess wrong at each comma.
    for (let i = from; i < to; i++) values += BEGINS_VALUE[bytes[i] as number] as number
    if (values > VALUES_PER_PIECE) return false
  }
  return true
}

function* decodePieces<T>(bytes: Buffer, signal: Signal<T>, intake: IntakeBuilder<T>): Decoding<T> {
  const unreadable = textProblem(bytes)
  if (unreadable !== undefined) return unreadable
  const syntax = createSyntaxCheck(bytes)
  while (!syntax.advance(BYTES_PER_STEP)) yield
  const fault = syntax.fault()
  if (fault !== undefined) return notJson(fault)
  for (const piece of cutRequest(bytes, levelsOf(signal))) {
    if (piece === undefined) yield
    else if ('problem' in piece) rejectPiece(piece, signal, intake)
    else if (intake.isFull()) {
      intake.rejectOverflow(piece.elements)
      yield
    } else {
      const request: unknown = JSON.parse(piece.text)
      const failure = readEnvelope(request, signal, intake, piece.offsets)
      // Only the outermost object can fail so: then this piece is the only one.
      if (failure !== undefined) return failure
      const isEmpty = intake.unrecognised() !== undefined
      yield isEmpty ? undefined : partOf(intake, piece.text.length, false)
    }
  }
  const failure = unrecognised(intake)
  if (failure !== undefined) return failure
  yield partOf(intake, 0, true)
  return ENDED
}

/**
 * A request that was decoded before, in pieces that are requests, too; `undefined` where others may
 * have a turn. What is too large to be parsed is left out.
 */
export function* parsedPieces(
  bytes: Buffer,
  level: Level,
  parse: (text: string) => unknown,
): Generator<unknown, void, undefined> {
  if (isQuicklyParsed(bytes)) {
    yield parse(bytes.toString('utf8'))
    return
  }
  for (const piece of cutRequest(bytes, level)) {
    yield piece !== undefined && 'text' in piece ? parse(piece.text) : undefined
  }
}

function rejectPiece<T>(
  { offsets, problem }: TooLarge,
  { groups, scopes, items }: Signal<T>,
  intake: IntakeBuilder<T>,
): void {
  const lists = [groups, scopes, items, 'sum.dataPoints']
  const path = offsets.map((offset, depth) => `${lists[depth]}[${offset}]`).join('.')
  if (intake.isFull()) intake.rejectOverflow(1)
  else intake.reject(`${path}: ${problem}`)
}

function partOf<T>(intake: IntakeBuilder<T>, wireBytes: number, isLast: boolean): Part<T> {
  const heapBytes = heapBytesOf(intake.pending(), 0, wireBytes)
  return { ...intake.takePart(), ...intake.takeUnused(), heapBytes, isLast }
}
