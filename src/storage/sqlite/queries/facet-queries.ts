/** What sessions can be told apart by: who, where, with what. */
import { sql } from 'kysely'
import type { ReadConnection } from '../connection.ts'
import { type SessionFilter, sessionsMatching } from './session-filter.ts'
import { inQuestion } from './session-list.ts'
import { sound } from './sound-figures.ts'

/** Who and where a session is, with what it cost. */
export interface SessionFacets {
  readonly agent: string
  readonly project: string | null
  readonly team: string | null
  readonly user_id: string | null
  readonly cost_usd: number | null
}

export interface FacetRange {
  readonly fromMs: number | undefined
  readonly toMs: number | undefined
  /** Ids of sessions, from this on and before that. */
  readonly fromId: number
  readonly toId: number
}

export interface FacetQueries {
  /** One by one: to group them here takes three times as long as to add them up. */
  sessions(filter: SessionFilter, range: FacetRange): Promise<readonly SessionFacets[]>
  /** Keys of resource attributes and labels, at most `limit`. */
  attributeKeys(limit: number): Promise<readonly string[]>
  /** The models ever called, at most `limit`. */
  models(limit: number): Promise<readonly string[]>
}

export function createFacetQueries({ kysely }: ReadConnection): FacetQueries {
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

  return {
    sessions: async (filter, { fromId, toId, ...range }) =>
      inQuestion(sessionsMatching(kysely, filter), { ...range, state: 'any' })
        .select(['agent', 'project', 'team', 'user_id', sound('cost_usd', 'usd').as('cost_usd')])
        .where('sessions.id', '>=', fromId)
        .where('sessions.id', '<', toId)
        .execute(),
    attributeKeys,
    models: async (limit) => {
      const query = kysely.selectFrom('model_usage').select('model').distinct().limit(limit)
      return (await query.execute()).map(({ model }) => model)
    },
  }
}
