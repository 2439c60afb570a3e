/**
 * Scores by id: one with an id that is known replaces the earlier one.
 */
import { randomUUID } from 'node:crypto'
import { isObject, type JsonObject } from './stored-span.ts'

export interface StoredScore extends JsonObject {
  readonly id: string
  readonly name: string
  readonly value: number | string
}

export interface ScoreStore {
  /** Stores a score; `error` says why it did not. */
  put(body: unknown): { readonly id: string } | { readonly error: string }
  all(): readonly StoredScore[]
  /** Deletes those that `judge` says. */
  deleteWhere(judge: (score: StoredScore) => boolean): void
}

export function createScoreStore(): ScoreStore {
  const byId = new Map<string, StoredScore>()
  return {
    put: (body) => {
      if (!isObject(body)) return { error: 'body is no object' }
      const { name, value } = body
      if (typeof name !== 'string' || name === '') return { error: 'name is required' }
      if (typeof value !== 'number' && typeof value !== 'string') {
        return { error: 'value must be a number or a string' }
      }
      if (!body.traceId && !body.sessionId && !body.datasetRunId) {
        return { error: 'traceId, sessionId or datasetRunId is required' }
      }
      const id = typeof body.id === 'string' ? body.id : randomUUID()
      byId.set(id, { ...body, id, name, value })
      return { id }
    },
    all: () => [...byId.values()],
    deleteWhere: (judge) => {
      for (const score of byId.values()) if (judge(score)) byId.delete(score.id)
    },
  }
}
