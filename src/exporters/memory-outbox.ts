/**
 * An outbox in memory, for emissions that can be had again from where they came: a replay. Whoever
 * fills it does so in portions; nothing here survives the process.
 */
import type { Emission } from '../domain/emission.ts'
import type { Outbox } from '../domain/outbox.ts'

export interface MemoryOutbox extends Outbox {
  add(emissions: readonly Emission[]): void
  /** Why items were put aside, each reason once. */
  refusals(): ReadonlySet<string>
}

interface Waiting {
  readonly emission: Emission
  attempts: number
  notBeforeMs: number
}

const MAX_REFUSALS = 20

export function createMemoryOutbox(): MemoryOutbox {
  const waiting = new Map<number, Waiting>()
  const reasons = new Set<string>()
  let lastId = 0
  let dead = 0

  /** A newer score takes the place of the one that waits, as in the store. */
  function supersede({ kind, sessionKey, key }: Emission): void {
    if (kind !== 'score') return
    for (const [id, { emission }] of waiting) {
      const isSame = emission.sessionKey === sessionKey && emission.key === key
      if (isSame && emission.kind === kind) waiting.delete(id)
    }
  }

  return {
    add: (emissions) => {
      for (const emission of emissions) {
        lastId += 1
        supersede(emission)
        waiting.set(lastId, { emission, attempts: 0, notBeforeMs: 0 })
      }
    },
    refusals: () => reasons,
    due: async (nowMs, maxItems) =>
      [...waiting]
        .filter(([, { notBeforeMs }]) => notBeforeMs <= nowMs)
        .slice(0, maxItems)
        .map(([id, { emission, attempts }]) => ({ id, emission, attempts })),
    nextDueMs: async () => {
      const due = [...waiting.values()].map(({ notBeforeMs }) => notBeforeMs)
      return due.length === 0 ? undefined : due.reduce((a, b) => Math.min(a, b))
    },
    delivered: async (ids) => {
      for (const id of ids) waiting.delete(id)
    },
    retryLater: async (ids, notBeforeMs) => {
      for (const id of ids) {
        const item = waiting.get(id)
        if (item === undefined) continue
        item.attempts += 1
        item.notBeforeMs = notBeforeMs
      }
    },
    bury: async (ids, reason) => {
      for (const id of ids) if (waiting.delete(id)) dead += 1
      if (reasons.size < MAX_REFUSALS) reasons.add(reason)
    },
    stats: async () => ({ pending: waiting.size, dead, oldestPendingMs: undefined }),
  }
}
