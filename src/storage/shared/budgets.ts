/** Budgets that commands defined, and the sessions that a budget for one session is shown for. */
import { sql } from 'kysely'
import type { Budget } from '../../domain/managed-budget.ts'
import { budgetOf } from '../stored-alerts.ts'
import type { BudgetReader } from '../store-reader.ts'
import type { SharedTables } from './dialect.ts'
import { sessionsOf } from './session-filter.ts'

/** By name. */
export async function listBudgets({ kysely }: SharedTables): Promise<readonly Budget[]> {
  const rows = await kysely.selectFrom('budgets').selectAll().orderBy('name').execute()
  return rows.map(budgetOf)
}

export function readBudgetSessions(tables: SharedTables): BudgetReader['sessions'] {
  const { text, usd, isEventful } = tables.dialect
  return async ({ sinceMs, leastUsd, limit, owner, of, subject }) => {
    const column = of === 'user' ? 'user_id' : of
    const cost = sql<number>`coalesce(${usd('cost')}, 0)`
    const told = sessionsOf(tables, owner)
      .select(['session_key as key', 'title', cost.as('costUsd')])
      .where(isEventful)
      .$if(column !== undefined, (query) =>
        subject === undefined
          ? query.where(sql.ref(column ?? ''), 'is not', null)
          : query.where(sql.ref(column ?? ''), '=', text(subject)),
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
    return rows.map(({ key, title, costUsd }) => ({ key, title: title ?? undefined, costUsd }))
  }
}
