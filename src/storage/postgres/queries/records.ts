/**
 * Raw records, batch by batch in order of arrival: those of one session, and those of all. A batch whose
 * bytes are damaged has no records.
 */
import type { Kysely } from 'kysely'
import type { Signal, StoredBatch } from '../../../domain/telemetry-record.ts'
import {
  type BatchPart,
  type BatchRow,
  batchOf,
  firstPosition,
  partsBefore,
  partsBehind,
  recordsIn,
} from '../../batch-parts.ts'
import { readJson } from '../../packed-json.ts'
import type { RecordReader } from '../../store-reader.ts'
import { among } from '../dialect.ts'
import type { Database, Statements } from '../connection.ts'
import { settledPosition } from '../positions.ts'
import type { Schema } from '../schema.ts'
import { keyText } from '../stored-values.ts'

/** A batch and the policy that it was folded under. */
export interface FoldedBatch {
  readonly batch: StoredBatch
  readonly policyRef: number
}

type Row = BatchRow & { readonly policy_ref: number }

/**
 * Records of a session are read from `database`, which may be a replica of the server. What is read on
 * from where it was, of all sessions, is read from `primary`: only there it is known what may still come
 * before what is visible.
 */
export function createRecordReader({ kysely }: Database, primary: Database): RecordReader {
  const ofSession = (sessionKey: string, afterId: number, limit: number) =>
    batchesOf(kysely, sessionKey, afterId, limit)
  const behind = (afterId: number, limit: number): Promise<Row[]> =>
    selected(primary.kysely)
      .where('record_batches.id', '>', afterId)
      .orderBy('record_batches.id')
      .limit(limit)
      .execute()

  return {
    batches: async (sessionKey, afterId, limit) =>
      (await foldedBatches(kysely, sessionKey, afterId, limit)).map(({ batch }) => batch),
    after: async (afterId, limit) => {
      const settled = await settledPosition(primary)
      const rows = await behind(afterId, limit)
      const come = rows.filter(({ id }) => id <= settled)
      return read(primary.kysely, partsBehind(come, afterId))
    },
    before: async (beforeId, signals, limit) => {
      // The batch that the position lies in, if it lies in one, has records before it, too.
      const around = (await behind(beforeId - 1, 1)).filter(
        (row) => firstPosition(row) < beforeId && signals.includes(row.signal),
      )
      const before = await selected(primary.kysely)
        .where('record_batches.id', '<', beforeId)
        .where('signal', 'in', signals)
        .orderBy('record_batches.id', 'desc')
        .limit(limit - around.length)
        .execute()
      const parts = partsBefore([...around, ...before], beforeId)
      const last = parts.at(-1)
      return {
        batches: await read(primary.kysely, parts),
        beforeId: last && firstPosition(last.row) + last.part.from,
      }
    },
    at: async (sessionKey, id) => {
      const [row] = await ofSession(sessionKey, id - 1, 1)
      if (row === undefined || id < firstPosition(row)) return undefined
      const index = id - firstPosition(row)
      const [batch] = await read(kysely, [{ row, part: { from: index, to: index + 1 } }])
      return batch
    },
    countOf: async (sessionKey) => {
      const found = await kysely
        .selectFrom('sessions')
        .leftJoin('record_batches', 'session_ref', 'sessions.id')
        .select(({ fn }) => fn.sum<number | null>('records').as('records'))
        .where('session_key', '=', keyText(sessionKey))
        .groupBy('sessions.id')
        .executeTakeFirst()
      return found === undefined ? undefined : (found.records ?? 0)
    },
    firstOf: async (sessionKey) => (await ofSession(sessionKey, 0, 1))[0]?.id,
    signalsOf: async (sessionKey) => {
      const newest = await kysely
        .selectFrom('record_batches')
        .innerJoin('sessions', 'sessions.id', 'session_ref')
        .select(({ fn }) => ['signal', fn.max('record_batches.id').as('id')])
        .where('session_key', '=', keyText(sessionKey))
        .groupBy('signal')
        .orderBy('signal')
        .execute()
      return new Map(newest.map(({ signal, id }) => [signal, id]))
    },
    newest: async () => {
      const settled = await settledPosition(primary)
      const last = await primary.kysely
        .selectFrom('record_batches')
        .select(({ fn }) => fn.max<number | null>('id').as('id'))
        .where('id', '<=', settled)
        .executeTakeFirst()
      return last?.id ?? 0
    },
  }
}

/** Those of a session behind a position, with what they were folded under. */
export async function foldedBatches(
  kysely: Kysely<Schema>,
  sessionKey: string,
  afterId: number,
  limit: number,
): Promise<readonly FoldedBatch[]> {
  const rows = await batchesOf(kysely, sessionKey, afterId, limit)
  const batches = await read(kysely, partsBehind(rows, afterId))
  return batches.map((batch, index) => ({ batch, policyRef: rows[index]?.policy_ref ?? 0 }))
}

/** Reads what is stored of a session, over the connection of the commit that holds it. */
export interface RecordsInCommit {
  readonly kysely: Kysely<Schema>
  readonly statements: Statements
}

/** Those of one signal behind a position, inside a commit. */
export async function batchesInCommit(
  { kysely, statements }: RecordsInCommit,
  { sessionRef, signal }: { readonly sessionRef: number; readonly signal: Signal },
  afterId: number,
  limit: number,
): Promise<readonly StoredBatch[]> {
  const query = selected(kysely)
    .where('session_ref', '=', sessionRef)
    .where('signal', '=', signal)
    .where('record_batches.id', '>', afterId)
    .orderBy('record_batches.id')
    .limit(limit)
    .compile()
  const rows = await statements.query<Row>(query.sql, query.parameters)
  const parts = partsBehind(rows, afterId)
  if (parts.length === 0) return []
  const bodies = bodiesOf(kysely, parts).compile()
  return withBodies(parts, await statements.query<Body>(bodies.sql, bodies.parameters))
}

function batchesOf(
  kysely: Kysely<Schema>,
  sessionKey: string,
  afterId: number,
  limit: number,
): Promise<Row[]> {
  return selected(kysely)
    .where('session_key', '=', keyText(sessionKey))
    .where('record_batches.id', '>', afterId)
    .orderBy('record_batches.id')
    .limit(limit)
    .execute()
}

/** Without the records: their bytes are known before they are read. */
function selected(kysely: Kysely<Schema>) {
  return kysely
    .selectFrom('record_batches')
    .innerJoin('sessions', 'sessions.id', 'record_batches.session_ref')
    .innerJoin('origins', 'origins.id', 'record_batches.origin_ref')
    .select([
      'record_batches.id',
      'session_key',
      'policy_ref',
      'signal',
      'received_ms',
      'records',
      'json_bytes as bytes',
      'scope_name',
      'scope_version',
      'resource',
    ])
}

async function read(kysely: Kysely<Schema>, parts: readonly BatchPart[]): Promise<StoredBatch[]> {
  if (parts.length === 0) return []
  return withBodies(parts, await bodiesOf(kysely, parts).execute())
}

function bodiesOf(kysely: Kysely<Schema>, parts: readonly BatchPart[]) {
  const ids = parts.map(({ row }) => row.id)
  return kysely.selectFrom('record_batches').select(['id', 'body']).where(among('id', ids))
}

interface Body {
  readonly id: number
  readonly body: Buffer
}

function withBodies(parts: readonly BatchPart[], rows: readonly Body[]): StoredBatch[] {
  const bodies = new Map(rows.map(({ id, body }) => [id, body]))
  return parts.map((of) => batchOf(of, recordsOf(bodies.get(of.row.id), of)))
}

/** None where the batch was deleted meanwhile, or cannot be read. */
function recordsOf(body: Buffer | undefined, of: BatchPart): StoredBatch['records'] {
  return body === undefined ? [] : recordsIn(readJson(body), of)
}
