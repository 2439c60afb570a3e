/**
 * Raw records, batch by batch in order of arrival: those of one session, and those of all. What is
 * read at once is bounded in bytes: a large batch is read in parts, each of which is a batch like any
 * other. A batch whose text cannot be read (a damaged file) has no records.
 */
import { sql } from 'kysely'
import type { Attributes } from '../../../domain/json-value.ts'
import type { Signal, StoredBatch, StoredRecord } from '../../../domain/telemetry-record.ts'
import { parseJsonText } from '../../emission-text.ts'
import { prepare } from '../prepared.ts'
import type { ReadConnection } from '../connection.ts'
import type { BatchesBefore, RecordReader } from '../../store-reader.ts'

/** What is read at once, about: small beside the memory of whoever reads, large beside a usual batch. */
const MAX_BYTES = 1024 * 1024
/** Of a larger batch. Each part costs SQLite a look through all of it, so they are fewer. */
const MAX_PART_BYTES = 4 * MAX_BYTES

interface BatchRow {
  readonly id: number
  readonly session_key: string
  readonly signal: Signal
  readonly received_ms: number
  readonly records: number
  readonly bytes: number
  readonly scope_name: string
  readonly scope_version: string
  readonly resource: string
}

/** Some of a batch's records: their indexes from `from` up to and without `to`. */
interface Part {
  readonly from: number
  readonly to: number
}

export function createRecordBatches(connection: ReadConnection): RecordReader {
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
  const last = prepare(connection, () =>
    kysely.selectFrom('record_batches').select(({ fn }) => fn.max<number | null>('id').as('id')),
  )

  /** Which parts of batches come to `MAX_BYTES`, at least one; none behind one that is not whole. */
  function* partsWithin(
    rows: readonly BatchRow[],
    partOf: (row: BatchRow, most: number) => Part & { readonly isLast: boolean },
  ): Generator<{ readonly row: BatchRow; readonly part: Part }, void> {
    let bytes = 0
    for (const row of rows) {
      const most = Math.max(1, Math.floor((row.records * MAX_PART_BYTES) / Math.max(1, row.bytes)))
      const part = partOf(row, most)
      const partBytes = (row.bytes * (part.to - part.from)) / Math.max(1, row.records)
      if (bytes > 0 && bytes + partBytes > MAX_BYTES) return
      bytes += partBytes
      yield { row, part }
      if (!part.isLast) return
    }
  }

  function readForward(rows: readonly BatchRow[], afterId: number): StoredBatch[] {
    const parts = partsWithin(rows, (row, most) => {
      const from = Math.max(0, afterId - firstPosition(row) + 1)
      const to = Math.min(row.records, from + most)
      return { from, to, isLast: to === row.records }
    })
    return Array.from(parts, ({ row, part }) => batchOf(row, part, recordsOf(row, part)))
  }

  function readBackward(rows: readonly BatchRow[], beforeId: number): BatchesBefore {
    const batches: StoredBatch[] = []
    let nextId: number | undefined
    const parts = partsWithin(rows, (row, most) => {
      const to = Math.min(row.records, beforeId - firstPosition(row))
      const from = Math.max(0, to - most)
      return { from, to, isLast: from === 0 }
    })
    for (const { row, part } of parts) {
      batches.push(batchOf(row, part, recordsOf(row, part)))
      nextId = firstPosition(row) + part.from
    }
    return { batches, beforeId: nextId }
  }

  function recordsOf({ id, records, bytes }: BatchRow, { from, to }: Part) {
    if (bytes > MAX_PART_BYTES) return partsOf(id, from, to)
    const found = parseJsonText(body.get({ id })?.body ?? '')
    if (!found.ok || !Array.isArray(found.value)) return []
    const all = found.value as StoredRecord['record'][]
    return from === 0 && to === records ? all : all.slice(from, to)
  }

  /** SQLite takes the text apart, so that no more than these records is ever parsed here. */
  function partsOf(id: number, from: number, to: number): StoredRecord['record'][] {
    try {
      const parts = bodyPart.all({ id, from, to })
      return parts.map(({ value }) => JSON.parse(value) as StoredRecord['record'])
    } catch (error) {
      if (error instanceof Error && error.message === 'malformed JSON') return []
      throw error
    }
  }

  return {
    batches: async (sessionKey, afterId, limit) =>
      readForward(ofSession.all({ sessionKey, afterId, limit }), afterId),
    after: async (afterId, limit) => readForward(behind.all({ afterId, limit }), afterId),
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
      return readBackward([...around, ...before], beforeId)
    },
    at: async (sessionKey, id) => {
      const [row] = ofSession.all({ sessionKey, afterId: id - 1, limit: 1 })
      if (row === undefined || id < firstPosition(row)) return undefined
      const index = id - firstPosition(row)
      const part = { from: index, to: index + 1 }
      return batchOf(row, part, recordsOf(row, part))
    },
    countOf: async (sessionKey) => {
      const found = counted.get({ sessionKey })
      return found === undefined ? undefined : (found.records ?? 0)
    },
    firstOf: async (sessionKey) => ofSession.get({ sessionKey, afterId: 0, limit: 1 })?.id,
    newest: async () => last.get({})?.id ?? 0,
  }
}

function firstPosition({ id, records }: BatchRow): number {
  return id - records + 1
}

function batchOf(row: BatchRow, part: Part, records: StoredBatch['records']): StoredBatch {
  const resource = parseJsonText(row.resource)
  return {
    id: row.id - row.records + part.to,
    sessionKey: row.session_key,
    origin: {
      resource: resource.ok ? (resource.value as Attributes) : {},
      scopeName: row.scope_name,
      scopeVersion: row.scope_version,
    },
    signal: row.signal,
    receivedMs: row.received_ms,
    records,
  }
}
