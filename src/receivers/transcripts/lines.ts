/**
 * The lines of a file, as many as are complete. Read in pieces, so that neither a large file nor a long
 * line is in memory whole; a line that is too long is left out.
 */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { timeOf } from './source.ts'

/** A line without its end; `endsAt` is the byte behind it. `text` is undefined where it is too long. */
export interface FileLine {
  readonly text: Buffer | undefined
  readonly endsAt: number
  /** No line end follows: more of it may be written. */
  readonly isOpen: boolean
}

/** A link may lead anywhere, and a pipe would be waited for. */
const FLAGS =
  constants.O_RDONLY |
  ((constants as { O_NONBLOCK?: number }).O_NONBLOCK ?? 0) |
  ((constants as { O_NOFOLLOW?: number }).O_NOFOLLOW ?? 0)

/** Opens a file that was listed before. Rejects where it is no plain file any more. */
export async function openTranscript(path: string): Promise<FileHandle> {
  const file = await open(path, FLAGS)
  try {
    if (!(await file.stat()).isFile()) throw new Error('not a file')
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

const PIECE_BYTES = 256 * 1024
/** Of one line: a result with an image has some megabytes. */
const MAX_LINE_BYTES = 32 * 1024 * 1024
const MARK = Buffer.from([0xef, 0xbb, 0xbf])
const NEWLINE = 0x0a
const RETURN = 0x0d

/** The lines behind a position, up to what is there of the file now. A line is there until the next is asked for. */
export async function* linesOf(file: FileHandle, position: number): AsyncGenerator<FileLine, void> {
  let readTo = position
  let endsAt = position
  /** The beginning of a line whose end is not read yet. */
  let pending: Buffer[] = []
  let pendingBytes = 0
  const piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
  for (;;) {
    const { bytesRead } = await file.read(piece, 0, PIECE_BYTES, readTo)
    if (bytesRead === 0) break
    readTo += bytesRead
    let from = 0
    for (;;) {
      const end = piece.subarray(0, bytesRead).indexOf(NEWLINE, from)
      if (end < 0) break
      const rest = piece.subarray(from, end)
      endsAt += pendingBytes + rest.length + 1
      const bytes = pendingBytes + rest.length
      const whole = pending.length === 0 ? rest : Buffer.concat([...pending, rest])
      pending = []
      pendingBytes = 0
      from = end + 1
      const text = textOfLine(whole, bytes, endsAt === bytes + 1)
      yield { text, endsAt, isOpen: false }
    }
    const rest = piece.subarray(from, bytesRead)
    pendingBytes += rest.length
    if (pendingBytes <= MAX_LINE_BYTES) pending.push(Buffer.from(rest))
    else pending = []
  }
  if (pendingBytes === 0) return
  const text = textOfLine(Buffer.concat(pending), pendingBytes, endsAt === 0)
  yield { text, endsAt: endsAt + pendingBytes, isOpen: true }
}

/** Of a line of so many bytes, as far as it is in memory. */
function textOfLine(line: Buffer, bytes: number, isFirst: boolean): Buffer | undefined {
  if (bytes > MAX_LINE_BYTES) return undefined
  return withoutReturn(isFirst ? withoutMark(line) : line)
}

/** Editors of Windows put a byte order mark before the first line. */
function withoutMark(line: Buffer): Buffer {
  return line.subarray(0, MARK.length).equals(MARK) ? line.subarray(MARK.length) : line
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === RETURN ? line.subarray(0, -1) : line
}

/** How a file begins. */
export interface FileHead {
  /** The first lines that are JSON objects. */
  readonly lines: readonly Readonly<Record<string, unknown>>[]
  /** A hash of the first line, which stays as it is: another one means another file. */
  readonly hash: string
}

const HEAD_BYTES = 256 * 1024
const HEAD_LINES = 40

/** Undefined while the first line is not complete. */
export async function headOf(path: string): Promise<FileHead | undefined> {
  const file = await openTranscript(path)
  try {
    const lines: Readonly<Record<string, unknown>>[] = []
    let hash: string | undefined
    for await (const { text, endsAt, isOpen } of linesOf(file, 0)) {
      if (hash === undefined && isOpen && text?.length === 0) return undefined
      hash ??= hashOf(text)
      const line =
        text !== undefined && isParsable(text) ? parsedLine(text.toString('utf8')) : undefined
      if (line !== undefined) lines.push(line)
      if (lines.length >= HEAD_LINES || endsAt >= HEAD_BYTES) break
    }
    return hash === undefined ? undefined : { lines, hash }
  } finally {
    await file.close()
  }
}

function hashOf(line: Buffer | undefined): string {
  const bytes = line?.subarray(0, 4096) ?? Buffer.alloc(0)
  return createHash('sha1').update(bytes).digest('hex').slice(0, 16)
}

/** Of a file's end: its last lines, unless they are very long. */
const TAIL_BYTES = [64 * 1024, 1024 * 1024] as const

/** When the last line with a time was written, epoch ms; undefined where the last lines have none. */
export async function lastTimeOf(path: string): Promise<number | undefined> {
  const file = await openTranscript(path)
  try {
    const { size } = await file.stat()
    for (const most of TAIL_BYTES) {
      const tail = Buffer.allocUnsafe(Math.min(most, size))
      const { bytesRead } = await file.read(tail, 0, tail.length, size - tail.length)
      const texts = tail.subarray(0, bytesRead).toString('utf8').split('\n')
      for (const text of texts.slice(-HEAD_LINES).reverse()) {
        const ms = timeOf(parsedLine(text)?.timestamp)
        if (ms !== undefined) return ms
      }
    }
    return undefined
  } finally {
    await file.close()
  }
}

/** A line below this is never taken apart into more than the memory can hold. */
const LONG_LINE_BYTES = 1024 * 1024
/** Values of a longer one: a result with an image has a few dozen. */
const MAX_VALUES = 1_000_000
const COMMA = 0x2c
const OPENING = new Set([0x5b, 0x7b])

/** Whether a line may be parsed: one of nothing but brackets would take fifty times its size. */
export function isParsable(line: Buffer): boolean {
  if (line.length < LONG_LINE_BYTES) return true
  let values = 0
  for (const byte of line) {
    if (byte === COMMA || OPENING.has(byte)) values += 1
  }
  return values <= MAX_VALUES
}

/** A line as the JSON object that it is; undefined where it is none. */
export function parsedLine(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return value as Readonly<Record<string, unknown>>
  } catch {
    return undefined
  }
}
