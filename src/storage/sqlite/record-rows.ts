/**
 * Records inside a commit: the duplicate filter, and what was not known already as it was sent.
 * Records of one request that belong together become one row, so that a record costs one small
 * row of its own, the one in the filter.
 */
import type { Arrival } from '../../domain/session-store.ts'
import type { StoredRecord } from '../../domain/telemetry-record.ts'
import { promptOf } from '../transcript-joins.ts'
import { isAskedBack } from '../transcript-moves.ts'
import type { Connection } from './connection.ts'
import type { IdBlocks } from './id-blocks.ts'
import type { OriginRows } from './origin-rows.ts'
import { type NewRow, prepare } from './prepared.ts'
import { createSeenRecords } from './seen-records.ts'
import type { TranscriptRows } from './transcript-rows.ts'

export interface RecordRows {
  /** Stores what was not known already, and returns that, session by session. */
  keepFresh(arrivals: readonly Arrival[], sessionRefOf: (arrival: Arrival) => number): Arrival[]
}

interface RecordRowsDeps {
  readonly connection: Connection
  readonly ids: IdBlocks
  readonly origins: OriginRows
  readonly transcripts: TranscriptRows
}

/**
 * Records in a row that came together from one origin. Never more than a row: the order in which
 * batches lie is that in which records were folded.
 */
interface Batch {
  readonly row: Omit<NewRow<'record_batches'>, 'id' | 'records' | 'body'>
  readonly records: StoredRecord['record'][]
}

export function createRecordRows(deps: RecordRowsDeps): RecordRows {
  const { connection, ids, origins, transcripts } = deps
  const { kysely } = connection
  const seen = createSeenRecords(connection)
  const insertBatch = prepare(connection, (row: NewRow<'record_batches'>) =>
    kysely.insertInto('record_batches').values(row),
  )
  const insertPrompt = prepare(connection, (row: NewRow<'prompts'>) =>
    kysely.insertInto('prompts').values(row),
  )

  function keepPrompt(sessionRef: number, arrival: Arrival): void {
    const item = promptOf(arrival)
    if (item === undefined) return
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

  function keepBatches(sessionRef: number, arrivals: readonly Arrival[]): void {
    const batches: Batch[] = []
    let last: { readonly of: Arrival; readonly batch: Batch } | undefined
    for (const arrival of arrivals) {
      if (last === undefined || !isAlike(last.of, arrival)) {
        last = { of: arrival, batch: newBatch(arrival) }
        batches.push(last.batch)
      }
      last.batch.records.push(arrival.stored.record)
    }
    for (const { row, records } of batches) {
      const id = ids.next('record_batches', records.length)
      insertBatch.run({ ...row, id, records: records.length, body: JSON.stringify(records) })
    }

    function newBatch({ origin, stored: { signal }, arrivedMs }: Arrival): Batch {
      const originRef = origins.refOf(origin)
      const row = {
        session_ref: sessionRef,
        origin_ref: originRef,
        signal,
        received_ms: arrivedMs,
      }
      return { row, records: [] }
    }
  }

  return {
    keepFresh: (arrivals, sessionRefOf) => {
      const fresh: Arrival[] = []
      for (const own of Map.groupBy(arrivals, ({ sessionKey }) => sessionKey).values()) {
        const sessionRef = sessionRefOf(own[0] as Arrival)
        const asked = own.filter(isAskedBack)
        const givenUp = asked.length === 0 ? [] : transcripts.moves.giveUp(sessionRef, asked)
        fresh.push(...givenUp)
        const rest = asked.length === 0 ? own : own.filter((arrival) => !isAskedBack(arrival))
        const owned = transcripts.owned(sessionRef, rest)
        const unknown = transcripts.joined(sessionRef, seen.unknownOf(sessionRef, owned))
        // One says for all of them that the session goes on with another one.
        keepBatches(sessionRef, [...givenUp.slice(0, 1), ...unknown])
        for (const arrival of unknown) {
          keepPrompt(sessionRef, arrival)
          fresh.push(arrival)
        }
      }
      return fresh
    },
  }
}

function isAlike(a: Arrival, b: Arrival): boolean {
  return a.origin === b.origin && a.arrivedMs === b.arrivedMs && a.stored.signal === b.stored.signal
}
