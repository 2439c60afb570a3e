/** An outbox without a disk, to look into. */
import type { Emission } from '../../../src/domain/emission.ts'
import type { ItemKind, Outbox, OutboxItem, OutgoingItem } from '../../../src/domain/outbox.ts'

interface Row extends OutboxItem {
  readonly notBeforeMs: number
}

export interface MemoryOutbox {
  readonly lane: (kind: ItemKind) => Outbox
  add(...emissions: readonly Emission[]): void
  pending(): readonly Row[]
  dead(): readonly { readonly emission: OutgoingItem; readonly reason: string }[]
  /** As if the try of an item before the start had failed. */
  putOff(id: number, notBeforeMs: number): void
  /** From now on nothing is handed out, as if somebody else held it, or no longer. */
  withhold(isHeld?: boolean): void
  /** Every operation rejects until this is called with nothing. */
  breakDown(error?: Error): void
}

export function createMemoryOutbox(): MemoryOutbox {
  let rows: Row[] = []
  let lastId = 0
  let broken: Error | undefined
  let isWithheld = false
  const buried: { emission: OutgoingItem; reason: string }[] = []

  async function guarded<T>(result: () => T): Promise<T> {
    if (broken !== undefined) throw broken
    return result()
  }

  function putOff(ids: readonly number[], notBeforeMs: number): void {
    rows = rows.map((row) =>
      ids.includes(row.id) ? { ...row, attempts: row.attempts + 1, notBeforeMs } : row,
    )
  }

  function lane(kind: ItemKind): Outbox {
    const own = () => rows.filter(({ emission }) => emission.kind === kind)
    return {
      due: (nowMs, maxItems) =>
        guarded(() =>
          isWithheld
            ? []
            : own()
                .filter((row) => row.notBeforeMs <= nowMs)
                .slice(0, maxItems),
        ),
      nextDueMs: () =>
        guarded(() =>
          own().length === 0 || isWithheld
            ? undefined
            : Math.min(...own().map((row) => row.notBeforeMs)),
        ),
      isHeldByLeaving: () => guarded(() => own().length > 0 && isWithheld),
      delivered: (ids) =>
        guarded(() => {
          rows = rows.filter((row) => !ids.includes(row.id))
        }),
      retryLater: (ids, notBeforeMs) => guarded(() => putOff(ids, notBeforeMs)),
      bury: (ids, reason) =>
        guarded(() => {
          for (const row of rows) if (ids.includes(row.id)) buried.push({ ...row, reason })
          rows = rows.filter((row) => !ids.includes(row.id))
        }),
      stats: () =>
        guarded(() => ({
          pending: own().length,
          dead: buried.filter(({ emission }) => emission.kind === kind).length,
          oldestPendingMs: undefined,
        })),
    }
  }

  return {
    lane,
    add: (...emissions) => {
      for (const emission of emissions) {
        lastId += 1
        rows.push({ id: lastId, emission, attempts: 0, notBeforeMs: 0 })
      }
    },
    pending: () => rows,
    dead: () => buried,
    putOff: (id, notBeforeMs) => putOff([id], notBeforeMs),
    withhold: (isHeld = true) => {
      isWithheld = isHeld
    },
    breakDown: (error) => {
      broken = error
    },
  }
}
