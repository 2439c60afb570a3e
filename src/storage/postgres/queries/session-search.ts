/**
 * Sessions by a part of what is known of them. Looks at some sessions at a time, since there is no
 * index of the words in prompts: it would cost every prompt more than searching does.
 */
import { type Expression, type Kysely, type SqlBool, sql } from 'kysely'
import type { SessionSearch } from '../../store-reader.ts'
import type { Database } from '../connection.ts'
import type { Schema } from '../schema.ts'
import { plainText } from '../stored-values.ts'
import { among } from './session-filter.ts'

const OWN_COLUMNS = ['session_id', 'title', 'user_id', 'project', 'team']

export function createSessionSearch({ kysely }: Database): SessionSearch {
  return {
    endId: async () => {
      const newest = await kysely
        .selectFrom('sessions')
        .select(({ fn }) => fn.max<number | null>('id').as('id'))
        .executeTakeFirst()
      return (newest?.id ?? 0) + 1
    },
    searchFor: (text) => {
      const pattern = `%${plainText(text).replace(/[\\%_]/g, '\\$&')}%`
      return {
        within: (fromId, toId) =>
          find(kysely, pattern, (id) => {
            const column = sql.ref(id)
            return sql<SqlBool>`${column} >= ${fromId} and ${column} < ${toId}`
          }),
        among: (ids) => find(kysely, pattern, (id) => among(id, ids)),
      }
    },
  }
}

async function find(
  kysely: Kysely<Schema>,
  pattern: string,
  isAsked: (id: string) => Expression<SqlBool>,
): Promise<ReadonlySet<number>> {
  // Under this collation letters of ASCII alone have two cases.
  const has = (column: string) =>
    sql<boolean>`${sql.ref(column)} collate "C" ilike ${pattern} escape '\\'`
  const found = await kysely
    .selectFrom('sessions')
    .select('id')
    .where(isAsked('id'))
    .where((eb) => eb.or(OWN_COLUMNS.map(has)))
    .unionAll(
      kysely
        .selectFrom('session_attributes')
        .select('session_ref as id')
        .where(isAsked('session_ref'))
        .where(has('value')),
    )
    .unionAll(
      kysely
        .selectFrom('prompts')
        .select('session_ref as id')
        .where(isAsked('session_ref'))
        .where(has('text')),
    )
    .execute()
  return new Set(found.map(({ id }) => id))
}
