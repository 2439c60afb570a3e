/** What sessions can be told apart by: who, where, with what. */
import { sql } from 'kysely'
import type { Owner } from '../../domain/access.ts'
import type { FacetReader } from '../store-reader.ts'
import type { SharedTables } from './dialect.ts'
import { inQuestion, sessionsMatching, sessionsOf } from './session-filter.ts'

export function createFacetReader(tables: SharedTables): FacetReader {
  const { kysely, dialect } = tables
  const ownedIds = (owner: Owner) => sessionsOf(tables, owner).select('id')

  /** From one key to the next one, a search in the index each: there are few of them in many rows. */
  async function attributeKeys(limit: number): Promise<readonly string[]> {
    const { rows } = await sql<{ key: string }>`
      with recursive known(key) as (
        select min(key) from session_attributes
        union all
        select (select min(key) from session_attributes where key > known.key)
        from known where known.key is not null
      )
      select key from known where key is not null limit ${limit}`.execute(kysely)
    return rows.map(({ key }) => key)
  }

  async function ownedAttributeKeys(limit: number, owner: Owner): Promise<readonly string[]> {
    const rows = await kysely
      .selectFrom('session_attributes')
      .select('key')
      .distinct()
      .where('session_ref', 'in', ownedIds(owner))
      .orderBy('key')
      .limit(limit)
      .execute()
    return rows.map(({ key }) => key)
  }

  return {
    endId: async () => {
      const newest = await kysely
        .selectFrom('sessions')
        .select(({ fn }) => fn.max<number | null>('id').as('id'))
        .executeTakeFirst()
      return (newest?.id ?? 0) + 1
    },
    // As they are: whoever asks adds up the same rows in four ways, which takes a third of grouping them here.
    sessions: async (filter, { fromId, toId, ...range }) => {
      const rows = await inQuestion(sessionsMatching(tables, filter), { ...range, state: 'any' })
        .select(['agent', 'project', 'team', 'user_id', dialect.usd('cost').as('cost_usd')])
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
    attributeKeys: (limit, owner) =>
      owner === undefined ? attributeKeys(limit) : ownedAttributeKeys(limit, owner),
    models: async (limit, owner) => {
      const models = kysely.selectFrom('model_usage').select('model').distinct()
      const asked =
        owner === undefined ? models : models.where('session_ref', 'in', ownedIds(owner))
      const rows = await asked.orderBy('model').limit(limit).execute()
      return rows.map(({ model }) => model)
    },
  }
}
