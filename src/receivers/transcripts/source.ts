/**
 * What the importer must know about the transcripts of one agent: where they are, whose they are, and
 * what their lines tell. A source is a folder beside this file and a line in `sources.ts`.
 *
 * A reader keeps what it has to know between two lines in a state that is plain JSON, so that reading
 * goes on where it ended, in another process too. It must be ready for lines of later versions, damaged
 * lines, and lines that come again: the same line always gives entries with the same keys.
 */
import { isPlausibleTime } from '../../domain/numbers.ts'
import { ownText } from '../../domain/own-text.ts'
import type { Attributes, AttributeValue } from '../../domain/json-value.ts'

/** A line that is a JSON object. */
export type Line = Readonly<Record<string, unknown>>

/** One thing that a line tells; see `processors/transcript-processor.ts` for names and attributes. */
export interface TranscriptEntry {
  readonly name: string
  readonly sessionId: string
  /** Names it within its session. */
  readonly key: string
  /** Names it over all sessions, where a fork copies lines. */
  readonly claim?: string | undefined
  /** The claim of an entry that may have been told before of the same, with less. */
  readonly supersedes?: string | undefined
  /** Epoch ms. */
  readonly timeMs: number | undefined
  readonly attributes: Attributes
  /** Where it was said: folder, branch, version of the agent. */
  readonly place: Place
}

/** The same object for entries of one place. */
export interface Place {
  readonly folder?: string | undefined
  readonly branch?: string | undefined
  readonly version?: string | undefined
}

/** What the name of a file and its first lines say. */
export interface FileFacts {
  /** Whose session it is, as far as it can be told: files of one session are read side by side. */
  readonly sessionId: string
  /** When its first line with a time was written: a fork begins later than what it copies. */
  readonly firstMs: number | undefined
  /** The folder that the agent worked in. */
  readonly folder?: string | undefined
  /** The id of its first message: files that share it are a session and forks of it. */
  readonly firstId?: string | undefined
  /** The session of which its lines say that they are copies. */
  readonly forkedFrom?: string | undefined
}

/** What a fork copies its beginning from. */
export interface Origin {
  /** The session that wrote a message first; undefined for messages that only the fork has. */
  readonly sessionOf: (messageId: string) => string | undefined
  /**
   * The session that was forked, where its file is cut: of what is older than the fork, and in no file. Undefined
   * where that may be of another fork, whose file may still come.
   */
  readonly sessionId: string | undefined
  /** When the fork was begun. */
  readonly begunMs: number
}

/** Masks content, and drops what is not kept. */
export type Redact = (attributes: Attributes) => Attributes

export interface TranscriptReader {
  /** What a line tells, in order; undefined where it ought to tell something and cannot be read. */
  read(line: Line): readonly TranscriptEntry[] | undefined
  /**
   * What would be told by lines that may never come: nothing more is there for now. An answer that has not
   * ended is told once the file is settled.
   */
  flush(isSettled: boolean): readonly TranscriptEntry[]
  /**
   * Plain JSON, bounded in size. It is kept in the store, so content in it passes `redact` under the
   * names that it has in entries.
   */
  state(redact: Redact): unknown
}

export interface TranscriptSource {
  /** First part of every session key, as in the agent's profile. */
  readonly agent: string
  readonly title: string
  /** Folders in which the agent keeps transcripts, given the home folder and the environment. */
  readonly folders: (
    home: string,
    variables: Readonly<Record<string, string | undefined>>,
  ) => readonly string[]
  /** Whether a line is one of this agent that says of which session it is. */
  readonly isOwn: (line: Line) => boolean
  /** Whether lines of a file, the first of its own among them, are of this agent. */
  readonly recognises: (lines: readonly Line[]) => boolean
  readonly facts: (fileName: string, lines: readonly Line[]) => FileFacts
  /** Whether a line may tell something: asked before it is parsed, so by its bytes alone. */
  readonly mayTell: (line: Buffer) => boolean
  /** The id of a message, for finding copies; undefined for lines that are none. */
  readonly messageId: (line: Line) => string | undefined
  /** `state` is what a former reader of the file knew; `origin` is of a fork; `sessionId` is that of `facts`. */
  readonly createReader: (
    fileName: string,
    state: unknown,
    origin: Origin | undefined,
    sessionId: string,
  ) => TranscriptReader
}

// Values of lines, whatever type they have.

export function objectOf(value: unknown): Line | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Line)
    : undefined
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : []
}

/** ISO 8601, or a number of seconds or milliseconds since 1970; undefined where no agent can have written it. */
export function timeOf(value: unknown): number | undefined {
  const ms = msOf(value)
  return isPlausibleTime(ms, LATEST_MS) ? ms : undefined
}

function msOf(value: unknown): number {
  if (typeof value === 'number') return value > 1e11 ? value : value * 1000
  return typeof value === 'string' ? Date.parse(value) : Number.NaN
}

/** A clock of 2100 was never set. */
const LATEST_MS = Date.UTC(2100, 0)

/** Characters of one text that are kept: as much as is shown of it by default. */
const MAX_TEXT_LENGTH = 100_000

export function cutText(text: string): string {
  if (text.length <= MAX_TEXT_LENGTH) return text
  return ownText(text.slice(0, MAX_TEXT_LENGTH))
}

/** A value of a line as text: JSON where it is none. */
export function shownText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return cutText(typeof value === 'string' ? value : jsonOf(value))
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    if (error instanceof RangeError) return '[nested too deeply to be shown]'
    throw error
  }
}

/** Attributes without those that have no value. */
export function attributesOf(
  fields: Readonly<Record<string, AttributeValue | undefined>>,
): Attributes {
  const kept: Record<string, AttributeValue> = {}
  for (const name in fields) {
    const value = fields[name]
    if (value !== undefined) kept[name] = value
  }
  return kept
}

/** The last path segment, whatever the system that the path is of. */
export function folderName(path: string | undefined): string | undefined {
  return path?.split(/[/\\]/).findLast((part) => part !== '')
}

/** Whether the bytes of a line have one of these texts in them. */
export function mentions(texts: readonly string[]): TranscriptSource['mayTell'] {
  const telling = texts.map((text) => Buffer.from(text))
  return (line) => telling.some((text) => line.includes(text))
}

/** When the first of them that says it was written. */
export function firstTimeOf(lines: readonly Line[]): number | undefined {
  return lines.map((line) => timeOf(line.timestamp)).find((ms) => ms !== undefined)
}

/** A name without `.jsonl`. */
export function stemOf(fileName: string): string {
  return fileName.replace(/\.jsonl$/, '')
}

/** A table by ids that come from outside, where `__proto__` is one like any other. */
export function tableOf<T>(known: Readonly<Record<string, T>> = {}): Record<string, T> {
  return Object.assign(Object.create(null) as Record<string, T>, known)
}

/** Keeps the newest entries of a table that has too many. */
export function boundTable<T>(table: Record<string, T>, maxEntries: number): void {
  const keys = Object.keys(table)
  for (const key of keys.slice(0, Math.max(0, keys.length - maxEntries))) delete table[key]
}
