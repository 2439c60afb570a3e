/**
 * Where a page ended, as text for whoever asks on: opaque to them, checked when it comes back.
 */
import { hash } from 'node:crypto'
import { err, ok, type Result } from '../domain/result.ts'
import type { SessionPlace } from '../storage/store-reader.ts'
import type { BadCursor } from '../api/queries.ts'

/** Belongs to one question: to the same filter, order and search, whatever page of them. */
export function writeCursor(question: object, { value, id }: SessionPlace): string {
  return Buffer.from(JSON.stringify([digestOf(question), value, id])).toString('base64url')
}

/** The place, or that this cursor was given out for another question, or for none. */
export function readCursor(question: object, cursor: string): Result<SessionPlace, BadCursor> {
  let parts: unknown
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    return err('bad_cursor')
  }
  if (!Array.isArray(parts)) return err('bad_cursor')
  const [digest, value, id] = parts as readonly unknown[]
  const isValue = typeof value === 'number' || typeof value === 'string'
  if (digest !== digestOf(question) || !isValue || typeof id !== 'number') return err('bad_cursor')
  return ok({ value, id })
}

function digestOf(question: object): string {
  return hash('sha1', JSON.stringify(question)).slice(0, 12)
}
