/** Emissions put into the outbox inside a commit; `sqlite-outbox.ts` takes them out again. */
import type { Emission } from '../domain/emission.ts'
import type { Connection } from './connection.ts'
import type { IdBlocks } from './id-blocks.ts'
import { EMISSION_VERSION, writeEmission } from './emission-text.ts'
import { type NewRow, prepare } from './prepared.ts'

export interface OutboxRows {
  insert(emission: Emission, nowMs: number): void
}

export function createOutboxRows(connection: Connection, ids: IdBlocks): OutboxRows {
  const outbox = prepare(connection, (row: NewRow<'outbox'>) =>
    connection.kysely.insertInto('outbox').values(row),
  )

  return {
    insert: (emission, nowMs) => {
      const payload = writeEmission(emission)
      outbox.run({
        id: ids.next('outbox'),
        session_key: emission.sessionKey,
        kind: emission.kind,
        state: 'pending',
        attempts: 0,
        not_before_ms: 0,
        created_ms: nowMs,
        reason: null,
        payload_version: EMISSION_VERSION,
        bytes: Buffer.byteLength(payload),
        payload,
      })
    },
  }
}
