/**
 * The quarantine over SQLite. Its bounds hold after every change: what is too old goes first, then
 * the oldest beyond the number and the bytes. A record that alone is too large is not kept.
 */
import { sql } from 'kysely'
import type {
  Quarantined,
  QuarantineItem,
  QuarantineSelection,
  QuarantineStore,
  StoredQuarantined,
} from '../../domain/quarantine.ts'
import type { QuarantinedTexts } from '../../domain/scrub-store.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import {
  hashOf,
  type NewQuarantined,
  type QuarantineBounds,
  quarantineBounds,
  rowOf,
  storedOf,
  unplacedOf,
  ownerIn,
} from '../quarantine-row.ts'
import type { OpenQuarantine } from '../maintenance.ts'
import type { Connection, ReadConnection } from './connection.ts'
import { openExisting } from './open-existing.ts'
import { prepare } from './prepared.ts'
import type { Totals } from './totals.ts'
import type { Write } from './writer.ts'

/** Deleted, or read, in one go. */
const PER_SLICE = 200

export interface SqliteQuarantine extends QuarantineStore {
  /** One slice of deleting what is too old; true while there is more. */
  expire(nowMs: number): boolean
  /** Takes the place of one; where another is the same now, there is only that. */
  rewrite(texts: QuarantinedTexts): Promise<void>
}

interface QuarantineDeps {
  readonly connection: Connection
  readonly totals: Totals
  readonly write: Write
  readonly bounds?: QuarantineBounds
}

export function createQuarantine(deps: QuarantineDeps): SqliteQuarantine {
  const { connection, totals, write, bounds = quarantineBounds } = deps
  const { kysely, handle } = connection
  const insert = prepare(connection, (row: NewQuarantined) =>
    kysely
      .insertInto('quarantine')
      .values(row)
      .onConflict((conflict) => conflict.column('hash').doNothing()),
  )
  const oldest = prepare(connection, ({ beforeMs }: { beforeMs: number }) =>
    kysely
      .selectFrom('quarantine')
      .select('id')
      .where('received_ms', '<', beforeMs)
      .orderBy('id')
      .limit(sql.lit(PER_SLICE)),
  )
  const first = prepare(connection, () =>
    kysely.selectFrom('quarantine').select('id').orderBy('id').limit(sql.lit(1)),
  )
  const sums = prepare(connection, () =>
    kysely
      .selectFrom('quarantine')
      .select(({ fn }) => [
        fn.countAll<number>().as('records'),
        fn.sum<number | null>('bytes').as('bytes'),
      ]),
  )
  const behind = prepare(connection, ({ afterId }: { afterId: number }) =>
    kysely
      .selectFrom('quarantine')
      .select(['id', 'received_ms', 'signal', 'record', 'owner'])
      .where('id', '>', afterId)
      .orderBy('id')
      .limit(sql.lit(PER_SLICE)),
  )
  const one = prepare(connection, ({ id }: { id: number }) =>
    kysely
      .selectFrom('quarantine')
      .select(['id', 'received_ms', 'signal', 'record', 'owner'])
      .where('id', '=', id),
  )
  const remove = prepare(connection, ({ id }: { id: number }) =>
    kysely.deleteFrom('quarantine').where('id', '=', id).returning('bytes'),
  )
  const idOfHash = prepare(connection, ({ hash }: { hash: string }) =>
    kysely.selectFrom('quarantine').select('id').where('hash', '=', hash),
  )
  const factsOf = prepare(connection, ({ id }: { id: number }) =>
    kysely.selectFrom('quarantine').select(['bytes', 'owner']).where('id', '=', id),
  )
  const update = prepare(connection, ({ id, ...row }: RewrittenRow) =>
    kysely.updateTable('quarantine').set(row).where('id', '=', id),
  )
  let held = countsOf()

  function countsOf(): { records: number; bytes: number } {
    const row = sums.get({})
    return { records: row?.records ?? 0, bytes: row?.bytes ?? 0 }
  }

  const transaction = <T>(work: () => T): Promise<T> =>
    write(() => {
      try {
        return handle.transaction(work)()
      } catch (error) {
        held = countsOf()
        throw error
      }
    })

  /** False when there is none of that id. */
  function forget(id: number): boolean {
    const row = remove.get({ id })
    if (row === undefined) return false
    held = { records: held.records - 1, bytes: held.bytes - row.bytes }
    return true
  }

  /** Makes room, the oldest first. */
  function bound(): number {
    let dropped = 0
    while (held.records > bounds.records || held.bytes > bounds.bytes) {
      const row = first.get({})
      if (row === undefined) break
      forget(row.id)
      dropped += 1
    }
    return dropped
  }

  /** `met` are the hashes of those before it in the same call: a request may hold one a million times. */
  function keepOne(quarantined: Quarantined, met: Set<string>): number {
    const row = rowOf(quarantined)
    if (row.bytes > bounds.recordBytes) return 1
    if (met.has(row.hash)) return 0
    met.add(row.hash)
    if (insert.run(row).changes > 0) {
      held = { records: held.records + 1, bytes: held.bytes + row.bytes }
    }
    return 0
  }

  function rewrite({ id, unplaced, message, name }: QuarantinedTexts): void {
    const before = factsOf.get({ id })
    if (before === undefined) return
    const record = JSON.stringify(unplaced.record)
    const hash = hashOf(unplaced, record, before.owner)
    const same = idOfHash.get({ hash })
    if (same !== undefined && same.id !== id) {
      forget(id)
      return
    }
    const bytes = Buffer.byteLength(record)
    update.run({ id, hash, record, bytes, message, name })
    held = { ...held, bytes: held.bytes - before.bytes + bytes }
  }

  function next(selection: QuarantineSelection, afterId: number): readonly StoredQuarantined[] {
    if (selection === 'all') return behind.all({ afterId }).map(storedOf)
    const ids = [...new Set(selection)].filter((id) => id > afterId).sort((a, b) => a - b)
    const rows = ids.slice(0, PER_SLICE).map((id) => one.get({ id }))
    return rows.filter((row) => row !== undefined).map(storedOf)
  }

  return {
    keep: (records) =>
      transaction(() => {
        let dropped = 0
        const met = new Set<string>()
        for (const record of records) dropped += keepOne(record, met)
        dropped += bound()
        if (dropped > 0) totals.add('quarantine_dropped', dropped)
      }),
    counts: async () => ({ ...held, dropped: totals.get('quarantine_dropped') }),
    list: async (limit) => listOf(connection, limit),
    next: async (selection, afterId) => next(selection, afterId),
    remove: async (selection) => {
      let removed = 0
      for (let afterId = -1; ; ) {
        const rows = next(selection, afterId)
        const last = rows.at(-1)
        if (last === undefined) return removed
        removed += await transaction(() => rows.filter(({ id }) => forget(id)).length)
        afterId = last.id
      }
    },
    rewrite: (texts) => transaction(() => rewrite(texts)),
    expire: (nowMs) => {
      const rows = oldest.all({ beforeMs: nowMs - bounds.ageMs })
      if (rows.length === 0) return false
      handle.transaction(() => {
        for (const { id } of rows) forget(id)
        totals.add('quarantine_dropped', rows.length)
      })()
      return true
    },
  }
}

/** Reads what is masked afterwards: some of it behind an id. */
export function createQuarantineTexts(
  connection: ReadConnection,
): (afterId: number) => readonly QuarantinedTexts[] {
  const behind = prepare(connection, ({ afterId }: { afterId: number }) =>
    connection.kysely
      .selectFrom('quarantine')
      .select(['id', 'signal', 'message', 'name', 'record'])
      .where('id', '>', afterId)
      .orderBy('id')
      .limit(sql.lit(PER_SLICE)),
  )
  return (afterId) =>
    behind.all({ afterId }).map(({ id, signal, message, name, record }) => ({
      ...{ id, message, name },
      unplaced: unplacedOf({ signal, record }),
    }))
}

/** Opens it to be read, or says why not. */
export function openSqliteQuarantineList(dataDir: string): Result<OpenQuarantine, string> {
  const opened = openExisting(dataDir, 'read')
  if (!opened.ok) return err(opened.error.message)
  const connection = opened.value
  return ok({
    list: async (limit) => listOf(connection, limit),
    count: async () =>
      connection.handle
        .prepare<[], { readonly count: number }>('select count(*) as count from quarantine')
        .get()?.count ?? 0,
    close: async () => connection.close(),
  })
}

function listOf({ handle }: Pick<Connection, 'handle'>, limit: number): readonly QuarantineItem[] {
  const rows = handle
    .prepare<
      [number],
      Omit<QuarantineItem, 'receivedMs' | 'owner'> & { received_ms: number; owner: string }
    >(
      `select id, received_ms, signal, reason, message, name, bytes, owner
         from quarantine order by id limit ?`,
    )
    .all(limit)
  return rows.map(({ received_ms: receivedMs, owner, ...row }) => {
    return { ...row, receivedMs, ...ownerIn(owner) }
  })
}

/** What changes when a record is masked afterwards. */
type RewrittenRow = { readonly id: number } & Pick<
  NewQuarantined,
  'hash' | 'record' | 'bytes' | 'message' | 'name'
>
