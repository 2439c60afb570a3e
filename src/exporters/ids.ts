/**
 * Identifiers from natural keys. Equal keys give equal ids, so whatever is sent again after a
 * lost answer or a crash arrives under the ids it had before.
 */
import { hash } from 'node:crypto'
import type { Score } from '../domain/emission.ts'

/** OTLP trace id (32 hex digits) of a trace's natural key. */
export function traceIdOf(traceKey: string): string {
  return digits(32, 'trace', traceKey)
}

/** OTLP span id (16 hex digits) of an observation's natural key within its trace. */
export function spanIdOf(traceKey: string, key: string): string {
  return digits(16, 'span', traceKey, key)
}

/** Id of a score: a later score with the same key in the same session replaces the earlier. */
export function scoreIdOf(score: Pick<Score, 'sessionKey' | 'key'>): string {
  return digits(32, 'score', score.sessionKey, score.key)
}

/** JSON keeps the parts apart: no two lists of parts share a text. */
function digits(length: number, ...parts: readonly string[]): string {
  const id = hash('sha256', JSON.stringify(parts)).slice(0, length)
  return validId(id)
}

/** An id of zeros means "no id" in OTLP. */
export function validId(id: string): string {
  return /^0+$/.test(id) ? `${id.slice(1)}1` : id
}
