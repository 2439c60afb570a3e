/**
 * The bounds of the outbox, so that a Langfuse that never comes back does not fill the disk.
 *
 * Age: what has waited longer is put aside as dead, with the reason, and can be retried by
 * command. Size: what is beyond it is deleted, dead items first, then the oldest; the records
 * behind it stay in the store.
 */
import { sql } from 'kysely'
import type { Connection } from './connection.ts'
import type { DueItems } from './due-items.ts'
import type { OutboxTable } from './outbox-table.ts'
import { prepare } from './prepared.ts'
import type { Totals } from './totals.ts'

export interface OutboxBounds {
  /** 0 is no limit. */
  readonly maxAgeMs: number
  /** Of all payloads; 0 is no limit. */
  readonly maxBytes: number
}

export interface OutboxLimits {
  /** One slice; `more` while another may be needed. */
  enforce(nowMs: number): { readonly expired: number; readonly dropped: number; more: boolean }
  /** Items deleted for want of room since the database was made. */
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
      .selectFrom('outbox')
      .select(['id', 'bytes'])
      // A literal: SQLite uses a partial index only where it sees the index's condition.
      .where('state', '=', sql.lit('dead'))
      .orderBy('id')
      .limit(sql.lit(ITEMS_PER_SLICE)),
  )

  /** Of the oldest only: items are made in the order of their ids, more or less. */
  function expireOld(nowMs: number): number {
    if (bounds.maxAgeMs === 0) return 0
    const beforeMs = nowMs - bounds.maxAgeMs
    const old = dueItems.oldest(ITEMS_PER_SLICE).filter((item) => item.created_ms < beforeMs)
    if (old.length === 0) return 0
    const days = Math.round(bounds.maxAgeMs / 86_400_000)
    const reason = `waited longer than OUTBOX_MAX_AGE_DAYS (${days})`
    table.change(() => {
      for (const { id } of old) table.putAside(id, reason)
    })
    return old.length
  }

  function dropExcess(): number {
    let excess = bounds.maxBytes === 0 ? 0 : table.counts().bytes - bounds.maxBytes
    if (excess <= 0) return 0
    const deadOnes = dead.all({})
    const candidates = deadOnes.length > 0 ? deadOnes : dueItems.oldest(ITEMS_PER_SLICE)
    return table.change(() => {
      let dropped = 0
      let droppedBytes = 0
      for (const { id, bytes } of candidates) {
        if (excess <= 0 || droppedBytes > BYTES_PER_SLICE) break
        table.remove(id)
        excess -= bytes
        droppedBytes += bytes
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
