/** Reads one file from where it was read before, line by line, and says what its lines tell. */
import { type FileHandle, open } from 'node:fs/promises'
import type { TranscriptPosition } from '../../domain/transcript-files.ts'
import { type FileLine, linesOf, parsedLine } from './lines.ts'
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
  readonly folder: string | undefined
  readonly bytes: number
  readonly modifiedMs: number
  /** The session that it copies its beginning from. */
  readonly origin?: Origin | undefined
  /** A hash of how it begins. */
  readonly head: string
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
  position(redact: Redact): TranscriptPosition | undefined
  /** Bytes read, and lines that could not be. */
  progress(): { readonly bytes: number; readonly damaged: number }
  close(): Promise<void>
}

const QUOTED_TYPE = Buffer.from('"type"')
const OPENING_BRACE = 0x7b

export interface CursorOptions {
  /** What waits for further lines is told at the end, since there may be none. */
  readonly isFlushed: boolean
}

export function createCursor(file: TranscriptFile, { isFlushed }: CursorOptions): Cursor {
  const { source, from } = file
  const reader: TranscriptReader = source.createReader(file.name, file.state, file.origin)
  let handle: FileHandle | undefined
  let lines: AsyncGenerator<FileLine, void> | undefined
  let readTo = from
  let lastMs = file.firstMs
  let damaged = 0
  let ahead: readonly TranscriptEntry[] | undefined
  let hasEnded = false

  function told(line: FileLine): readonly TranscriptEntry[] {
    const { text } = line
    if (text === undefined) {
      damaged += 1
      return []
    }
    if (!source.mayTell(text)) {
      const isLine = text.length === 0 || (text[0] === OPENING_BRACE && text.includes(QUOTED_TYPE))
      if (!isLine) damaged += 1
      return []
    }
    const parsed = parsedLine(text.toString('utf8'))
    const entries = parsed && reader.read(parsed)
    if (entries === undefined) damaged += 1
    return entries ?? []
  }

  /** The entries of the next line that tells something. */
  async function readAhead(): Promise<readonly TranscriptEntry[] | undefined> {
    if (hasEnded) return undefined
    handle ??= await open(file.path, 'r')
    lines ??= linesOf(handle, from)
    for (;;) {
      const step = await lines.next()
      if (step.done === true || isIncomplete(step.value)) break
      const entries = told(step.value)
      readTo = step.value.endsAt
      if (entries.length > 0) return timed(entries)
    }
    hasEnded = true
    await close()
    const rest = isFlushed ? reader.flush() : []
    return rest.length > 0 ? timed(rest) : undefined
  }

  /** What has no time happened when the line before it did. */
  function timed(entries: readonly TranscriptEntry[]): readonly TranscriptEntry[] {
    return entries.map((entry) => {
      const timeMs = entry.timeMs ?? lastMs
      lastMs = Math.max(lastMs, timeMs)
      return entry.timeMs === undefined ? { ...entry, timeMs } : entry
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
      ahead ??= await readAhead()
      return ahead
    },
    skip: () => {
      ahead = undefined
    },
    position: (redact) => {
      if (ahead !== undefined) return undefined
      const state = JSON.stringify({ isTold: isFlushed, reader: reader.state(redact) })
      return { path: file.path, position: readTo, head: file.head, state }
    },
    progress: () => ({ bytes: readTo - from, damaged }),
    close,
  }
}

/** It is still being written, and read when it is complete. */
function isIncomplete({ isOpen, text }: FileLine): boolean {
  return isOpen && (text === undefined || parsedLine(text.toString('utf8')) === undefined)
}
