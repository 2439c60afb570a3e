/** What sessions can be told apart by: who, where, with what. */
import { sql } from 'kysely'
import type { FacetReader } from '../../store-reader.ts'
import type { Database } from '../connection.ts'
import { usd } from './figures.ts'
import { inQuestion, sessionsMatching } from './session-filter.ts'

export function createFacetReader(database: Database): FacetReader {
  const { kysely } = database
  return {
    // Sent as they are, since whoever asks adds up the same rows in four ways.
    sessions: async (filter, { fromId, toId, ...range }) => {
      const rows = await inQuestion(sessionsMatching(kysely, filter), { ...range, state: 'any' })
        .select(['agent', 'project', 'team', 'user_id', usd('cost_nanousd').as('cost_usd')])
        .where('sessions.id', '>=', fromId)
        .where('sessions.id', '<', toId)
        .execute()
      return rows.map(({ agent, project, team, user_id, cost_usd }) => ({
        agent,
        project: project ?? undefined,
        team: team ?? undefined,
        userId: user_id ?? undefined,
        costUsd: cost_usd ?? 0,
      }))
    },
    /** From one key to the next one, a search in the index each: there are few of them in many rows. */
    attributeKeys: async (limit) => {
      const rows = await database.query<{ key: string }>(
        `with recursive known(key) as (
           select min(key) from session_attributes
           union all
           select (select min(key) from session_attributes where key > known.key)
           from known where known.key is not null
         )
         select key from known where key is not null limit $1`,
        [limit],
      )
      return rows.map(({ key }) => key)
    },
    models: async (limit) => {
      const { rows } = await sql<{ model: string }>`
        select distinct model from model_usage order by model limit ${limit}`.execute(kysely)
      return rows.map(({ model }) => model)
    },
  }
}
