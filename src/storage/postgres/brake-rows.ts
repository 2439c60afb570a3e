/** What the brake of budgets reads, and the overrides that it stores, over PostgreSQL. */
import { sql } from 'kysely'
import { type BrakeStore, toldUsd } from '../../domain/budget-brake.ts'
import { overrideOf } from '../stored-access.ts'
import { addSpending, type DaySpending } from '../day-spending.ts'
import type { Database } from './connection.ts'
import { usd, usdSum, wholeSpan } from './queries/figures.ts'
import { optionalText, plainText } from './stored-values.ts'
import type { Write } from './writer.ts'

export function createBrakeRows(database: Database, write: Write): BrakeStore {
  const { kysely } = database
  return {
    toldOn: async (asked) => {
      const { fromMs, toMs } = wholeSpan(asked)
      const sums = await kysely
        .selectFrom('model_usage')
        .innerJoin('sessions', 'sessions.id', 'session_ref')
        .select([
          'user_id',
          'team',
          usdSum('model_usage.cost_nanousd').as('cost_usd'),
          usdSum('model_usage.estimated_nanousd').as('estimated_usd'),
        ])
        .where('bucket_ms', '>=', fromMs)
        .where('bucket_ms', '<', toMs)
        .groupBy(['user_id', 'team'])
        .execute()
      const day: DaySpending = { totalUsd: 0, users: new Map(), teams: new Map() }
      for (const { user_id, team, cost_usd, estimated_usd } of sums) {
        const costUsd = toldUsd({ costUsd: cost_usd, estimatedUsd: estimated_usd })
        addSpending(day, { userId: user_id ?? undefined, team: team ?? undefined }, costUsd)
      }
      return day
    },
    toldSessions: async ({ sinceMs, limit }) => {
      const told = kysely
        .selectFrom('sessions')
        .select(['session_key as key', 'user_id', 'team', 'updated_ms'])
        .select([usd('cost_nanousd').as('cost_usd'), usd('estimated_nanousd').as('estimated_usd')])
        .where('is_empty', '=', sql.lit(false))
      const open = told.where('deadline_ms', 'is not', sql.lit(null))
      const closed = told
        .where('deadline_ms', 'is', sql.lit(null))
        .where('updated_ms', '>=', sinceMs)
      const rows = await open.unionAll(closed).orderBy('updated_ms', 'desc').limit(limit).execute()
      return rows.map(({ key, user_id, team, cost_usd, estimated_usd }) => ({
        key,
        userId: user_id ?? undefined,
        team: team ?? undefined,
        toldUsd: toldUsd({ costUsd: cost_usd ?? 0, estimatedUsd: estimated_usd ?? 0 }),
      }))
    },
    overrides: async (nowMs) => {
      const rows = await kysely
        .selectFrom('budget_overrides')
        .selectAll()
        .where('until_ms', '>', nowMs)
        .orderBy('id')
        .execute()
      return rows.map(overrideOf)
    },
    addOverride: async ({ scope, subject, untilMs, createdMs, createdBy }) => {
      await write(() =>
        database.run(
          `insert into budget_overrides (scope, subject, until_ms, created_ms, created_by)
           values ($1, $2, $3, $4, $5)`,
          [scope ?? null, optionalText(subject), untilMs, createdMs, plainText(createdBy)],
        ),
      )
    },
  }
}
