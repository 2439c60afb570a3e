/**
 * Raw records, batch by batch in order of arrival: those of one session, and those of all. What is
 * read at once is bounded in bytes: a large batch is read in parts, each of which is a batch like any
 * other. A batch whose text cannot be read (a damaged file) has no records.
 */
import { sql } from 'kysely'
import type { StoredBatch, StoredRecord } from '../../../domain/telemetry-record.ts'
import {
  type BatchPart,
  type BatchRow,
  batchOf,
  firstPosition,
  MAX_PART_BYTES,
  type Part,
  partsBefore,
  partsBehind,
  recordsIn,
} from '../../batch-parts.ts'
import { prepare } from '../prepared.ts'
import type { ReadConnection } from '../connection.ts'
import type { BatchesBefore, RecordReader } from '../../store-reader.ts'

/** The same inside a commit, which waits for nothing. */
export interface RecordsInCommit {
  batches(sessionKey: string, afterId: number, limit: number): readonly StoredBatch[]
}

export function createRecordBatches(
  connection: ReadConnection,
): RecordReader & { readonly inCommit: RecordsInCommit } {
  const { kysely } = connection
  /** Without the records: their bytes are known before they are read. */
  const selected = () =>
    kysely
      .selectFrom('record_batches')
      .innerJoin('sessions', 'sessions.id', 'record_batches.session_ref')
      .innerJoin('origins', 'origins.id', 'record_batches.origin_ref')
      .select([
        'record_batches.id',
        'session_key',
        'signal',
        'received_ms',
        'records',
        sql<number>`octet_length(body)`.as('bytes'),
        'scope_name',
        'scope_version',
        'resource',
      ])

  const ofSession = prepare(
    connection,
    (at: { sessionKey: string; afterId: number; limit: number }) =>
      selected()
        .where('session_key', '=', at.sessionKey)
        .where('record_batches.id', '>', at.afterId)
        .orderBy('record_batches.id')
        .limit(at.limit),
  )
  const behind = prepare(connection, (at: { afterId: number; limit: number }) =>
    selected()
      .where('record_batches.id', '>', at.afterId)
      .orderBy('record_batches.id')
      .limit(at.limit),
  )
  const body = prepare(connection, ({ id }: { id: number }) =>
    kysely.selectFrom('record_batches').select('body').where('id', '=', id),
  )
  const bodyPart = prepare(connection, ({ id, from, to }: { id: number } & Part) =>
    kysely
      .selectFrom([
        'record_batches',
        sql<{ key: number; value: string }>`json_each(record_batches.body)`.as('each'),
      ])
      .select('each.value')
      .where('record_batches.id', '=', id)
      .where('each.key', '>=', from)
      .where('each.key', '<', to),
  )
  const counted = prepare(connection, ({ sessionKey }: { sessionKey: string }) =>
    kysely
      .selectFrom('sessions')
      .leftJoin('record_batches', 'session_ref', 'sessions.id')
      .select(({ fn }) => fn.sum<number | null>('records').as('records'))
      .where('session_key', '=', sessionKey)
      .groupBy('sessions.id'),
  )
  const newestOf = prepare(connection, ({ sessionKey }: { sessionKey: string }) =>
    kysely
      .selectFrom('sessions')
      .innerJoin('record_batches', 'session_ref', 'sessions.id')
      .select(({ fn }) => ['signal', fn.max<number>('record_batches.id').as('id')])
      .where('session_key', '=', sessionKey)
      .groupBy('signal'),
  )
  const last = prepare(connection, () =>
    kysely.selectFrom('record_batches').select(({ fn }) => fn.max<number | null>('id').as('id')),
  )

  function readBehind(rows: readonly BatchRow[], afterId: number): StoredBatch[] {
    return partsBehind(rows, afterId).map(read)
  }

  function readBefore(rows: readonly BatchRow[], beforeId: number): BatchesBefore {
    const parts = partsBefore(rows, beforeId)
    const last = parts.at(-1)
    return {
      batches: parts.map(read),
      beforeId: last && firstPosition(last.row) + last.part.from,
    }
  }

  function read(of: BatchPart): StoredBatch {
    const { id, bytes } = of.row
    const isLarge = bytes > MAX_PART_BYTES
    return batchOf(of, isLarge ? partsOf(id, of.part) : recordsIn(body.get({ id })?.body ?? '', of))
  }

  /** SQLite takes the text apart, so that no more than these records is ever parsed here. */
  function partsOf(id: number, { from, to }: Part): StoredRecord['record'][] {
    try {
      const parts = bodyPart.all({ id, from, to })
      return parts.map(({ value }) => JSON.parse(value) as StoredRecord['record'])
    } catch (error) {
      if (error instanceof Error && error.message === 'malformed JSON') return []
      throw error
    }
  }

  const inCommit: RecordsInCommit = {
    batches: (sessionKey, afterId, limit) =>
      readBehind(ofSession.all({ sessionKey, afterId, limit }), afterId),
  }

  return {
    inCommit,
    batches: async (...of) => inCommit.batches(...of),
    after: async (afterId, limit) => readBehind(behind.all({ afterId, limit }), afterId),
    before: async (beforeId, signals, limit) => {
      // The batch that the position lies in, if it lies in one, has records before it, too.
      const around = behind
        .all({ afterId: beforeId - 1, limit: 1 })
        .filter((row) => firstPosition(row) < beforeId && signals.includes(row.signal))
      const query = selected()
        .where('record_batches.id', '<', beforeId)
        .where('signal', 'in', signals)
        .orderBy('record_batches.id', 'desc')
        .limit(limit - around.length)
        .compile()
      const before = connection.handle.prepare<unknown[], BatchRow>(query.sql).all(query.parameters)
      return readBefore([...around, ...before], beforeId)
    },
    at: async (sessionKey, id) => {
      const [row] = ofSession.all({ sessionKey, afterId: id - 1, limit: 1 })
      if (row === undefined || id < firstPosition(row)) return undefined
      const index = id - firstPosition(row)
      return read({ row, part: { from: index, to: index + 1 } })
    },
    countOf: async (sessionKey) => {
      const found = counted.get({ sessionKey })
      return found === undefined ? undefined : (found.records ?? 0)
    },
    firstOf: async (sessionKey) => ofSession.get({ sessionKey, afterId: 0, limit: 1 })?.id,
    signalsOf: async (sessionKey) =>
      new Map(newestOf.all({ sessionKey }).map(({ signal, id }) => [signal, id])),
    newest: async () => last.get({})?.id ?? 0,
  }
}
