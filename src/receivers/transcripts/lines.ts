/**
 * The lines of a file, as many as are complete. Read in pieces, so that neither a large file nor a long
 * line is in memory whole.
 */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { createLongLine, type LongLine } from './long-line.ts'
import { timeOf } from './source.ts'

/** A line without its end; `endsAt` is the byte behind it. */
export interface FileLine {
  /** With shortened texts where it is long; undefined where nothing of it can be read in bounded memory. */
  readonly text: Buffer | undefined
  readonly endsAt: number
  /** No line end follows: more of it may be written. */
  readonly isOpen: boolean
}

/** Reads the lines of a file one after another. It keeps nothing of a line that it has given out. */
export interface LineReader {
  /** The next line, which is there until the one after it is asked for; undefined behind the last. */
  next(): Promise<FileLine | undefined>
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
/** A longer line is shortened while it is read. */
const LONG_LINE_BYTES = 1024 * 1024
const MARK = Buffer.from([0xef, 0xbb, 0xbf])
const NEWLINE = 0x0a
const RETURN = 0x0d

/** The lines behind a position, up to what is there of the file now. */
export function linesOf(file: FileHandle, position: number): LineReader {
  const piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
  /** What is read of the file and not given out, within the piece. */
  let unread: Buffer = piece.subarray(0, 0)
  let readTo = position
  let beginsAt = position

  /** Undefined at the end of the file. */
  async function readPiece(): Promise<Buffer | undefined> {
    const { bytesRead } = await file.read(piece, 0, PIECE_BYTES, readTo)
    readTo += bytesRead
    return bytesRead === 0 ? undefined : piece.subarray(0, bytesRead)
  }

  function lineOf(text: Buffer | undefined, bytes: number, isOpen: boolean): FileLine {
    const isFirst = beginsAt === 0
    beginsAt += bytes + (isOpen ? 0 : 1)
    const own = text && withoutReturn(isFirst ? withoutMark(text) : text)
    return { text: own, endsAt: beginsAt, isOpen }
  }

  return {
    next: async () => {
      const line = createPieces()
      for (;;) {
        const end = unread.indexOf(NEWLINE)
        if (end >= 0) {
          const rest = unread.subarray(0, end)
          unread = unread.subarray(end + 1)
          return lineOf(line.endingWith(rest), line.bytes() + rest.length, false)
        }
        line.add(unread)
        const more = await readPiece()
        unread = more ?? piece.subarray(0, 0)
        if (more !== undefined) continue
        return line.bytes() === 0 ? undefined : lineOf(line.endingWith(unread), line.bytes(), true)
      }
    },
  }
}

/** A line that does not end in the piece in which it begins. */
function createPieces() {
  let pieces: Buffer[] = []
  let bytes = 0
  let long: LongLine | undefined

  function shorten(): LongLine {
    const begun = createLongLine()
    for (const each of pieces) begun.add(each)
    pieces = []
    return begun
  }

  return {
    bytes: () => bytes,
    add: (piece: Buffer): void => {
      if (piece.length === 0) return
      bytes += piece.length
      if (bytes > LONG_LINE_BYTES) {
        long ??= shorten()
        long.add(piece)
      } else pieces.push(Buffer.from(piece))
    },
    /** The whole line; `rest` is not copied where it is all of it. */
    endingWith: (rest: Buffer): Buffer | undefined => {
      if (bytes === 0) return rest
      if (bytes + rest.length <= LONG_LINE_BYTES) return Buffer.concat([...pieces, rest])
      long ??= shorten()
      long.add(rest)
      return long.text()
    },
  }
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
  /** The first lines that are JSON objects: those that name their session, and some before and between them. */
  readonly lines: readonly Readonly<Record<string, unknown>>[]
  /** A hash of the first line, which stays as it is: another one means another file. */
  readonly hash: string
}

const HEAD_LINES = 40
/** Behind the first line that names its session; of others, longer ones are not kept. */
const HEAD_BYTES = 256 * 1024
/** In which a line that names its session is looked for. */
export const SEARCHED_BYTES = 64 * 1024 * 1024

/**
 * Reads on until there are enough lines for which `isOwn` holds: a file may begin with any number of
 * summaries and snapshots. Undefined while the first line is not complete.
 */
export async function headOf(
  path: string,
  isOwn: (line: ParsedLine) => boolean,
): Promise<FileHead | undefined> {
  const file = await openTranscript(path)
  try {
    const head = createHead(isOwn)
    let hash: string | undefined
    const reader = linesOf(file, 0)
    for (let next = await reader.next(); next !== undefined; next = await reader.next()) {
      const { text, isOpen } = next
      if (hash === undefined && isOpen && text?.length === 0) return undefined
      hash ??= hashOf(text)
      head.add(next)
      if (head.isEnough()) break
    }
    return hash === undefined ? undefined : { lines: head.lines, hash }
  } finally {
    await file.close()
  }
}

type ParsedLine = Readonly<Record<string, unknown>>

function createHead(isOwn: (line: ParsedLine) => boolean) {
  const lines: ParsedLine[] = []
  let own = 0
  let ownFrom = 0
  let readTo = 0
  return {
    lines,
    add: ({ text, endsAt }: FileLine): void => {
      const line = text && parsedLine(text.toString('utf8'))
      readTo = endsAt
      if (line !== undefined && isOwn(line)) {
        own += 1
        lines.push(line)
      } else if (line !== undefined && lines.length - own < HEAD_LINES) {
        if (text !== undefined && text.length <= HEAD_BYTES) lines.push(line)
      }
      if (own === 0) ownFrom = endsAt
    },
    isEnough: (): boolean =>
      own >= HEAD_LINES || (own > 0 && readTo - ownFrom >= HEAD_BYTES) || readTo >= SEARCHED_BYTES,
  }
}

/** Bytes before a position by which a file is known that has something else there. */
const TRAIL_BYTES = 1024

/** A hash of the bytes before a position, of which a file that was written anew has others. */
export async function trailOf(file: FileHandle, position: number): Promise<string> {
  const bytes = Buffer.alloc(Math.min(TRAIL_BYTES, position))
  const { bytesRead } = await file.read(bytes, 0, bytes.length, position - bytes.length)
  return createHash('sha1').update(bytes.subarray(0, bytesRead)).digest('hex').slice(0, 16)
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

/** Whether the last line of a file is incomplete, as a write that was interrupted leaves it. */
export async function isCut(path: string): Promise<boolean> {
  const file = await openTranscript(path)
  try {
    const { size } = await file.stat()
    const tail = Buffer.allocUnsafe(Math.min(TAIL_BYTES[1], size))
    const { bytesRead } = await file.read(tail, 0, tail.length, size - tail.length)
    const last = tail.subarray(0, bytesRead).toString('utf8').split('\n').at(-1) ?? ''
    return last.trim() !== '' && parsedLine(last) === undefined
  } finally {
    await file.close()
  }
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
