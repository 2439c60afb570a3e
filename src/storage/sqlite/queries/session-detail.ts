/** One session: its row, the machine's state of it, and what it can be found by. */
import type { ReadConnection } from '../connection.ts'
import { type ListedSession, SESSION_COLUMNS } from './session-columns.ts'

/** The machine's state as JSON, under its version. */
export interface StateText {
  readonly version: number
  readonly text: string
}

export interface SessionDetails {
  find(key: string): Promise<ListedSession | undefined>
  state(id: number): Promise<StateText | undefined>
  /** Resource attributes and labels as text. */
  attributes(id: number): Promise<Readonly<Record<string, string>>>
  /** Whether any record was ever stored, also if it was deleted since. */
  hasAny(): Promise<boolean>
}

export function createSessionDetails({ kysely }: ReadConnection): SessionDetails {
  return {
    find: async (key) =>
      kysely
        .selectFrom('sessions')
        .select(SESSION_COLUMNS)
        .where('session_key', '=', key)
        .executeTakeFirst(),
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
