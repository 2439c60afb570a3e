/** One session: its row, and what it can be found by. */
import type { SessionDetails } from '../store-reader.ts'
import { listedSession } from '../stored-rows.ts'
import type { SharedTables } from './dialect.ts'
import { sessionColumns } from './session-columns.ts'

export function createSessionRows({
  kysely,
  dialect,
}: SharedTables): Pick<SessionDetails, 'find' | 'attributes'> {
  return {
    find: async (key) => {
      const row = await kysely
        .selectFrom('sessions')
        .select(sessionColumns(dialect))
        .where('session_key', '=', dialect.key(key))
        .executeTakeFirst()
      return row && listedSession(row)
    },
    attributes: async (id) => {
      const rows = await kysely
        .selectFrom('session_attributes')
        .select(['key', 'value'])
        .where('session_ref', '=', id)
        .orderBy('key')
        .execute()
      return Object.fromEntries(rows.map(({ key, value }) => [key, value]))
    },
  }
}
