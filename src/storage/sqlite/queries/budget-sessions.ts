/** Sessions that a budget for one session is shown for. */
import { sql } from 'kysely'
import type { ReadConnection } from '../connection.ts'
import type { BudgetReader } from '../../store-reader.ts'
import { sessionsOf } from '../../shared/session-filter.ts'
import { sound } from './sound-figures.ts'

export function createBudgetSessions({ shared }: ReadConnection): BudgetReader['sessions'] {
  return async ({ sinceMs, leastUsd, limit, owner, of, subject }) => {
    const column = of === 'user' ? 'user_id' : of
    const cost = sound('cost_usd', 'usd')
    const told = sessionsOf(shared, owner)
      .select(['session_key as key', 'title', cost.as('costUsd')])
      .where(shared.dialect.isEventful)
      .$if(column !== undefined, (query) =>
        subject === undefined
          ? query.where(sql.ref(column ?? ''), 'is not', null)
          : query.where(sql.ref(column ?? ''), '=', subject),
      )
    const open = told.where('deadline_ms', 'is not', sql.lit(null))
    const closed = told
      .where('deadline_ms', 'is', sql.lit(null))
      // The index of closed sessions is on this; something that came in was written then, too.
      .where('updated_ms', '>=', sinceMs)
      .where('last_ms', '>=', sinceMs)
      .where(cost, '>=', leastUsd)
    const rows = await open
      .unionAll(closed)
      .orderBy('costUsd', 'desc')
      .orderBy('key')
      .limit(limit)
      .execute()
    return rows.map(({ key, title, costUsd }) => {
      return { key, title: title ?? undefined, costUsd: costUsd ?? 0 }
    })
  }
}
