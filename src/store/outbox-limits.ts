/**
 * The bounds of the outbox, so that a Langfuse that never comes back does not fill the disk.
 *
 * Age: what has waited longer is put aside as dead, with the reason, and can be retried by
 * command. Size: what is beyond it is deleted, dead items first, then the oldest; the records
 * behind it stay in the store.
 */
import { sql } from 'kysely'
import type { Connection } from './connection.ts'
import { prepare } from './prepared.ts'

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

const ITEMS_PER_SLICE = 200
const DROPPED = 'outbox_dropped'

export function createOutboxLimits(connection: Connection, bounds: OutboxBounds): OutboxLimits {
  const { handle, kysely } = connection

  const expire = prepare(connection, ({ beforeMs, reason }: { beforeMs: number; reason: string }) =>
    kysely
      .updateTable('outbox')
      .set({ state: sql.lit('dead'), reason })
      .where('id', 'in', (eb) =>
        // Of the oldest only: items are made in the order of their ids, more or less.
        eb
          .selectFrom(
            eb
              .selectFrom('outbox')
              .select(['id', 'created_ms'])
              .where('state', '=', sql.lit('pending'))
              .orderBy('id')
              .limit(sql.lit(ITEMS_PER_SLICE))
              .as('oldest'),
          )
          .select('id')
          .where('created_ms', '<', beforeMs),
      ),
  )
  // A literal: SQLite uses a partial index only where it sees the index's condition.
  const sizeOf = (state: 'dead' | 'pending') =>
    prepare(connection, () =>
      kysely
        .selectFrom('outbox')
        .select((eb) => eb.fn.sum<number | null>('bytes').as('bytes'))
        .where('state', '=', sql.lit(state)),
    )
  const pendingSize = sizeOf('pending')
  const deadSize = sizeOf('dead')
  const bytesOf = (size: ReturnType<typeof sizeOf>): number => size.get({})?.bytes ?? 0
  const oldest = (state: 'dead' | 'pending') =>
    prepare(connection, () =>
      kysely
        .selectFrom('outbox')
        .select(['id', 'bytes'])
        .where('state', '=', sql.lit(state))
        .orderBy('id')
        .limit(sql.lit(ITEMS_PER_SLICE)),
    )
  const oldestDead = oldest('dead')
  const oldestPending = oldest('pending')
  const remove = prepare(connection, ({ id }: { id: number }) =>
    kysely.deleteFrom('outbox').where('id', '=', id),
  )
  const addDropped = prepare(connection, ({ count }: { count: number }) =>
    kysely
      .insertInto('totals')
      .values({ name: DROPPED, value: count })
      .onConflict((conflict) =>
        conflict.column('name').doUpdateSet((eb) => ({
          value: eb('totals.value', '+', eb.ref('excluded.value')),
        })),
      ),
  )
  const readDropped = prepare(connection, () =>
    kysely.selectFrom('totals').select('value').where('name', '=', DROPPED),
  )

  const dropExcess = handle.transaction((): number => {
    let excess = bytesOf(pendingSize) + bytesOf(deadSize) - bounds.maxBytes
    let dropped = 0
    const dead = excess > 0 ? oldestDead.all({}) : []
    const candidates = excess > 0 && dead.length === 0 ? oldestPending.all({}) : dead
    for (const { id, bytes } of candidates) {
      if (excess <= 0) break
      remove.run({ id })
      excess -= bytes
      dropped += 1
    }
    if (dropped > 0) addDropped.run({ count: dropped })
    return dropped
  })

  function expireOld(nowMs: number): number {
    if (bounds.maxAgeMs === 0) return 0
    const days = Math.round(bounds.maxAgeMs / 86_400_000)
    const reason = `waited longer than OUTBOX_MAX_AGE_DAYS (${days})`
    return expire.run({ beforeMs: nowMs - bounds.maxAgeMs, reason }).changes
  }

  return {
    enforce: (nowMs) => {
      const expired = expireOld(nowMs)
      const dropped = bounds.maxBytes === 0 ? 0 : dropExcess.immediate()
      return { expired, dropped, more: expired + dropped > 0 }
    },
    dropped: () => readDropped.get({})?.value ?? 0,
  }
}
