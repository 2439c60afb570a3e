/**
 * The store in a data folder: makes the folder, keeps a second process off it, brings the schema
 * up to date, and puts the parts together over one connection. A damaged database is moved aside
 * and said loudly of; the store begins afresh then.
 */
import type { BudgetWatch } from '../domain/budget-watch.ts'
import type { Clock } from '../domain/clock.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { SessionStore } from '../domain/store.ts'
import type { StateFormat } from '../domain/stored-state.ts'
import type { Connection } from './connection.ts'
import { type Checkpointer, createCheckpointer } from './checkpointer.ts'
import { checkWhole, isDamage, markIfDamaged, setAside } from './damage.ts'
import {
  type DataFolder,
  databaseBytes,
  dataFolderAt,
  makeFolder,
  makePrivateFile,
} from './data-folder.ts'
import { createDeadItems } from './dead-items.ts'
import { acquireFolderLock, type FolderLock } from './folder-lock.ts'
import type { StoreLog } from './log.ts'
import { openDatabase } from './open-database.ts'
import { createOutboxLimits, type OutboxBounds } from './outbox-limits.ts'
import { createRetention } from './retention.ts'
import { createSqliteAlertQueue } from './sqlite-alert-queue.ts'
import { createSqliteOutbox } from './sqlite-outbox.ts'
import { createSqliteSessions } from './sqlite-sessions.ts'
import type { Store } from './store.ts'
import { lockedError, openErrorOf, type StoreOpenError } from './store-open-error.ts'
import { createUpkeep } from './upkeep.ts'

export interface SqliteStoreOptions<S> {
  /** Absolute path of the folder with the files. Made when it is missing, for its owner alone. */
  readonly dataDir: string
  readonly clock: Clock
  readonly states: StateFormat<S>
  /** How long closed sessions are kept; 0 is for ever. */
  readonly retentionMs: number
  readonly outbox: OutboxBounds
  /** Absent while no budget is set. */
  readonly budgets?: BudgetWatch<S> | undefined
  readonly log: StoreLog
}

/** The store, or why it cannot be had in this folder. */
export async function createSqliteStore<S>(
  options: SqliteStoreOptions<S>,
): Promise<Result<Store<S>, StoreOpenError>> {
  const folder = dataFolderAt(options.dataDir)
  let lock: FolderLock | undefined
  try {
    makeFolder(options.dataDir)
    makePrivateFile(folder.lockPath)
    lock = acquireFolderLock(folder.lockPath)
    if (lock === undefined) return err(lockedError(options.dataDir))
    const database = await openOrBeginAfresh(folder, options)
    if (database.ok) return ok(storeOver(database.value, lock, folder, options))
    lock.release()
    return database
  } catch (error) {
    lock?.release()
    return expected(error, folder)
  }
}

async function openOrBeginAfresh(
  folder: DataFolder,
  { clock, log }: Pick<SqliteStoreOptions<unknown>, 'clock' | 'log'>,
): Promise<Result<Connection, StoreOpenError>> {
  const first = await open(folder)
  if (first.ok || !isDamage(first.error)) return first
  const movedTo = setAside(folder, clock.now())
  log.error(
    { movedTo, reason: first.error.reason },
    'the database was damaged and has been moved aside; a new one begins, without what was in it',
  )
  return open(folder)
}

async function open(folder: DataFolder): Promise<Result<Connection, StoreOpenError>> {
  try {
    makePrivateFile(folder.databasePath)
    const opened = await openDatabase(folder.databasePath)
    if (!opened.ok) return opened
    try {
      checkWhole(opened.value, folder)
      return opened
    } catch (error) {
      opened.value.close()
      throw error
    }
  } catch (error) {
    return expected(error, folder)
  }
}

/** The explanation of an expected failure; anything else is thrown on. */
function expected(error: unknown, { databasePath }: DataFolder) {
  const explained = openErrorOf(error, databasePath)
  if (explained === undefined) throw error
  return err(explained)
}

function storeOver<S>(
  connection: Connection,
  lock: FolderLock,
  folder: DataFolder,
  { clock, states, retentionMs, outbox, budgets, log }: SqliteStoreOptions<S>,
): Store<S> {
  const sessions = createSqliteSessions<S>({ connection, clock, states, budgets, log })
  const checkpointer = createCheckpointer({ connection, databasePath: folder.databasePath, log })
  const upkeep = createUpkeep({
    retention: createRetention({ connection, onDeleted: () => sessions.forget() }),
    limits: createOutboxLimits(connection, outbox),
    retentionMs,
    clock,
    log,
  })
  return {
    sessions: noticingDamage(checkpointed(sessions, checkpointer), folder),
    outbox: createSqliteOutbox({ connection, log }),
    alerts: createSqliteAlertQueue(connection),
    deadItems: createDeadItems(connection.kysely),
    databaseBytes: () => databaseBytes(folder),
    upkeep,
    check: async () => {
      try {
        // Nothing reads this number; writing it goes the whole way to the disk.
        connection.handle.pragma('user_version = 0')
        return ok(undefined)
      } catch (error) {
        markIfDamaged(error, folder)
        return err(error instanceof Error ? error.message : String(error))
      }
    },
    close: async () => {
      upkeep.stop()
      await checkpointer.close()
      await connection.kysely.destroy()
      connection.close()
      lock.release()
    },
  }
}

function checkpointed<S>(sessions: SessionStore<S>, checkpointer: Checkpointer): SessionStore<S> {
  return {
    ...sessions,
    commit: async (...args) => {
      await checkpointer.pause()
      const committed = await sessions.commit(...args)
      checkpointer.afterCommit()
      return committed
    },
  }
}

function noticingDamage<S>(sessions: SessionStore<S>, folder: DataFolder): SessionStore<S> {
  return {
    ...sessions,
    commit: async (...args) => {
      try {
        return await sessions.commit(...args)
      } catch (error) {
        markIfDamaged(error, folder)
        throw error
      }
    },
  }
}
