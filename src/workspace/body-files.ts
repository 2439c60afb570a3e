/**
 * Raw API bodies that the agent wrote to files and only refers to (`body_ref`): read while the
 * files are there. Anyone who can post a log record can name a path, so only what looks like
 * such a body is taken: a regular file of bounded size that holds a JSON object with
 * `messages` or `content`. Never throws; what cannot be read stays a reference.
 */
import { lstat, readFile } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import type { LogRecord } from '../domain/telemetry-record.ts'

const MAX_FILE_BYTES = 4 * 1024 * 1024
const REFERENCE = 'body_ref'

/** The records, those that refer to a readable body with that body. */
export function withBodies(
  records: readonly LogRecord[],
): readonly LogRecord[] | Promise<readonly LogRecord[]> {
  return records.some(refers) ? Promise.all(records.map(withBody)) : records
}

function refers({ attributes }: LogRecord): boolean {
  return typeof attributes[REFERENCE] === 'string' && attributes.body === undefined
}

async function withBody(record: LogRecord): Promise<LogRecord> {
  const path = record.attributes[REFERENCE]
  if (!refers(record) || typeof path !== 'string') return record
  const body = await bodyAt(path)
  return body === undefined ? record : { ...record, attributes: { ...record.attributes, body } }
}

async function bodyAt(path: string): Promise<string | undefined> {
  try {
    if (!isAbsolute(path)) return undefined
    const file = await lstat(path)
    if (!file.isFile() || file.size > MAX_FILE_BYTES) return undefined
    const text = await readFile(path, 'utf8')
    return isApiBody(JSON.parse(text)) ? text : undefined
  } catch {
    return undefined
  }
}

function isApiBody(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return ('messages' in value && Array.isArray(value.messages)) || 'content' in value
}
