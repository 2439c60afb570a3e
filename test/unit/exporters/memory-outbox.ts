/** An outbox without a disk, to look into. */
import type { Emission } from '../../../src/domain/emission.ts'
import type { Outbox, OutboxItem } from '../../../src/domain/outbox.ts'

interface Row extends OutboxItem {
  readonly notBeforeMs: number
}

export interface MemoryOutbox extends Outbox {
  add(...emissions: readonly Emission[]): void
  pending(): readonly Row[]
  dead(): readonly { readonly emission: Emission; readonly reason: string }[]
  /** Every operation rejects until this is called with nothing. */
  breakDown(error?: Error): void
}

export function createMemoryOutbox(): MemoryOutbox {
  let rows: Row[] = []
  let lastId = 0
  let broken: Error | undefined
  const buried: { emission: Emission; reason: string }[] = []

  async function guarded<T>(result: () => T): Promise<T> {
    if (broken !== undefined) throw broken
    return result()
  }

  return {
    add: (...emissions) => {
      for (const emission of emissions) {
        lastId += 1
        rows.push({ id: lastId, emission, attempts: 0, notBeforeMs: 0 })
      }
    },
    pending: () => rows,
    dead: () => buried,
    breakDown: (error) => {
      broken = error
    },
    due: (nowMs, maxItems) =>
      guarded(() => rows.filter((row) => row.notBeforeMs <= nowMs).slice(0, maxItems)),
    nextDueMs: () =>
      guarded(() =>
        rows.length === 0 ? undefined : Math.min(...rows.map((row) => row.notBeforeMs)),
      ),
    delivered: (ids) =>
      guarded(() => {
        rows = rows.filter((row) => !ids.includes(row.id))
      }),
    retryLater: (ids, notBeforeMs) =>
      guarded(() => {
        rows = rows.map((row) =>
          ids.includes(row.id) ? { ...row, attempts: row.attempts + 1, notBeforeMs } : row,
        )
      }),
    bury: (ids, reason) =>
      guarded(() => {
        for (const row of rows) if (ids.includes(row.id)) buried.push({ ...row, reason })
        rows = rows.filter((row) => !ids.includes(row.id))
      }),
    stats: () =>
      guarded(() => ({ pending: rows.length, dead: buried.length, oldestPendingMs: undefined })),
  }
}
