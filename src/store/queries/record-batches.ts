/**
 * Raw records, batch by batch in order of arrival: those of one session, and those of all. A
 * batch whose text cannot be read (a damaged file) has no records.
 */
import type { Attributes } from '../../domain/attributes.ts'
import type { StoredBatch } from '../../domain/stored-batch.ts'
import type { Signal, StoredRecord } from '../../domain/telemetry-record.ts'
import { parseJsonText } from '../json-text.ts'
import { prepare } from '../prepared.ts'
import type { ReadConnection } from '../read-connection.ts'

export interface RecordBatches {
  /** Of one session, behind a position; empty at the end. A batch stands behind it with its last record. */
  batches(sessionKey: string, afterId: number, limit: number): readonly StoredBatch[]
  /** How many records a session has; undefined when there is no such session. */
  countOf(sessionKey: string): number | undefined
  /** Of all sessions, behind a position. */
  after(afterId: number, limit: number): readonly StoredBatch[]
  /** Of all sessions, before a position, the newest first; only those of some signals. */
  before(beforeId: number, signals: readonly Signal[], limit: number): readonly StoredBatch[]
  /** The position of the newest record; 0 when there is none. */
  newest(): number
}

interface BatchRow {
  readonly id: number
  readonly session_key: string
  readonly signal: Signal
  readonly received_ms: number
  readonly body: string
  readonly scope_name: string
  readonly scope_version: string
  readonly resource: string
}

export function createRecordBatches(connection: ReadConnection): RecordBatches {
  const { kysely } = connection
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
        'body',
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

  return {
    batches: (sessionKey, afterId, limit) =>
      ofSession.all({ sessionKey, afterId, limit }).map(batchOf),
    countOf: (sessionKey) => {
      const found = counted.get({ sessionKey })
      return found === undefined ? undefined : (found.records ?? 0)
    },
    after: (afterId, limit) => behind.all({ afterId, limit }).map(batchOf),
    before: (beforeId, signals, limit) => {
      const { sql, parameters } = selected()
        .where('record_batches.id', '<', beforeId)
        .where('signal', 'in', signals)
        .orderBy('record_batches.id', 'desc')
        .limit(limit)
        .compile()
      return connection.handle.prepare<unknown[], BatchRow>(sql).all(parameters).map(batchOf)
    },
    newest: () => last.get({})?.id ?? 0,
  }
}

function batchOf(row: BatchRow): StoredBatch {
  const records = parseJsonText(row.body)
  const resource = parseJsonText(row.resource)
  return {
    id: row.id,
    sessionKey: row.session_key,
    origin: {
      resource: resource.ok ? (resource.value as Attributes) : {},
      scopeName: row.scope_name,
      scopeVersion: row.scope_version,
    },
    signal: row.signal,
    receivedMs: row.received_ms,
    records:
      records.ok && Array.isArray(records.value) ? (records.value as StoredRecord['record'][]) : [],
  }
}
