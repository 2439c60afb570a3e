/** Sessions of which something still waits to be delivered, and how much waits altogether. */
import { sql } from 'kysely'
import { prepare } from '../prepared.ts'
import type { ReadConnection } from '../read-connection.ts'

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
  const keys = prepare(connection, () =>
    kysely.selectFrom('outbox').select('session_key').distinct().where(pending),
  )
  const counts = prepare(connection, () =>
    kysely
      .selectFrom('outbox')
      .select(({ fn }) => ['state', fn.countAll<number>().as('items')])
      .select(({ fn }) => fn.min<number | null>('created_ms').as('oldest_ms'))
      .groupBy('state'),
  )
  return {
    keys: () => new Set(keys.all({}).map((row) => row.session_key)),
    counts: () => {
      const rows = counts.all({})
      const of = (state: 'pending' | 'dead') => rows.find((row) => row.state === state)
      return {
        pending: of('pending')?.items ?? 0,
        dead: of('dead')?.items ?? 0,
        oldestPendingMs: of('pending')?.oldest_ms ?? undefined,
      }
    },
  }
}
