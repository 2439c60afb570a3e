/**
 * The store in a data folder: makes the folder, keeps a second process off it, brings the schema
 * up to date, and puts the parts together over one connection.
 */
import type { Clock } from '../domain/clock.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { Connection } from './connection.ts'
import { dataFolderAt, makeFolder, makePrivateFile } from './data-folder.ts'
import { acquireFolderLock, type FolderLock } from './folder-lock.ts'
import type { StoreLog } from './log.ts'
import { openDatabase } from './open-database.ts'
import { createSqliteOutbox } from './sqlite-outbox.ts'
import { createSqliteSessions } from './sqlite-sessions.ts'
import type { Store } from './store.ts'
import { lockedError, openErrorOf, type StoreOpenError } from './store-open-error.ts'

export interface SqliteStoreOptions {
  /** Absolute path of the folder with the files. Made when it is missing, for its owner alone. */
  readonly dataDir: string
  readonly clock: Clock
  /** Version of the session states that `S` is; stored states of another are not read. */
  readonly stateVersion: number
  readonly log: StoreLog
}

/** The store, or why it cannot be had in this folder. */
export async function createSqliteStore<S>(
  options: SqliteStoreOptions,
): Promise<Result<Store<S>, StoreOpenError>> {
  const { databasePath, lockPath } = dataFolderAt(options.dataDir)
  let lock: FolderLock | undefined
  try {
    makeFolder(options.dataDir)
    makePrivateFile(lockPath)
    lock = acquireFolderLock(lockPath)
    if (lock === undefined) return err(lockedError(options.dataDir))
    makePrivateFile(databasePath)
    const database = await openDatabase(databasePath)
    if (database.ok) return ok(storeOver(database.value, lock, options))
    lock.release()
    return database
  } catch (error) {
    lock?.release()
    const expected = openErrorOf(error, databasePath)
    if (expected === undefined) throw error
    return err(expected)
  }
}

function storeOver<S>(
  connection: Connection,
  lock: FolderLock,
  { clock, stateVersion, log }: SqliteStoreOptions,
): Store<S> {
  return {
    sessions: createSqliteSessions<S>({ connection, clock, stateVersion, log }),
    outbox: createSqliteOutbox({ connection, log }),
    check: async () => {
      try {
        // Nothing reads this number; writing it goes the whole way to the disk.
        connection.handle.pragma('user_version = 0')
        return ok(undefined)
      } catch (error) {
        return err(error instanceof Error ? error.message : String(error))
      }
    },
    close: async () => {
      await connection.kysely.destroy()
      lock.release()
    },
  }
}
