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
        signal: signalOf(item),
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

/** The signal a record came as. */
function signalOf(item: Arrival['item']): 'log' | 'metric' | 'trace' | 'hook' {
  if (item.kind === 'metric') return 'metric'
  if (item.kind === 'span') return 'trace'
  const isHook = item.kind.endsWith('_report') || (item.kind === 'other' && item.isHook === true)
  return isHook ? 'hook' : 'log'
}
