/** What the brake of budgets reads of sessions, and the overrides that are in force. */
import { sql } from 'kysely'
import type { BrakeStore } from '../../domain/budget-brake.ts'
import { overrideOf } from '../stored-access.ts'
import type { SharedTables } from './dialect.ts'

export function createBrakeReader({
  kysely,
  dialect,
}: SharedTables): Pick<BrakeStore, 'knownSessions' | 'overrides'> {
  return {
    knownSessions: async ({ sinceMs, limit }) => {
      const known = kysely
        .selectFrom('sessions')
        .select(['session_key as key', 'agent', 'user_id', 'team', 'project', 'updated_ms'])
        .select([dialect.usd('cost').as('cost_usd'), dialect.usd('estimated').as('estimated_usd')])
        .where(dialect.isEventful)
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
  }
}
