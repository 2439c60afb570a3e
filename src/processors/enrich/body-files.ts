/**
 * Raw API bodies that the agent wrote to files and only refers to (`body_ref`): read while the
 * files are there. Anyone who can post a log record can name a path, so a file is read only below
 * the folders that the user configured, and only when it looks like such a body. All that one
 * request has read is bounded. A record whose body is not read keeps its reference, with the
 * reason (`body_unread`). Never throws.
 */
import { isAbsolute, relative, resolve } from 'node:path'
import { parseBoundedJson } from '../../domain/json-value.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { LogRecord } from '../../domain/telemetry-record.ts'
import type { MemoryPermit, RecordInProcess } from '../record-processor.ts'
import { type FileReader, FileSystemHangs } from './file-reader.ts'

const MAX_FILE_BYTES = 4 * 1024 * 1024
const MAX_BYTES_PER_REQUEST = 32 * 1024 * 1024
/** Paths that one request may have looked for. */
const MAX_FILES_PER_REQUEST = 100
/** Bytes of bodies that are passed on together, since they are parsed in one go. */
const MAX_BYTES_PER_BATCH = 4 * 1024 * 1024
/** The bytes as read, and the text that they become, at two bytes a character. */
const HEAP_PER_FILE_BYTE = 3

const REFERENCE = 'body_ref'
const UNREAD = 'body_unread'

/** The records of one request in their order, those that refer to a readable body with that body. */
export type AttachBodies = (
  records: readonly RecordInProcess[],
) => AsyncIterable<readonly RecordInProcess[]>

export interface BodyFiles {
  /** To be called once for each request. A batch counts as held until the next is asked for. */
  forRequest(memory: MemoryPermit): AttachBodies
}

/** The path of the file that has the record's body; undefined when no file has it. */
export function bodyPathOf({ attributes }: LogRecord): string | undefined {
  const path = attributes[REFERENCE]
  return typeof path === 'string' && attributes.body === undefined ? path : undefined
}

/** `folders` are absolute; without any, no body is read. */
export function createBodyFiles(files: FileReader, folders: readonly string[]): BodyFiles {
  return {
    forRequest: (memory) => {
      const read = createReading(files, folders, memory)
      return (records) => attached(records, read, memory)
    },
  }
}

/** The text of a body; the error completes "not read: the file …". */
type ReadBody = (path: string) => Promise<Result<Body, string>>

interface Body {
  readonly text: string
  /** On the disk. */
  readonly bytes: number
}

async function* attached(
  records: readonly RecordInProcess[],
  read: ReadBody,
  memory: MemoryPermit,
): AsyncGenerator<readonly RecordInProcess[]> {
  let batch: RecordInProcess[] = []
  let bytes = 0
  try {
    for (const record of records) {
      const path = record.signal === 'log' ? bodyPathOf(record.record) : undefined
      if (record.signal !== 'log' || path === undefined) {
        batch.push(record)
        continue
      }
      const body = await read(path)
      // A new object: whoever still holds the old one would hold the body.
      if (body.ok) {
        batch.push({ ...record, record: withAttribute(record.record, 'body', body.value.text) })
        bytes += body.value.bytes
      } else batch.push({ ...record, record: withAttribute(record.record, UNREAD, body.error) })
      if (bytes < MAX_BYTES_PER_BATCH) continue
      yield batch
      memory.shrink(bytes * HEAP_PER_FILE_BYTE)
      batch = []
      bytes = 0
    }
    if (batch.length > 0) yield batch
  } finally {
    memory.shrink(bytes * HEAP_PER_FILE_BYTE)
  }
}

function withAttribute(record: LogRecord, key: string, value: string): LogRecord {
  return { ...record, attributes: { ...record.attributes, [key]: value } }
}

/** Reads for one request: each path once, one after the other. */
function createReading(
  files: FileReader,
  folders: readonly string[],
  memory: MemoryPermit,
): ReadBody {
  const seen = new Set<string>()
  let bytesLeft = MAX_BYTES_PER_REQUEST
  let realFolders: readonly string[] | undefined

  /** Where the configured folders really are; they are the user's own, and may be links. */
  async function resolvedFolders(): Promise<readonly string[]> {
    if (realFolders !== undefined) return realFolders
    const found: string[] = []
    for (const folder of folders) {
      const real = await files.resolved(folder)
      if (real !== undefined) found.push(real)
    }
    realFolders = found
    return found
  }

  /** The path without links, if it is one of a file that may be read. */
  async function allowedPath(path: string): Promise<Result<string, string>> {
    // A path that is somewhere else is not even looked up there.
    const named = isAbsolute(path) ? resolve(path) : undefined
    if (named === undefined || folders.length === 0) return outside
    const real = await resolvedFolders()
    if (![...folders, ...real].some((folder) => isBelow(folder, named))) return outside
    const target = await files.resolved(named)
    if (target === undefined) return err('is not there, or cannot be read')
    return real.some((folder) => isBelow(folder, target)) ? ok(target) : outside
  }

  const admit = (bytes: number): Result<undefined, string> => {
    if (bytes > MAX_FILE_BYTES) return err(`is larger than ${MAX_FILE_BYTES} bytes`)
    if (bytes > bytesLeft) {
      return err(`is beyond the ${MAX_BYTES_PER_REQUEST} bytes that are read for one request`)
    }
    if (!memory.grow(bytes * HEAP_PER_FILE_BYTE)) return err('does not fit MAX_IN_FLIGHT_SIZE now')
    bytesLeft -= bytes
    return ok(undefined)
  }

  async function body(path: string): Promise<Result<Body, string>> {
    const allowed = await allowedPath(path)
    if (!allowed.ok) return allowed
    let held = 0
    const content = await files.whole(allowed.value, (bytes) => {
      const admitted = admit(bytes)
      if (admitted.ok) held = bytes
      return admitted
    })
    const text = content.ok ? bodyText(content.value) : content
    if (text.ok) return ok({ text: text.value, bytes: held })
    memory.shrink(held * HEAP_PER_FILE_BYTE)
    return text
  }

  return async (path) => {
    const named = resolve(path)
    if (seen.has(named)) return err('is with an earlier record of the same request')
    if (seen.size >= MAX_FILES_PER_REQUEST) {
      return err(`is beyond the ${MAX_FILES_PER_REQUEST} files that are read for one request`)
    }
    seen.add(named)
    try {
      return await body(path)
    } catch (error) {
      if (error instanceof FileSystemHangs) return err('is on a file system that does not answer')
      throw error
    }
  }
}

const outside = err('is in none of BODY_FOLDERS')

function bodyText(bytes: Buffer): Result<string, string> {
  const text = bytes.toString('utf8')
  const parsed = parseBoundedJson(text)
  if (!parsed.ok) return parsed
  return isApiBody(parsed.value) ? ok(text) : err('holds no API body')
}

function isApiBody(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return ('messages' in value && Array.isArray(value.messages)) || 'content' in value
}

function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== '' && !isAbsolute(way) && way.split(/[\\/]/)[0] !== '..'
}
