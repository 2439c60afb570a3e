/** Reads one file from where it was read before, line by line, and says what its lines tell. */
import type { FileHandle } from 'node:fs/promises'
import { isPlausibleTime } from '../../domain/numbers.ts'
import { failureOf } from '../../observability/read-failure.ts'
import type { TranscriptPosition } from '../../domain/transcript-files.ts'
import type { TranscriptRank } from '../../domain/transcript-rank.ts'
import {
  type FileLine,
  type LineReader,
  linesOf,
  openTranscript,
  parsedLine,
  trailOf,
} from './lines.ts'
import type {
  Origin,
  Redact,
  TranscriptEntry,
  TranscriptReader,
  TranscriptSource,
} from './source.ts'

/** A file that is to be read. */
export interface TranscriptFile {
  readonly path: string
  readonly name: string
  readonly source: TranscriptSource
  readonly sessionId: string
  readonly firstMs: number
  readonly rank: TranscriptRank
  /** There are other files that begin with the same message. */
  readonly hasFamily?: boolean
  readonly folder: string | undefined
  readonly bytes: number
  readonly modifiedMs: number
  /** The session that it copies its beginning from. */
  readonly origin?: Origin | undefined
  /** A hash of how it begins. */
  readonly head: string
  /** A hash of what is before the position; undefined where that is not known. */
  readonly trail: string | undefined
  /** The first message that it has: its family, unless it is of a subagent. */
  readonly firstId?: string | undefined
  /** When it was first imported; undefined where it never was. */
  readonly seenMs: number | undefined
  readonly content: 'keep' | 'drop'
  /** What is imported goes to exporters. */
  readonly isExported: boolean
  /** How all of it was imported, by its strictest part: how it is read again by itself. */
  readonly strictest: Pick<TranscriptFile, 'content' | 'isExported'>
  /** It was read before, and is read from its beginning. */
  readonly isReread: boolean
  /** Where reading begins, and what the reader knew then. */
  readonly from: number
  readonly state: unknown
}

export interface Cursor {
  readonly file: TranscriptFile
  /** The next entries, all of one line or of the end; undefined when there are no more. */
  peek(): Promise<readonly TranscriptEntry[] | undefined>
  /** Goes on behind what `peek` gave. */
  skip(): void
  /** Where it is behind what was skipped; undefined while something was looked at and not skipped. */
  position(redact: Redact): Promise<TranscriptPosition | undefined>
  /** Bytes read, lines that could not be, and why the rest of the file could not. */
  progress(): {
    readonly bytes: number
    readonly damaged: number
    /** The byte at which the first damaged line begins. */
    readonly damagedAt: number | undefined
    readonly failure: string | undefined
  }
  close(): Promise<void>
}

const QUOTED_TYPE = Buffer.from('"type"')
const OPENING_BRACE = 0x7b
const [TAB, RETURN, SPACE] = [0x09, 0x0d, 0x20]

export interface CursorOptions {
  /** What waits for further lines is told at the end, since there may be none. */
  readonly isFlushed: boolean
  /** So is an answer that has not ended. */
  readonly isSettled: boolean
  /** What a line dates later than a day ahead of it cannot have happened. */
  readonly nowMs: number
}

export function createCursor(
  file: TranscriptFile,
  { isFlushed, isSettled, nowMs }: CursorOptions,
): Cursor {
  const { source, from } = file
  const { name, state, origin, sessionId } = file
  const reader: TranscriptReader = source.createReader(name, state, origin, sessionId)
  let handle: FileHandle | undefined
  let lines: LineReader | undefined
  let readTo = from
  let lastMs = file.firstMs
  let damaged = 0
  let damagedAt: number | undefined
  let ahead: readonly TranscriptEntry[] | undefined
  let hasEnded = false
  let failure: string | undefined
  /** When the file was last written, once it was read to its end. */
  let modifiedMs: number | undefined
  /** Of what was read of it then. */
  let lastTrail = file.trail

  function noteDamage(): void {
    damaged += 1
    damagedAt ??= readTo
  }

  function told(line: FileLine): readonly TranscriptEntry[] {
    const { text } = line
    if (text === undefined) {
      noteDamage()
      return []
    }
    if (!source.mayTell(text)) {
      const isLine = isBlank(text) || (text[0] === OPENING_BRACE && text.includes(QUOTED_TYPE))
      if (!isLine) noteDamage()
      return []
    }
    const entries = entriesOf(text)
    if (entries === undefined) noteDamage()
    return entries ?? []
  }

  function entriesOf(text: Buffer): readonly TranscriptEntry[] | undefined {
    const parsed = parsedLine(text.toString('utf8'))
    try {
      return parsed && reader.read(parsed)
    } catch (error) {
      // Nested deeper than the stack is.
      if (error instanceof RangeError) return undefined
      throw error
    }
  }

  /** The entries of the next line that tells something. */
  async function readAhead(): Promise<readonly TranscriptEntry[] | undefined> {
    if (hasEnded) return undefined
    handle ??= await openTranscript(file.path)
    lines ??= linesOf(handle, from)
    for (;;) {
      const line = await lines.next()
      if (line === undefined || isIncomplete(line)) break
      const entries = told(line)
      readTo = line.endsAt
      if (entries.length > 0) return timed(entries)
    }
    hasEnded = true
    modifiedMs = (await handle.stat()).mtimeMs
    lastTrail = await trailOf(handle, readTo)
    await close()
    const rest = isFlushed ? reader.flush(isSettled) : []
    return rest.length > 0 ? timed(rest) : undefined
  }

  /** What has no time, or none that can be true, happened when the line before it did. */
  function timed(entries: readonly TranscriptEntry[]): readonly TranscriptEntry[] {
    return entries.map((entry) => {
      const { timeMs } = entry
      if (timeMs === undefined || !isPlausibleTime(timeMs, nowMs))
        return { ...entry, timeMs: lastMs }
      lastMs = Math.max(lastMs, timeMs)
      return entry
    })
  }

  async function close(): Promise<void> {
    const open = handle
    handle = undefined
    await open?.close()
  }

  return {
    file,
    peek: async () => {
      try {
        ahead ??= await readAhead()
      } catch (error) {
        // One file keeps no other from being read.
        failure = failureOf(file.path, error)
        hasEnded = true
        lastTrail = undefined
        await close()
      }
      return ahead
    },
    skip: () => {
      ahead = undefined
    },
    position: async (redact) => {
      if (ahead !== undefined) return undefined
      const { firstId, seenMs = nowMs, strictest } = file
      const trail = handle === undefined ? lastTrail : await trailOf(handle, readTo)
      const state = JSON.stringify({
        ...{ isTold: isFlushed && isSettled, modifiedMs, trail, firstId, seenMs, ...strictest },
        reader: reader.state(redact),
      })
      return { path: file.path, position: readTo, head: file.head, state }
    },
    progress: () => ({ bytes: readTo - from, damaged, damagedAt, failure }),
    close,
  }
}

/** Of blanks and line ends alone: an editor may have left it. */
function isBlank(text: Buffer): boolean {
  return text.every((byte) => byte === SPACE || byte === TAB || byte === RETURN)
}

/** It is still being written, and read when it is complete; one that cannot be read is left out either way. */
function isIncomplete({ isOpen, text }: FileLine): boolean {
  if (!isOpen || text === undefined) return false
  return parsedLine(text.toString('utf8')) === undefined
}
