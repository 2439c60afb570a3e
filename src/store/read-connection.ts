/**
 * A connection that only reads: for reports beside the one that writes, or beside a running
 * bridge. Makes no file and changes no schema; what it reads is what was committed. Each statement
 * holds the thread while it runs, so whoever asks keeps statements short.
 */
import Database from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import type { Connection } from './connection.ts'
import type { Schema } from './schema.ts'

export type ReadConnection = Pick<Connection, 'handle' | 'kysely' | 'close'>

const BUSY_TIMEOUT_MS = 2000
const CACHE_KIB = 8 * 1024

/** Throws what SQLite says, also when there is no such file. */
export function openReadConnection(path: string): ReadConnection {
  const handle = new Database(path, {
    readonly: true,
    fileMustExist: true,
    timeout: BUSY_TIMEOUT_MS,
  })
  try {
    handle.pragma(`cache_size = -${CACHE_KIB}`)
    handle.pragma('temp_store = MEMORY')
  } catch (error) {
    handle.close()
    throw error
  }
  return {
    handle,
    kysely: new Kysely<Schema>({ dialect: new SqliteDialect({ database: handle }) }),
    close: () => handle.close(),
  }
}
