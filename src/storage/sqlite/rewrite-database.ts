/**
 * Writes the whole database anew, so that nothing is left in the file of what was deleted or replaced:
 * neither in pages that nothing uses, nor between the rows of others, nor in the write-ahead log.
 */
import Database from 'better-sqlite3'
import { err, ok, type Result } from '../../domain/result.ts'

/** Frames in the log, and how many of them are in the database: those of the pragma. */
export interface LogState {
  readonly log: number
  readonly checkpointed: number
}

const IN_USE = err('another process is reading the database')

/** The error says that another process uses the database: text may be left in its files then. */
export function rewriteDatabase(handle: Database.Database): Result<undefined, string> {
  const [temporary] = handle.pragma('temp_store') as { readonly temp_store: number }[]
  handle.pragma('secure_delete = ON')
  // A database may be larger than memory.
  handle.pragma('temp_store = FILE')
  try {
    // Words of rows that were deleted stay in the index until its parts are merged.
    handle.exec("insert into search_index (search_index) values ('optimize')")
    handle.exec('VACUUM')
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return IN_USE
    throw error
  } finally {
    handle.pragma(`temp_store = ${temporary?.temp_store ?? 0}`)
    handle.pragma('secure_delete = OFF')
  }
  const [state] = handle.pragma('wal_checkpoint(TRUNCATE)') as (LogState & { busy: number })[]
  return state?.busy === 0 ? ok(undefined) : IN_USE
}
