/**
 * An outbox in memory, for emissions that can be had again from where they came: a replay. Whoever
 * fills it does so in portions; nothing here survives the process.
 */
import type { Emission } from '../domain/emission.ts'
import type { ItemKind, Outbox } from '../domain/outbox.ts'

export interface MemoryOutbox {
  /** Items of one kind. */
  readonly lane: (kind: ItemKind) => Outbox
  add(emissions: readonly Emission[]): void
  pending(): number
  /** How many were put aside, and why, each reason once. */
  refused(): { readonly items: number; readonly reasons: readonly string[] }
}

interface Waiting {
  readonly emission: Emission
  attempts: number
  notBeforeMs: number
}

const MAX_REASONS = 20

/** Emissions of other kinds than these are not kept. */
export function createMemoryOutbox(kinds: readonly ItemKind[]): MemoryOutbox {
  const waiting = new Map<ItemKind, Map<number, Waiting>>(kinds.map((kind) => [kind, new Map()]))
  const refused = new Map<ItemKind, number>()
  const reasons = new Set<string>()
  let lastId = 0

  /** A newer score takes the place of the one that waits, as in the store. */
  function supersede(items: Map<number, Waiting>, { kind, sessionKey, key }: Emission): void {
    if (kind !== 'score') return
    for (const [id, { emission }] of items) {
      if (emission.sessionKey === sessionKey && emission.key === key) items.delete(id)
    }
  }

  function lane(kind: ItemKind): Outbox {
    const items = waiting.get(kind) ?? new Map<number, Waiting>()
    const count = (): number => refused.get(kind) ?? 0
    return {
      due: async (nowMs, maxItems) =>
        [...items]
          .filter(([, { notBeforeMs }]) => notBeforeMs <= nowMs)
          .slice(0, maxItems)
          .map(([id, { emission, attempts }]) => ({ id, emission, attempts })),
      nextDueMs: async () => {
        const due = [...items.values()].map(({ notBeforeMs }) => notBeforeMs)
        return due.length === 0 ? undefined : due.reduce((a, b) => Math.min(a, b))
      },
      isHeldByLeaving: async () => false,
      delivered: async (ids) => {
        for (const id of ids) items.delete(id)
      },
      retryLater: async (ids, notBeforeMs) => {
        for (const id of ids) {
          const item = items.get(id)
          if (item === undefined) continue
          item.attempts += 1
          item.notBeforeMs = notBeforeMs
        }
      },
      bury: async (ids, reason) => {
        for (const id of ids) if (items.delete(id)) refused.set(kind, count() + 1)
        if (reasons.size < MAX_REASONS) reasons.add(reason)
      },
      stats: async () => ({ pending: items.size, dead: count(), oldestPendingMs: undefined }),
    }
  }

  return {
    lane,
    add: (emissions) => {
      for (const emission of emissions) {
        const items = waiting.get(emission.kind)
        if (items === undefined) continue
        lastId += 1
        supersede(items, emission)
        items.set(lastId, { emission, attempts: 0, notBeforeMs: 0 })
      }
    },
    pending: () => [...waiting.values()].reduce((sum, { size }) => sum + size, 0),
    refused: () => ({
      items: [...refused.values()].reduce((sum, count) => sum + count, 0),
      reasons: [...reasons],
    }),
  }
}
