/**
 * Writes the whole database anew, so that nothing is left in the file of what was deleted or replaced:
 * neither in pages that nothing uses, nor between the rows of others, nor in the write-ahead log.
 */
import type Database from 'better-sqlite3'

/** Frames in the log, and how many of them are in the database: those of the pragma. */
export interface LogState {
  readonly log: number
  readonly checkpointed: number
}

/** Throws what SQLite says, also where somebody reads what was there before for too long. */
export function rewriteDatabase(handle: Database.Database): LogState {
  const [temporary] = handle.pragma('temp_store') as { readonly temp_store: number }[]
  handle.pragma('secure_delete = ON')
  // A database may be larger than memory.
  handle.pragma('temp_store = FILE')
  try {
    handle.exec('VACUUM')
  } finally {
    handle.pragma(`temp_store = ${temporary?.temp_store ?? 0}`)
    handle.pragma('secure_delete = OFF')
  }
  const [state] = handle.pragma('wal_checkpoint(TRUNCATE)') as (LogState & { busy: number })[]
  if (state?.busy !== 0) throw new Error('the database is being read')
  return { log: state.log, checkpointed: state.checkpointed }
}
