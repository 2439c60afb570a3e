/**
 * The outbox over SQLite. What was delivered is deleted; what cannot be delivered stays, dead,
 * with its reason. A mark is durable when its promise resolves.
 */
import { sql } from 'kysely'
import type { Outbox, OutboxItem } from '../domain/outbox.ts'
import type { Connection } from './connection.ts'
import { createDueItems } from './due-items.ts'
import { readEmission } from './emission-text.ts'
import type { StoreLog } from './log.ts'
import { prepare } from './prepared.ts'

interface SqliteOutboxDeps {
  readonly connection: Connection
  readonly log: StoreLog
}

export function createSqliteOutbox({ connection, log }: SqliteOutboxDeps): Outbox {
  const { handle, kysely } = connection
  const dueItems = createDueItems(connection)

  const remove = prepare(connection, ({ id }: { id: number }) =>
    kysely.deleteFrom('outbox').where('id', '=', id),
  )
  const putOff = prepare(connection, (to: { id: number; notBeforeMs: number; reason: string }) =>
    kysely
      .updateTable('outbox')
      .set((eb) => ({
        attempts: eb('attempts', '+', 1),
        not_before_ms: to.notBeforeMs,
        reason: to.reason,
      }))
      .where('id', '=', to.id),
  )
  const putAside = prepare(connection, ({ id, reason }: { id: number; reason: string }) =>
    kysely.updateTable('outbox').set({ state: 'dead', reason }).where('id', '=', id),
  )

  /** One transaction for all: one flush to the disk. */
  const forEach = handle.transaction((ids: readonly number[], mark: (id: number) => void) => {
    for (const id of ids) mark(id)
  })

  /** What of the items can be read, up to about `maxBytes`; the others are put aside. */
  function take(ids: readonly number[], maxBytes: number): OutboxItem[] {
    const items: OutboxItem[] = []
    let bytes = 0
    for (const id of ids) {
      const found = dueItems.read(id)
      if (found === undefined) continue
      if (items.length > 0 && bytes + found.bytes > maxBytes) break
      const emission = readEmission(found.payload, found.payload_version)
      if (emission.ok) {
        items.push({ id, emission: emission.value, attempts: found.attempts })
        bytes += found.bytes
      } else {
        putAside.run({ id, reason: emission.error })
        log.warn({ outboxId: id, reason: emission.error }, 'stored emission put aside')
      }
    }
    return items
  }

  return {
    due: async (nowMs, maxItems, maxBytes) => {
      for (;;) {
        const ids = dueItems.ids(nowMs, maxItems)
        const items = take(ids, maxBytes)
        // Nothing could be read of these: they are dead now, the next may be better.
        if (items.length > 0 || ids.length === 0) return items
      }
    },
    nextDueMs: async () => {
      const row = await kysely
        .selectFrom('outbox')
        .select((eb) => eb.fn.min('not_before_ms').as('not_before_ms'))
        .where('state', '=', sql.lit('pending'))
        .executeTakeFirst()
      return row?.not_before_ms ?? undefined
    },
    delivered: async (ids) => {
      forEach.immediate(ids, (id) => remove.run({ id }))
    },
    retryLater: async (ids, notBeforeMs, reason) => {
      forEach.immediate(ids, (id) => putOff.run({ id, notBeforeMs, reason }))
    },
    bury: async (ids, reason) => {
      forEach.immediate(ids, (id) => putAside.run({ id, reason }))
    },
    stats: async () => {
      const count = (state: 'pending' | 'dead') =>
        kysely
          .selectFrom('outbox')
          .select((eb) => eb.fn.countAll<number>().as('count'))
          .where('state', '=', sql.lit(state))
      const { pending, dead } = await kysely
        .selectNoFrom([count('pending').as('pending'), count('dead').as('dead')])
        .executeTakeFirstOrThrow()
      const [oldest] = dueItems.ids(Number.MAX_VALUE, 1)
      const oldestPendingMs = oldest === undefined ? undefined : dueItems.read(oldest)?.created_ms
      return { pending: pending ?? 0, dead: dead ?? 0, oldestPendingMs }
    },
  }
}
