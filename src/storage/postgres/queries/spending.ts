/** What was spent, for budgets; and what metrics alone tell of it. */
import { sql } from 'kysely'
import { addSpending, type DaySpending } from '../../day-spending.ts'
import type { BudgetReader, EventGapReader } from '../../store-reader.ts'
import type { Database } from '../connection.ts'
import { plainText } from '../stored-values.ts'
import { usd, usdSum, wholeSpan } from './figures.ts'
import { ownedBy } from './session-filter.ts'

export function createBudgetReader({ kysely }: Database): BudgetReader {
  return {
    /** Off the usage rows, as all reports. */
    spendingOf: async (asked, owner) => {
      const { fromMs, toMs } = wholeSpan(asked)
      const sums = await kysely
        .selectFrom('model_usage')
        .innerJoin('sessions', 'sessions.id', 'session_ref')
        .select(['user_id', 'team', usdSum('model_usage.cost_nanousd').as('cost_usd')])
        .where('bucket_ms', '>=', fromMs)
        .where('bucket_ms', '<', toMs)
        .$if(owner?.team !== undefined, (query) =>
          query.where('owner_team', '=', plainText(owner?.team ?? '')),
        )
        .$if(owner?.user !== undefined, (query) =>
          query.where('owner_user', '=', plainText(owner?.user ?? '')),
        )
        .groupBy(['user_id', 'team'])
        .execute()
      const day: DaySpending = { totalUsd: 0, users: new Map(), teams: new Map() }
      for (const { user_id, team, cost_usd } of sums) {
        addSpending(day, { userId: user_id ?? undefined, team: team ?? undefined }, cost_usd)
      }
      return day
    },
    sessions: async ({ sinceMs, leastUsd, limit, owner }) => {
      const cost = sql<number>`coalesce(${usd('cost_nanousd')}, 0)`
      const told = ownedBy(kysely.selectFrom('sessions'), owner)
        .select(['session_key as key', 'title', cost.as('costUsd')])
        .where('is_empty', '=', sql.lit(false))
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
    },
  }
}

export function createEventGapReader({ kysely }: Database): EventGapReader {
  return {
    since: async (ms) => {
      const { sessions, metrics_usd } = await kysely
        .selectFrom('sessions')
        .select((eb) => [
          eb.fn.countAll<number>().as('sessions'),
          usdSum('metrics_nanousd').as('metrics_usd'),
        ])
        .where('last_ms', '>=', ms)
        .where('metrics_nanousd', '>', 0)
        .executeTakeFirstOrThrow()
      return { sessions, metricsUsd: metrics_usd }
    },
  }
}
