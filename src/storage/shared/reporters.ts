/** Who reports: users and their agents, the most recently active first. */
import { sql } from 'kysely'
import type { FleetReader } from '../store-reader.ts'
import type { SharedTables } from './dialect.ts'
import { sessionsMatching } from './session-filter.ts'

const EVERYONE = { attributes: [] }

export function readReporters(tables: SharedTables): FleetReader['reporters'] {
  return async (sinceMs, limit) => {
    const groups = sessionsMatching(tables, EVERYONE)
      .where('last_ms', '>=', sinceMs)
      .groupBy(['user_id', 'agent'])
      .select((eb) => [
        'user_id',
        'agent',
        eb.fn.countAll<number>().as('sessions'),
        sql<number | null>`min(first_ms)`.as('first_ms'),
        sql<number>`max(last_ms)`.as('last_ms'),
        sql<number>`max(sessions.id)`.as('newest_id'),
      ])
    const rows = await tables.kysely
      .selectFrom(groups.as('reporters'))
      .innerJoin('sessions', 'sessions.id', 'reporters.newest_id')
      .select(['reporters.user_id', 'reporters.agent', 'reporters.sessions'])
      .select(['reporters.first_ms', 'reporters.last_ms', 'reporters.newest_id'])
      .select('sessions.team')
      .orderBy('reporters.last_ms', 'desc')
      .orderBy('reporters.newest_id', 'desc')
      .limit(limit)
      .execute()
    return rows.map((row) => ({
      userId: row.user_id ?? undefined,
      team: row.team ?? undefined,
      agent: row.agent,
      sessions: row.sessions,
      firstMs: row.first_ms ?? row.last_ms,
      lastMs: row.last_ms,
      newestSessionId: row.newest_id,
    }))
  }
}
