/** What sessions can be told apart by: who, where, with what. */
import { sql } from 'kysely'
import type { ReadConnection } from '../connection.ts'
import type { FacetReader } from '../../store-reader.ts'
import type { Owner } from '../../../domain/access.ts'
import { ownedBy, sessionsMatching } from './session-filter.ts'
import { inQuestion } from './session-list.ts'
import { sound } from './sound-figures.ts'

export function createFacetQueries({ kysely }: ReadConnection): FacetReader {
  /** From one value to the next one, a search in the index each: there are few values in many rows. */
  async function attributeKeys(limit: number): Promise<readonly string[]> {
    const { rows } = await sql<{ key: string | null }>`
      with recursive known(key) as (
        select min(key) from session_attributes
        union all
        select (select min(key) from session_attributes where key > known.key)
        from known where known.key is not null
      )
      select key from known where key is not null limit ${limit}`.execute(kysely)
    return rows.flatMap(({ key }) => (key === null ? [] : [key]))
  }

  async function ownedAttributeKeys(limit: number, owner: Owner): Promise<readonly string[]> {
    const rows = await kysely
      .selectFrom('session_attributes')
      .select('key')
      .distinct()
      .where('session_ref', 'in', ownedBy(kysely.selectFrom('sessions'), owner).select('id'))
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
    // To group them here takes three times as long as to add them up elsewhere.
    sessions: async (filter, { fromId, toId, ...range }) => {
      const rows = await inQuestion(sessionsMatching(kysely, filter), { ...range, state: 'any' })
        .select(['agent', 'project', 'team', 'user_id', sound('cost_usd', 'usd').as('cost_usd')])
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
      const query = models.orderBy('model').limit(limit)
      const asked =
        owner === undefined
          ? query
          : query.where(
              'session_ref',
              'in',
              ownedBy(kysely.selectFrom('sessions'), owner).select('id'),
            )
      return (await asked.execute()).map(({ model }) => model)
    },
  }
}
