/**
 * Sessions by a part of what is known of them. Looks at some sessions at a time, since there is no
 * index of the words in prompts: it would cost every prompt more than searching does.
 */
import { type Expression, type SqlBool, sql } from 'kysely'
import { type Prepared, prepare } from '../prepared.ts'
import type { ReadConnection } from '../connection.ts'
import type { SessionSearch } from '../../store-reader.ts'

const OWN_COLUMNS = ['session_id', 'title', 'user_id', 'project', 'team']

type Found = { readonly id: number }

export function createSessionSearch(connection: ReadConnection): SessionSearch {
  const { kysely } = connection
  const newest = prepare(connection, () =>
    kysely.selectFrom('sessions').select(({ fn }) => fn.max<number | null>('id').as('id')),
  )

  /** One statement for each place that text can be in. */
  function statements<P extends object>(
    pattern: string,
    isAsked: (params: P, id: string) => Expression<SqlBool>,
  ): readonly Prepared<P, Found>[] {
    const has = (column: string) => sql<boolean>`${sql.ref(column)} like ${pattern} escape '\\'`
    return [
      prepare(connection, (params: P) =>
        kysely
          .selectFrom('sessions')
          .select('id')
          .where(isAsked(params, 'id'))
          .where((eb) => eb.or(OWN_COLUMNS.map(has))),
      ),
      prepare(connection, (params: P) =>
        kysely
          .selectFrom('session_attributes')
          .select('session_ref as id')
          .where(isAsked(params, 'session_ref'))
          .where(has('value')),
      ),
      prepare(connection, (params: P) =>
        kysely
          .selectFrom('prompts')
          .select('session_ref as id')
          .where(isAsked(params, 'session_ref'))
          .where(has('text')),
      ),
    ]
  }

  return {
    endId: async () => (newest.get({})?.id ?? 0) + 1,
    searchFor: (text) => {
      const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`
      const inRange = statements(
        pattern,
        ({ fromId, toId }: { fromId: number; toId: number }, id) =>
          sql<SqlBool>`${sql.ref(id)} >= ${fromId} and ${sql.ref(id)} < ${toId}`,
      )
      const inList = statements(
        pattern,
        ({ ids }: { ids: string }, id) =>
          sql<SqlBool>`${sql.ref(id)} in (select value from json_each(${ids}))`,
      )
      return {
        within: async (fromId, toId) => idsOf(inRange.map((part) => part.all({ fromId, toId }))),
        among: async (ids) => idsOf(inList.map((part) => part.all({ ids: JSON.stringify(ids) }))),
      }
    },
  }
}

function idsOf(found: readonly (readonly Found[])[]): ReadonlySet<number> {
  return new Set(found.flat().map(({ id }) => id))
}
