/** One session: its row, the machine's state of it, and what it can be found by. */
import { sql } from 'kysely'
import { createSessionRows } from '../../shared/session-details.ts'
import type { SessionDetails } from '../../store-reader.ts'
import type { Database } from '../connection.ts'
import { unpackJson } from '../../packed-json.ts'

export function createSessionDetails({ kysely, shared }: Database): SessionDetails {
  return {
    ...createSessionRows(shared),
    state: async (id) => {
      const row = await kysely
        .selectFrom('session_states')
        .select(['version', 'state'])
        .where('session_ref', '=', id)
        .executeTakeFirst()
      return row && { version: row.version, text: unpackJson(row.state) }
    },
    hasAny: async () => {
      const { rows } = await sql<{ is_called: boolean }>`select is_called from positions`.execute(
        kysely,
      )
      return rows[0]?.is_called ?? false
    },
  }
}
