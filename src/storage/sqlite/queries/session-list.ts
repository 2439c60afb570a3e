/** Lists of sessions. */
import type { ReadConnection } from '../connection.ts'
import { createSharedSessionLists } from '../../shared/session-lists.ts'
import type { SessionLists } from '../../store-reader.ts'

export function createSessionLists({ kysely, shared }: ReadConnection): SessionLists {
  return {
    ...createSharedSessionLists(shared),
    writtenBefore: async (beforeMs) => {
      const rows = await kysely
        .selectFrom('sessions')
        .select('session_key')
        .where('deadline_ms', 'is', null)
        .where('updated_ms', '<', beforeMs)
        .orderBy('updated_ms')
        .orderBy('id')
        .execute()
      return rows.map(({ session_key }) => session_key)
    },
  }
}
