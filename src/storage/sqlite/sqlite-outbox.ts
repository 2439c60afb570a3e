/**
 * The outbox over SQLite. What was delivered is deleted; what cannot be delivered stays, dead,
 * with its reason. A mark is durable when its promise resolves.
 */
import { sql } from 'kysely'
import type { Outbox, OutboxItem } from '../../domain/outbox.ts'
import type { Connection } from './connection.ts'
import { createDueItems } from './due-items.ts'
import { readEmission } from './emission-text.ts'
import type { StoreLog } from '../store-log.ts'
import type { OutboxTable } from './outbox-table.ts'
import type { Write } from './writer.ts'

interface SqliteOutboxDeps {
  readonly connection: Connection
  readonly table: OutboxTable
  readonly write: Write
  readonly log: StoreLog
}

export function createSqliteOutbox({ connection, table, write, log }: SqliteOutboxDeps): Outbox {
  const { kysely } = connection
  const dueItems = createDueItems(connection)

  /** One transaction for all: one flush to the disk. */
  async function forEach(ids: readonly number[], mark: (id: number) => void): Promise<void> {
    await write(() => {
      table.change(() => {
        for (const id of ids) mark(id)
      })
    })
  }

  /** What of the items can be read, up to about `maxBytes`; the others are put aside. */
  async function take(ids: readonly number[], maxBytes: number): Promise<OutboxItem[]> {
    const items: OutboxItem[] = []
    const unreadable = new Map<number, string>()
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
        unreadable.set(id, emission.error)
      }
    }
    await putAside(unreadable)
    return items
  }

  async function putAside(reasons: ReadonlyMap<number, string>): Promise<void> {
    if (reasons.size === 0) return
    await forEach([...reasons.keys()], (id) => table.putAside(id, reasons.get(id) ?? ''))
    for (const [outboxId, reason] of reasons) {
      log.warn({ outboxId, reason }, 'stored emission put aside')
    }
  }

  return {
    due: async (nowMs, maxItems, maxBytes) => {
      for (;;) {
        const ids = dueItems.ids(nowMs, maxItems)
        const items = await take(ids, maxBytes)
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
    delivered: (ids) => forEach(ids, (id) => table.remove(id)),
    retryLater: (ids, notBeforeMs, reason) =>
      forEach(ids, (id) => table.putOff(id, notBeforeMs, reason)),
    bury: (ids, reason) => forEach(ids, (id) => table.putAside(id, reason)),
    stats: async () => {
      const { pending, dead } = table.counts()
      const [oldest] = dueItems.oldest(1)
      return { pending, dead, oldestPendingMs: oldest?.created_ms }
    },
  }
}
