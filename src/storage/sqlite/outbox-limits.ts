/**
 * The bounds of the outbox, so that a server that never comes back does not fill the disk.
 *
 * Age: what has waited longer is put aside as dead, with the reason, and can be retried by
 * command. Size: what is beyond it is deleted, dead items first, then the oldest; the records
 * behind it stay in the store.
 */
import { sql } from 'kysely'
import type { OutboxBounds } from '../store.ts'
import type { Connection } from './connection.ts'
import type { DueItems } from './due-items.ts'
import type { OutboxTable } from './outbox-table.ts'
import { prepare } from './prepared.ts'
import type { Totals } from './totals.ts'

export interface OutboxLimits {
  /** One slice; `more` while another may be needed. */
  enforce(nowMs: number): { readonly expired: number; readonly dropped: number; more: boolean }
  /** Items deleted for lack of space since the database was made. */
  dropped(): number
}

interface OutboxLimitsDeps {
  readonly connection: Connection
  readonly table: OutboxTable
  readonly dueItems: DueItems
  readonly totals: Totals
  readonly bounds: OutboxBounds
}

const ITEMS_PER_SLICE = 200
/** Freeing the pages of large payloads takes time, too. */
const BYTES_PER_SLICE = 4 * 1024 * 1024

export function createOutboxLimits(deps: OutboxLimitsDeps): OutboxLimits {
  const { connection, table, dueItems, totals, bounds } = deps
  const dead = prepare(connection, () =>
    connection.kysely
      .selectFrom('outbox_exceptions')
      .select('outbox_id as id')
      .where('state', '=', sql.lit('dead'))
      .orderBy('outbox_id')
      .limit(sql.lit(ITEMS_PER_SLICE)),
  )
  const oldest = prepare(connection, () =>
    connection.kysely
      .selectFrom('outbox')
      .select('id')
      .orderBy('id')
      .limit(sql.lit(ITEMS_PER_SLICE)),
  )

  /** Of the oldest only: items are made in the order of their ids, more or less. */
  function expireOld(nowMs: number): number {
    if (bounds.maxAgeMs === 0) return 0
    const beforeMs = nowMs - bounds.maxAgeMs
    const days = Math.round(bounds.maxAgeMs / 86_400_000)
    const reason = `waited longer than OUTBOX_MAX_AGE_DAYS (${days})`
    let expired = 0
    for (const queue of table.queues()) {
      const old = dueItems
        .oldest(queue, ITEMS_PER_SLICE)
        .filter((item) => item.created_ms < beforeMs)
        .map(({ id }) => id)
      if (old.length > 0) table.change(() => table.putAside(queue, old, reason))
      expired += old.length
    }
    return expired
  }

  /** What is dead goes first, though an item frees nothing while another exporter waits for it. */
  function dropExcess(): number {
    const isOver = () => table.counts().bytes > bounds.maxBytes
    if (bounds.maxBytes === 0 || !isOver()) return 0
    const floor = table.counts().bytes - BYTES_PER_SLICE
    const deadOnes = dead.all({})
    const candidates = deadOnes.length > 0 ? deadOnes : oldest.all({})
    return table.change(() => {
      let dropped = 0
      for (const { id } of candidates) {
        if (!isOver() || table.counts().bytes < floor) break
        if (deadOnes.length > 0) table.dropDead(id)
        else table.discard(id)
        dropped += 1
      }
      totals.add('outbox_dropped', dropped)
      return dropped
    })
  }

  return {
    enforce: (nowMs) => {
      const expired = expireOld(nowMs)
      const dropped = dropExcess()
      return { expired, dropped, more: expired + dropped > 0 }
    },
    dropped: () => totals.get('outbox_dropped'),
  }
}
