/** Emissions put into the outbox inside a commit; `sqlite-outbox.ts` takes them out again. */
import { sql } from 'kysely'
import type { Emission } from '../domain/emission.ts'
import type { Connection } from './connection.ts'
import type { IdBlocks } from './id-blocks.ts'
import { EMISSION_VERSION, writeEmission } from './emission-text.ts'
import { type NewRow, prepare } from './prepared.ts'

export interface OutboxRows {
  insert(emission: Emission, nowMs: number): void
}

type EmissionColumns = Pick<
  NewRow<'outbox'>,
  'id' | 'session_key' | 'kind' | 'created_ms' | 'bytes' | 'payload'
>

export function createOutboxRows(connection: Connection, ids: IdBlocks): OutboxRows {
  // What all new items have in common stands in the statement: a value that is bound costs more.
  const outbox = prepare(connection, (row: EmissionColumns) =>
    connection.kysely.insertInto('outbox').values({
      ...row,
      state: sql.lit('pending'),
      attempts: sql.lit(0),
      not_before_ms: sql.lit(0),
      reason: sql.lit(null),
      payload_version: sql.lit(EMISSION_VERSION),
    }),
  )

  return {
    insert: (emission, nowMs) => {
      const payload = writeEmission(emission)
      outbox.run({
        id: ids.next('outbox'),
        session_key: emission.sessionKey,
        kind: emission.kind,
        created_ms: nowMs,
        bytes: Buffer.byteLength(payload),
        payload,
      })
    },
  }
}
