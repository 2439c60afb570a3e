/**
 * The quarantine over PostgreSQL. Its bounds hold after every change: what is too old goes first, then
 * the oldest beyond the number and the bytes. A record that alone is too large is not kept.
 */
import type {
  QuarantineItem,
  QuarantineSelection,
  QuarantineStore,
  StoredQuarantined,
} from '../../domain/quarantine.ts'
import type { QuarantinedTexts } from '../../domain/scrub-store.ts'
import {
  hashOf,
  ownerIn,
  type QuarantineBounds,
  quarantineBounds,
  rowOf,
  storedOf,
  unplacedOf,
} from '../quarantine-row.ts'
import type { Database, Statements } from './connection.ts'
import { plainText } from './stored-values.ts'
import { addToTotal, totalOf } from './totals.ts'
import { insertRows, type Row } from './values-list.ts'
import type { Write } from './writer.ts'

/** Deleted, or read, in one go. */
const PER_SLICE = 200
/** One after the other keeps the bounds. Any number will do, as long as it stays. */
const QUARANTINE_LOCK = 7_251_403_118_600_005n
const COLUMNS = [
  'hash',
  'received_ms',
  'signal',
  'reason',
  'message',
  'name',
  'bytes',
  'record',
  'owner',
]

export interface PostgresQuarantine extends QuarantineStore {
  /** One slice of deleting what is too old; whether there is more. */
  expire(nowMs: number): Promise<boolean>
  /** Takes the place of one; where another is the same now, there is only that. */
  rewrite(texts: QuarantinedTexts): Promise<void>
  /** Some of it behind an id. */
  texts(afterId: number): Promise<readonly QuarantinedTexts[]>
}

interface QuarantineDeps {
  readonly database: Database
  readonly write: Write
  readonly bounds?: QuarantineBounds
}

type StoredRow = Parameters<typeof storedOf>[0]

export function createQuarantine(deps: QuarantineDeps): PostgresQuarantine {
  const { database, write, bounds = quarantineBounds } = deps

  async function countsOf(statements: Statements): Promise<{ records: number; bytes: number }> {
    const [row] = await statements.query<{ readonly records: number; readonly bytes: number }>(
      'select count(*) as records, coalesce(sum(bytes), 0) as bytes from quarantine',
    )
    return row ?? { records: 0, bytes: 0 }
  }

  /** Makes room, the oldest first. Resolves to how many went. */
  async function bound(statements: Statements): Promise<number> {
    const { records, bytes } = await countsOf(statements)
    if (records <= bounds.records && bytes <= bounds.bytes) return 0
    return statements.run(
      `delete from quarantine using (
         select id, count(*) over newer as records, sum(bytes) over newer as bytes
         from quarantine window newer as (order by id desc)) kept
       where kept.id = quarantine.id and (kept.records > $1 or kept.bytes > $2)`,
      [bounds.records, bounds.bytes],
    )
  }

  async function next(
    selection: QuarantineSelection,
    afterId: number,
  ): Promise<readonly StoredQuarantined[]> {
    const rows = await database.query<StoredRow>(
      `select id, received_ms, signal, record, owner from quarantine
       where id > $1 and ($2::bigint[] is null or id = any($2)) order by id limit ${PER_SLICE}`,
      [afterId, selection === 'all' ? null : selection],
    )
    return rows.map(storedOf)
  }

  return {
    keep: (records) =>
      write(() =>
        database.transaction(async (statements) => {
          await statements.query('select pg_advisory_xact_lock($1)', [QUARANTINE_LOCK])
          const rows = records.map(rowOf)
          const kept = rows.filter(({ bytes }) => bytes <= bounds.recordBytes)
          await insertRows(
            statements,
            'quarantine',
            COLUMNS,
            kept.map((row): Row => {
              const { hash, received_ms, signal, reason, message, name, bytes, record, owner } = row
              const texts = [plainText(message), plainText(name)]
              return [hash, received_ms, signal, reason, ...texts, bytes, record, plainText(owner)]
            }),
            'on conflict (hash) do nothing',
          )
          const dropped = rows.length - kept.length + (await bound(statements))
          await addToTotal(statements, 'quarantine_dropped', dropped)
        }),
      ),
    counts: async () => ({
      ...(await countsOf(database)),
      dropped: await totalOf(database, 'quarantine_dropped'),
    }),
    list: (limit) => listQuarantine(database, limit),
    next,
    remove: async (selection) => {
      let removed = 0
      for (let afterId = -1; ; ) {
        const rows = await next(selection, afterId)
        const last = rows.at(-1)
        if (last === undefined) return removed
        const ids = rows.map(({ id }) => id)
        removed += await write(() =>
          database.run('delete from quarantine where id = any($1)', [ids]),
        )
        afterId = last.id
      }
    },
    rewrite: ({ id, unplaced, message, name }) =>
      write(() =>
        database.transaction(async (statements) => {
          await statements.query('select pg_advisory_xact_lock($1)', [QUARANTINE_LOCK])
          const [before] = await statements.query<{ readonly owner: string }>(
            'select owner from quarantine where id = $1',
            [id],
          )
          if (before === undefined) return
          const record = JSON.stringify(unplaced.record)
          const hash = hashOf(unplaced, record, before.owner)
          const same = await statements.query(
            'select 1 from quarantine where hash = $1 and id <> $2',
            [hash, id],
          )
          if (same.length > 0) {
            await statements.run('delete from quarantine where id = $1', [id])
            return
          }
          await statements.run(
            `update quarantine set hash = $2, record = $3, bytes = $4, message = $5, name = $6
             where id = $1`,
            [id, hash, record, Buffer.byteLength(record), plainText(message), plainText(name)],
          )
        }),
      ),
    expire: (nowMs) =>
      write(() =>
        database.transaction(async (statements) => {
          const dropped = await statements.run(
            `delete from quarantine where id in (
               select id from quarantine where received_ms < $1 order by id
               limit ${PER_SLICE} for update skip locked)`,
            [nowMs - bounds.ageMs],
          )
          await addToTotal(statements, 'quarantine_dropped', dropped)
          return dropped === PER_SLICE
        }),
      ),
    texts: async (afterId) => {
      const rows = await database.query<Omit<QuarantinedTexts, 'unplaced'> & StoredRow>(
        `select id, signal, message, name, record, received_ms, owner from quarantine
         where id > $1 order by id limit ${PER_SLICE}`,
        [afterId],
      )
      return rows.map(({ id, message, name, ...row }) => {
        return { id, message, name, unplaced: unplacedOf(row) }
      })
    },
  }
}

/** The oldest first. */
export async function listQuarantine(
  statements: Statements,
  limit: number,
): Promise<readonly QuarantineItem[]> {
  const rows = await statements.query<
    Omit<QuarantineItem, 'owner'> & { readonly ownerTag: string }
  >(
    `select id, received_ms as "receivedMs", signal, reason, message, name, bytes, owner as "ownerTag"
     from quarantine order by id limit $1`,
    [limit],
  )
  return rows.map(({ ownerTag, ...row }) => ({ ...row, ...ownerIn(ownerTag) }))
}
