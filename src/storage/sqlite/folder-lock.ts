/**
 * Keeps a second process off the data folder: two of them would each deliver the whole outbox.
 *
 * The lock is an exclusive transaction on an empty SQLite file beside the database, held for as
 * long as the process lives. It is a lock of the operating system, so a killed process leaves
 * none behind, and unlike an exclusive lock on the database itself it lets readers in: reports
 * and the `sqlite3` shell work while the bridge runs.
 */
import Database from 'better-sqlite3'

export interface FolderLock {
  release(): void
}

/** `undefined` when somebody else holds it. */
export function acquireFolderLock(lockPath: string): FolderLock | undefined {
  const handle = new Database(lockPath, { timeout: 0 })
  try {
    // Nothing is ever written, so no journal is to lie about.
    handle.pragma('journal_mode = MEMORY')
    handle.exec('BEGIN EXCLUSIVE')
    return { release: () => handle.close() }
  } catch (error) {
    handle.close()
    if (error instanceof Database.SqliteError && error.code === 'SQLITE_BUSY') return undefined
    throw error
  }
}
