/**
 * Items of the outbox that were put aside: for a person to look at, to try again, or to drop.
 * Works beside a running bridge: each change is one short transaction.
 */
import { existsSync } from 'node:fs'
import { sql } from 'kysely'
import { err, ok, type Result } from '../domain/result.ts'
import { dataFolderAt } from './data-folder.ts'
import { openDatabase } from './open-database.ts'
import { openErrorOf } from './store-open-error.ts'

export interface DeadItem {
  readonly id: number
  readonly sessionKey: string
  readonly kind: string
  readonly attempts: number
  readonly createdMs: number
  readonly bytes: number
  readonly reason: string
}

/** Which items: some, or every dead one. */
export type Selection = readonly number[] | 'all'

export interface DeadItems {
  /** The oldest first. */
  list(limit: number): Promise<readonly DeadItem[]>
  count(): Promise<number>
  /** Puts them back as if they were new. Resolves to how many there were. */
  retry(selection: Selection, nowMs: number): Promise<number>
  /** Deletes them. Resolves to how many there were. */
  drop(selection: Selection): Promise<number>
  close(): Promise<void>
}

/** Opens those of a data folder, or says why not. */
export async function openDeadItems(dataDir: string): Promise<Result<DeadItems, string>> {
  const { databasePath } = dataFolderAt(dataDir)
  if (!existsSync(databasePath)) {
    return err(`There is no database ${databasePath}. Set DATA_DIR to the folder of the bridge.`)
  }
  try {
    const opened = await openDatabase(databasePath)
    if (!opened.ok) return err(opened.error.message)
    const { kysely } = opened.value
    return ok({ ...createDeadItems(kysely), close: () => kysely.destroy() })
  } catch (error) {
    const expected = openErrorOf(error, databasePath)
    if (expected === undefined) throw error
    return err(expected.message)
  }
}

type Database = Extract<Awaited<ReturnType<typeof openDatabase>>, { ok: true }>['value']['kysely']

/** Those of a store that is open. */
export function createDeadItems(kysely: Database): Omit<DeadItems, 'close'> {
  const dead = sql<boolean>`state = 'dead'`

  return {
    list: async (limit) => {
      const rows = await kysely
        .selectFrom('outbox')
        .select(['id', 'session_key', 'kind', 'attempts', 'created_ms', 'bytes', 'reason'])
        .where(dead)
        .orderBy('id')
        .limit(limit)
        .execute()
      return rows.map((row) => ({
        id: row.id,
        sessionKey: row.session_key,
        kind: row.kind,
        attempts: row.attempts,
        createdMs: row.created_ms,
        bytes: row.bytes,
        reason: row.reason ?? '',
      }))
    },
    count: async () => {
      const counted = await kysely
        .selectFrom('outbox')
        .select(({ fn }) => fn.countAll<number>().as('items'))
        .where(dead)
        .executeTakeFirst()
      return counted?.items ?? 0
    },
    retry: async (selection, nowMs) => {
      const { numUpdatedRows } = await kysely
        .updateTable('outbox')
        .set({ state: 'pending', attempts: 0, not_before_ms: 0, created_ms: nowMs, reason: null })
        .where(dead)
        .$if(selection !== 'all', (query) => query.where('id', 'in', idsOf(selection)))
        .executeTakeFirst()
      return Number(numUpdatedRows)
    },
    drop: async (selection) => {
      const { numDeletedRows } = await kysely
        .deleteFrom('outbox')
        .where(dead)
        .$if(selection !== 'all', (query) => query.where('id', 'in', idsOf(selection)))
        .executeTakeFirst()
      return Number(numDeletedRows)
    },
  }
}

function idsOf(selection: Selection): readonly number[] {
  return selection === 'all' ? [] : selection
}
