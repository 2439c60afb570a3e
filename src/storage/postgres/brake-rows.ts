/** What the ledger and the brake of budgets read, and the overrides that are stored, over PostgreSQL. */
import { sql } from 'kysely'
import type { BrakeStore } from '../../domain/budget-brake.ts'
import { overrideOf } from '../stored-access.ts'
import type { Database } from './connection.ts'
import { usd } from './queries/figures.ts'
import { spentGroups } from './queries/spending.ts'
import { optionalText, plainText } from './stored-values.ts'
import type { Write } from './writer.ts'

export function createBrakeRows(database: Database, write: Write): BrakeStore {
  const { kysely } = database
  return {
    spending: (span) => spentGroups(database, span, 'quarters'),
    knownSessions: async ({ sinceMs, limit }) => {
      const known = kysely
        .selectFrom('sessions')
        .select(['session_key as key', 'agent', 'user_id', 'team', 'project', 'updated_ms'])
        .select([usd('cost_nanousd').as('cost_usd'), usd('estimated_nanousd').as('estimated_usd')])
        .where('is_empty', '=', sql.lit(false))
      const open = known.where('deadline_ms', 'is not', sql.lit(null))
      const closed = known
        .where('deadline_ms', 'is', sql.lit(null))
        .where('updated_ms', '>=', sinceMs)
      const rows = await open.unionAll(closed).orderBy('updated_ms', 'desc').limit(limit).execute()
      return rows.map(({ key, agent, user_id, team, project, cost_usd, estimated_usd }) => ({
        key,
        agent,
        userId: user_id ?? undefined,
        team: team ?? undefined,
        project: project ?? undefined,
        costUsd: cost_usd ?? 0,
        estimatedUsd: estimated_usd ?? 0,
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
