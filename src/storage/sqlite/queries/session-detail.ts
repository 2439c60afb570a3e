/** One session: its row, the machine's state of it, and what it can be found by. */
import type { ReadConnection } from '../connection.ts'
import type { SessionDetails } from '../../store-reader.ts'
import { listedSession } from '../../stored-rows.ts'
import { SESSION_COLUMNS } from './session-columns.ts'

export function createSessionDetails({ kysely }: ReadConnection): SessionDetails {
  return {
    find: async (key) => {
      const row = await kysely
        .selectFrom('sessions')
        .select(SESSION_COLUMNS)
        .where('session_key', '=', key)
        .executeTakeFirst()
      return row && listedSession(row)
    },
    state: async (id) =>
      kysely
        .selectFrom('session_states')
        .select(['version', 'state as text'])
        .where('session_ref', '=', id)
        .executeTakeFirst(),
    attributes: async (id) => {
      const rows = await kysely
        .selectFrom('session_attributes')
        .select(['key', 'value'])
        .where('session_ref', '=', id)
        .orderBy('key')
        .execute()
      return Object.fromEntries(rows.map(({ key, value }) => [key, value]))
    },
    hasAny: async () => {
      const ids = await kysely
        .selectFrom('ids')
        .select('reserved')
        .where('name', '=', 'record_batches')
        .executeTakeFirst()
      return (ids?.reserved ?? 0) > 0
    },
  }
}
