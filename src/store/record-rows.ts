/**
 * Records inside a commit: the duplicate filter, and what was not known already as it was sent.
 * Records of one request that belong together become one row, so that a record costs one small
 * row of its own, the one in the filter.
 */
import type { Arrival } from '../domain/store.ts'
import type { StoredRecord } from '../domain/telemetry-record.ts'
import type { AttributeRows } from './attribute-rows.ts'
import type { Connection } from './connection.ts'
import type { IdBlocks } from './id-blocks.ts'
import type { OriginRows } from './origin-rows.ts'
import { type NewRow, prepare } from './prepared.ts'

export interface RecordRows {
  /** Stores what was not known already, and returns that. */
  keepFresh(arrivals: readonly Arrival[], sessionRefOf: (arrival: Arrival) => number): Arrival[]
}

interface RecordRowsDeps {
  readonly connection: Connection
  readonly ids: IdBlocks
  readonly origins: OriginRows
  readonly attributes: AttributeRows
}

interface Batch {
  readonly row: Omit<NewRow<'record_batches'>, 'id' | 'records' | 'body'>
  readonly records: StoredRecord['record'][]
}

export function createRecordRows({
  connection,
  ids,
  origins,
  attributes,
}: RecordRowsDeps): RecordRows {
  const { kysely } = connection
  const seen = prepare(connection, (row: NewRow<'seen'>) =>
    kysely
      .insertInto('seen')
      .values(row)
      .onConflict((conflict) => conflict.doNothing()),
  )
  const insertBatch = prepare(connection, (row: NewRow<'record_batches'>) =>
    kysely.insertInto('record_batches').values(row),
  )
  const insertPrompt = prepare(connection, (row: NewRow<'prompts'>) =>
    kysely.insertInto('prompts').values(row),
  )

  function keepPrompt(sessionRef: number, { item }: Arrival): void {
    if (item.kind !== 'prompt') return
    insertPrompt.run({
      session_ref: sessionRef,
      dedup_key: item.dedupKey,
      time_ms: item.timeMs,
      prompt_id: item.promptId ?? null,
      command: item.command ?? null,
      length: item.prompt.length ?? null,
      text: item.prompt.text ?? null,
    })
  }

  return {
    keepFresh: (arrivals, sessionRefOf) => {
      const fresh: Arrival[] = []
      const batches = new Map<string, Batch>()
      for (const arrival of arrivals) {
        const sessionRef = sessionRefOf(arrival)
        const { dedupKey } = arrival.item
        if (seen.run({ session_ref: sessionRef, dedup_key: dedupKey }).changes === 0) continue
        fresh.push(arrival)
        const originRef = origins.refOf(arrival.origin)
        const { signal, record } = arrival.stored
        const key = `${sessionRef}|${originRef}|${signal}|${arrival.arrivedMs}`
        const batch = batches.get(key)
        if (batch === undefined) {
          attributes.keepResource(sessionRef, originRef, arrival.origin.resource)
          const row = {
            session_ref: sessionRef,
            origin_ref: originRef,
            signal,
            received_ms: arrival.arrivedMs,
          }
          batches.set(key, { row, records: [record] })
        } else batch.records.push(record)
        keepPrompt(sessionRef, arrival)
      }
      for (const { row, records } of batches.values()) {
        const id = ids.next('record_batches', records.length)
        insertBatch.run({ ...row, id, records: records.length, body: JSON.stringify(records) })
      }
      return fresh
    },
  }
}
