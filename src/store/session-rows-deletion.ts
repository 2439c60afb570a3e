/**
 * Deletes the rows of one session in slices of a few milliseconds: its records first, since as long
 * as one is there its key keeps it from coming again, and the session itself last, so that a
 * deletion that was interrupted can go on.
 */
import { sql } from 'kysely'
import type { Connection } from './connection.ts'
import { prepare } from './prepared.ts'

const BATCHES_PER_SLICE = 20
const KEYS_PER_SLICE = 1000

export interface SessionRowsDeletion {
  /** One slice of its records and their keys; true while there may be more. */
  deleteRecords(sessionRef: number): boolean
  /** The session with all that is left of it. */
  deleteSession(sessionRef: number): void
}

export function createSessionRowsDeletion(connection: Connection): SessionRowsDeletion {
  const { kysely } = connection
  const batches = prepare(connection, ({ id }: { id: number }) =>
    kysely
      .deleteFrom('record_batches')
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('record_batches')
          .select('id')
          .where('session_ref', '=', id)
          .limit(sql.lit(BATCHES_PER_SLICE)),
      ),
  )
  const keys = prepare(connection, ({ id }: { id: number }) =>
    kysely
      .deleteFrom('seen')
      .where('session_ref', '=', id)
      .where('dedup_key', 'in', (eb) =>
        eb
          .selectFrom('seen')
          .select('dedup_key')
          .where('session_ref', '=', id)
          .limit(sql.lit(KEYS_PER_SLICE)),
      ),
  )
  const session = prepare(connection, ({ id }: { id: number }) =>
    kysely.deleteFrom('sessions').where('id', '=', id),
  )

  return {
    deleteRecords: (id) =>
      batches.run({ id }).changes === BATCHES_PER_SLICE ||
      keys.run({ id }).changes === KEYS_PER_SLICE,
    deleteSession: (id) => void session.run({ id }),
  }
}
