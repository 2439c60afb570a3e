/** Sessions of which something still waits to be delivered, and how much waits altogether. */
import { sql } from 'kysely'
import { prepare } from '../prepared.ts'
import type { ReadConnection } from '../connection.ts'

export interface WaitingCounts {
  readonly pending: number
  readonly dead: number
  readonly oldestPendingMs: number | undefined
}

export interface WaitingSessions {
  /** Their keys. */
  keys(): ReadonlySet<string>
  counts(): WaitingCounts
}

export function createWaitingSessions(connection: ReadConnection): WaitingSessions {
  const { kysely } = connection
  const pending = sql<boolean>`state = 'pending'`
  const dead = sql<boolean>`state = 'dead'`
  const keys = prepare(connection, () =>
    kysely.selectFrom('outbox').select('session_key').distinct().where(pending),
  )
  /** Off the partial indexes: there may be a million items, whose rows hold their payloads. */
  const counts = prepare(connection, () => {
    const count = (which: typeof pending) =>
      kysely
        .selectFrom('outbox')
        .select(({ fn }) => fn.countAll<number>().as('items'))
        .where(which)
    const oldest = kysely
      .selectFrom('outbox')
      .select(({ fn }) => fn.min<number>('id').as('id'))
      .where(pending)
    return kysely.selectNoFrom([
      count(pending).as('pending'),
      count(dead).as('dead'),
      kysely.selectFrom('outbox').select('created_ms').where('id', '=', oldest).as('oldest_ms'),
    ])
  })
  return {
    keys: () => new Set(keys.all({}).map((row) => row.session_key)),
    counts: () => {
      const found = counts.get({})
      return {
        pending: found?.pending ?? 0,
        dead: found?.dead ?? 0,
        oldestPendingMs: found?.oldest_ms ?? undefined,
      }
    },
  }
}
