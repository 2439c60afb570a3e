/**
 * Items of the outbox that were put aside: for a person to look at, to try again, or to drop.
 * There may be a million, so they are changed some hundred at a time, with others in between.
 */
import { setImmediate } from 'node:timers/promises'
import { sql } from 'kysely'
import type { DeadItem, DeadItems, DeadItemSelection, DeadReason } from '../../domain/outbox.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { OpenDeadItems } from '../maintenance.ts'
import type { Connection } from './connection.ts'
import { dataFolderAt } from '../data-folder.ts'
import { createIdBlocks } from './id-blocks.ts'
import { checkSchema } from './known-schema.ts'
import { openExisting, SchemaChangedError } from './open-existing.ts'
import { createOutboxTable, type OutboxTable } from './outbox-table.ts'
import { prepare } from './prepared.ts'
import type { Write } from './writer.ts'

/** Opens those of a data folder to be listed, or says why not. */
export function openSqliteDeadItemList(
  dataDir: string,
): Result<Pick<OpenDeadItems, 'list' | 'count' | 'close'>, string> {
  const opened = openExisting(dataDir, 'read')
  if (!opened.ok) return err(opened.error.message)
  const connection = opened.value
  return ok({
    list: (limit) => listDeadItems(connection, limit),
    count: () => countDeadItems(connection),
    close: () => closed(connection),
  })
}

/**
 * Opens those of a data folder that a bridge is using, or says why not. Each change is one short
 * transaction, and sees to it that the bridge has not changed the schema meanwhile.
 */
export function openSqliteDeadItems(dataDir: string): Result<OpenDeadItems, string> {
  const opened = openExisting(dataDir, 'change')
  if (!opened.ok) return err(opened.error.message)
  const connection = opened.value
  const { databasePath } = dataFolderAt(dataDir)
  const table = createOutboxTable(connection, createIdBlocks(connection))
  const items = createDeadItems({
    connection,
    table,
    write: async (work) =>
      table.change(() => {
        const problem = checkSchema(connection, databasePath)
        if (problem !== undefined) throw new SchemaChangedError(problem.message)
        return work()
      }),
  })
  return ok({ ...items, close: () => closed(connection) })
}

interface DeadItemsDeps {
  readonly connection: Connection
  readonly table: OutboxTable
  /** Runs one change. */
  readonly write: Write
}

const ITEMS_PER_SLICE = 200

/** Those of a store that is open. */
export function createDeadItems(deps: DeadItemsDeps): DeadItems {
  const { connection, table, write } = deps
  const behind = prepare(connection, ({ afterId }: { afterId: number }) =>
    connection.kysely
      .selectFrom('outbox_exceptions')
      .select('outbox_id as id')
      .distinct()
      .where('state', '=', sql.lit('dead'))
      .where('outbox_id', '>', afterId)
      .orderBy('outbox_id')
      .limit(sql.lit(ITEMS_PER_SLICE)),
  )

  /** The next of a selection behind an id: in the order of their ids, so that none comes twice. */
  function next(selection: DeadItemSelection, afterId: number): readonly number[] {
    if (selection === 'all') return behind.all({ afterId }).map(({ id }) => id)
    const ids = [...new Set(selection)].filter((id) => id > afterId).sort((a, b) => a - b)
    return ids.slice(0, ITEMS_PER_SLICE)
  }

  /** Resolves to how many of them `change` says were dead. */
  async function forEach(
    selection: DeadItemSelection,
    change: (id: number) => boolean,
  ): Promise<number> {
    let changed = 0
    let afterId = -1
    for (;;) {
      const ids = next(selection, afterId)
      const last = ids.at(-1)
      if (last === undefined) return changed
      changed += await write(() => table.change(() => ids.filter((id) => change(id)).length))
      afterId = last
      await setImmediate()
    }
  }

  return {
    list: (limit) => listDeadItems(connection, limit),
    count: () => countDeadItems(connection),
    retry: (selection, nowMs) => forEach(selection, (id) => table.putBack(id, nowMs)),
    drop: (selection) => forEach(selection, (id) => table.dropDead(id)),
  }
}

/** The oldest first. */
export async function listDeadItems(
  { kysely }: Pick<Connection, 'kysely'>,
  limit: number,
): Promise<readonly DeadItem[]> {
  const rows = await kysely
    .selectFrom('outbox_exceptions')
    .innerJoin('outbox', 'outbox.id', 'outbox_exceptions.outbox_id')
    .select(['outbox.id', 'exporter', 'session_key', 'outbox.kind'])
    .select(['attempts', 'created_ms', 'bytes', 'reason'])
    .where('state', '=', sql.lit('dead'))
    .orderBy('outbox_id')
    .orderBy('exporter')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    id: row.id,
    exporter: row.exporter,
    sessionKey: row.session_key,
    kind: row.kind,
    attempts: row.attempts,
    createdMs: row.created_ms,
    bytes: row.bytes,
    reason: row.reason ?? '',
  }))
}

async function countDeadItems({ kysely }: Pick<Connection, 'kysely'>): Promise<number> {
  const counted = await kysely
    .selectFrom('outbox_exceptions')
    .select(({ fn }) => fn.countAll<number>().as('items'))
    .where('state', '=', sql.lit('dead'))
    .executeTakeFirst()
  return counted?.items ?? 0
}

async function closed(connection: Connection): Promise<void> {
  await connection.kysely.destroy()
  connection.close()
}

/** By exporter and reason, the most items first. */
export async function listDeadReasons(
  { kysely }: Pick<Connection, 'kysely'>,
  limit: number,
): Promise<readonly DeadReason[]> {
  const rows = await kysely
    .selectFrom('outbox_exceptions')
    .innerJoin('outbox', 'outbox.id', 'outbox_exceptions.outbox_id')
    .select(['exporter', 'reason'])
    .select(({ fn }) => [fn.countAll<number>().as('count'), fn.min('created_ms').as('oldest_ms')])
    .where('state', '=', sql.lit('dead'))
    .groupBy(['exporter', 'reason'])
    .orderBy('count', 'desc')
    .orderBy('oldest_ms')
    .limit(limit)
    .execute()
  return rows.map(({ exporter, reason, count, oldest_ms }) => {
    return { exporter, reason: reason ?? '', count, oldestMs: oldest_ms }
  })
}
