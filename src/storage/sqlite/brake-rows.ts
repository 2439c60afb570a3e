/** What the ledger and the brake of budgets read, and the overrides that are stored, over SQLite. */
import { sql } from 'kysely'
import type { BrakeStore } from '../../domain/budget-brake.ts'
import { overrideOf } from '../stored-access.ts'
import type { Connection } from './connection.ts'
import { type NewRow, prepare } from './prepared.ts'
import { sound } from './queries/sound-figures.ts'
import { createSpentGroups } from './queries/spent-groups.ts'
import type { Write } from './writer.ts'

export function createBrakeRows(connection: Connection, write: Write): BrakeStore {
  const { kysely } = connection
  const spending = createSpentGroups(connection, 'quarters')
  const overrides = prepare(connection, ({ nowMs }: { nowMs: number }) =>
    kysely.selectFrom('budget_overrides').selectAll().where('until_ms', '>', nowMs).orderBy('id'),
  )
  const insert = prepare(connection, (row: NewRow<'budget_overrides'>) =>
    kysely.insertInto('budget_overrides').values(row),
  )

  return {
    spending: async (span) => spending(span),
    knownSessions: async ({ sinceMs, limit }) => {
      const known = kysely
        .selectFrom('sessions')
        .select([
          ...(['session_key as key', 'agent', 'user_id', 'team', 'project', 'updated_ms'] as const),
          sound('cost_usd', 'usd').as('cost_usd'),
          sound('estimated_usd', 'usd').as('estimated_usd'),
        ])
        .where('is_empty', '=', sql.lit(0))
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
    overrides: async (nowMs) => overrides.all({ nowMs }).map(overrideOf),
    addOverride: async ({ scope, subject, untilMs, createdMs, createdBy }) => {
      const row = {
        scope: scope ?? null,
        subject: subject ?? null,
        until_ms: untilMs,
        created_ms: createdMs,
        created_by: createdBy,
      }
      await write(() => insert.run(row))
    },
  }
}
