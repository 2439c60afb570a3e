/** One session: its row, the machine's state of it, and what it can be found by. */
import type { ReadConnection } from '../connection.ts'
import type { SessionDetails } from '../../store-reader.ts'
import { createSessionRows } from '../../shared/session-details.ts'

export function createSessionDetails({ kysely, shared }: ReadConnection): SessionDetails {
  return {
    ...createSessionRows(shared),
    state: async (id) =>
      kysely
        .selectFrom('session_states')
        .select(['version', 'state as text'])
        .where('session_ref', '=', id)
        .executeTakeFirst(),
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
