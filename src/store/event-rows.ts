/**
 * Raw records inside a commit: stored once per session and duplicate key, with their typed row.
 */
import type { Arrival } from '../domain/store.ts'
import type { Connection } from './connection.ts'
import type { OriginRows } from './origin-rows.ts'
import { type NewRow, prepare } from './prepared.ts'
import type { TypedRows } from './typed-rows.ts'

export interface EventRows {
  /** Whether the record was not known already; if it was, nothing is written. */
  insert(sessionRef: number, arrival: Arrival): boolean
}

interface EventRowsDeps {
  readonly connection: Connection
  readonly origins: OriginRows
  readonly typed: TypedRows
}

export function createEventRows({ connection, origins, typed }: EventRowsDeps): EventRows {
  const events = prepare(connection, (row: NewRow<'events'>) =>
    connection.kysely
      .insertInto('events')
      .values(row)
      .onConflict((conflict) => conflict.columns(['session_ref', 'dedup_key']).doNothing()),
  )

  return {
    insert: (sessionRef, { item, origin, attributes, arrivedMs }) => {
      const { changes, lastInsertRowid } = events.run({
        session_ref: sessionRef,
        dedup_key: item.dedupKey,
        signal: item.kind === 'metric' ? 'metric' : 'log',
        name: item.name,
        time_ms: item.timeMs,
        received_ms: arrivedMs,
        origin_ref: origins.refOf(origin),
        attributes: JSON.stringify(attributes),
      })
      if (changes === 0) return false
      typed.insert(Number(lastInsertRowid), sessionRef, item)
      return true
    },
  }
}
