/**
 * The outbox over SQLite, as the lanes of exporters see it. An item goes when every exporter has
 * delivered it; what cannot be delivered stays, dead, with its reason. A mark is durable when its
 * promise resolves.
 */
import type { Outbox, OutboxItem } from '../../domain/outbox.ts'
import type { StoreLog } from '../store-log.ts'
import type { DueItems } from './due-items.ts'
import { readEmission } from '../emission-text.ts'
import type { Queue } from '../outbox-queues.ts'
import type { OutboxTable } from './outbox-table.ts'
import type { Write } from './writer.ts'

interface SqliteOutboxDeps {
  readonly table: OutboxTable
  readonly dueItems: DueItems
  readonly write: Write
  readonly log: StoreLog
}

export function createSqliteOutbox(deps: SqliteOutboxDeps, queue: Queue): Outbox {
  const { table, dueItems, write, log } = deps

  /** One transaction for all: one flush to the disk. */
  async function mark(ids: readonly number[], change: () => void): Promise<void> {
    if (ids.length > 0) await write(() => table.change(change))
  }

  /** What of the items can be read, up to about `maxBytes`; the others are put aside. */
  async function take(found: ReturnType<DueItems['ids']>, maxBytes: number): Promise<OutboxItem[]> {
    const items: OutboxItem[] = []
    const unreadable: (readonly [number, string])[] = []
    let bytes = 0
    for (const { id, attempts } of found) {
      const item = dueItems.read(id)
      if (item === undefined) continue
      if (items.length > 0 && bytes + item.bytes > maxBytes) break
      const emission = readEmission(item.payload, item.payload_version)
      if (emission.ok) {
        items.push({ id, emission: emission.value, attempts })
        bytes += item.bytes
      } else {
        unreadable.push([id, emission.error])
      }
    }
    await putAside(unreadable)
    return items
  }

  async function putAside(unreadable: readonly (readonly [number, string])[]): Promise<void> {
    await mark(
      unreadable.map(([id]) => id),
      () => {
        for (const [id, reason] of unreadable) table.putAside(queue, [id], reason)
      },
    )
    for (const [outboxId, reason] of unreadable) {
      log.warn(
        { exporter: queue.exporter, outboxId, reason },
        'stored emission is unreadable, moved it to the dead items',
      )
    }
  }

  return {
    due: async (nowMs, maxItems, maxBytes) => {
      for (;;) {
        const found = dueItems.ids(queue, nowMs, maxItems)
        const items = await take(found, maxBytes)
        // Nothing could be read of these: they are dead now, the next may be better.
        if (items.length > 0 || found.length === 0) return items
      }
    },
    nextDueMs: async () => dueItems.nextDueMs(queue),
    // The folder's lock keeps others out.
    isHeldByLeaving: async () => false,
    delivered: (ids) => mark(ids, () => table.delivered(queue, ids)),
    retryLater: (ids, notBeforeMs, reason) =>
      mark(ids, () => table.putOff(queue, ids, notBeforeMs, reason)),
    bury: (ids, reason) => mark(ids, () => table.putAside(queue, ids, reason)),
    stats: async () => {
      const counts = table
        .counts()
        .queues.find(({ exporter, kind }) => exporter === queue.exporter && kind === queue.kind)
      const [oldest] = dueItems.oldest(queue, 1)
      return {
        pending: counts?.pending ?? 0,
        dead: counts?.dead ?? 0,
        oldestPendingMs: oldest?.created_ms,
      }
    },
  }
}
