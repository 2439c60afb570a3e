/**
 * Finds what may be delivered now, oldest first, whether or not it was tried before.
 *
 * There may be a million items after a day without the destination, so no more of them is looked
 * at than necessary: those never tried have `not_before_ms` 0 and stand in the index in the order
 * of their ids; only those put off and due again are sorted, and they are few, since a
 * destination that fails is left alone as a whole.
 */
import { sql } from 'kysely'
import type { Connection } from './connection.ts'
import { prepare } from './prepared.ts'

export interface DueItem {
  readonly id: number
  readonly attempts: number
  readonly bytes: number
  readonly created_ms: number
  readonly payload_version: number
  readonly payload: string
}

/** What is known of an item without its payload. */
export interface ItemFacts {
  readonly id: number
  readonly bytes: number
  readonly created_ms: number
}

export interface DueItems {
  /** Ids of pending items whose time has come at `nowMs`, oldest first. */
  ids(nowMs: number, limit: number): readonly number[]
  read(id: number): DueItem | undefined
  /** The oldest pending items, whenever their time comes. */
  oldest(limit: number): readonly ItemFacts[]
}

interface Search {
  readonly nowMs: number
  readonly limit: number
}

export function createDueItems(connection: Connection): DueItems {
  const { kysely } = connection
  // A literal: SQLite uses a partial index only where it sees the index's condition.
  const pending = kysely.selectFrom('outbox').where('state', '=', sql.lit('pending'))

  const find = prepare(connection, ({ nowMs, limit }: Search) => {
    const untried = pending.select('id').where('not_before_ms', '=', 0)
    const dueAgain = pending
      .select('id')
      .where('not_before_ms', '>', 0)
      .where('not_before_ms', '<=', nowMs)
    const oldest = (query: typeof untried) =>
      kysely.selectFrom(query.orderBy('id').limit(limit).as('oldest')).select('id')
    return oldest(untried).unionAll(oldest(dueAgain)).orderBy('id').limit(limit)
  })
  const read = prepare(connection, ({ id }: { id: number }) =>
    kysely
      .selectFrom('outbox')
      .select(['id', 'attempts', 'bytes', 'created_ms', 'payload_version', 'payload'])
      .where('id', '=', id),
  )
  const facts = prepare(connection, ({ id }: { id: number }) =>
    kysely.selectFrom('outbox').select(['id', 'bytes', 'created_ms']).where('id', '=', id),
  )

  const ids = (nowMs: number, limit: number) => find.all({ nowMs, limit }).map(({ id }) => id)

  return {
    ids,
    read: (id) => read.get({ id }),
    oldest: (limit) => ids(Number.MAX_VALUE, limit).flatMap((id) => facts.get({ id }) ?? []),
  }
}
