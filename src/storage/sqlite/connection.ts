/**
 * The one connection to the SQLite file: the handle for synchronous work, and Kysely over the
 * same handle for the rest. Queries of Kysely are single statements here, so that none can be
 * half done when a synchronous transaction begins.
 */
import Database from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import type { SharedTables } from '../shared/dialect.ts'
import { sqliteDialect } from './dialect.ts'
import type { Schema } from './schema.ts'

export interface Connection {
  readonly handle: Database.Database
  readonly kysely: Kysely<Schema>
  readonly shared: SharedTables
  close(): void
}

/**
 * How long a statement waits, blocking the process, for another program that writes to the file
 * (a command of this product, the `sqlite3` shell).
 */
const BUSY_TIMEOUT_MS = 250

/**
 * A commit touches a dozen pages for a few bytes each (indexes, counts), so small pages are less
 * to write than large ones.
 */
export const PAGE_BYTES = 4096
/**
 * Commits come back to the same pages of their indexes; with SQLite's 2 MB they are gone by then.
 * Measured: a tenth more records a second, and no more with 16 MB.
 */
const CACHE_KIB = 8 * 1024
/** Frames in the write-ahead log at which a commit moves them into the database: 4 MB. */
export const CHECKPOINT_PAGES = 1024

/** Opens the file, which must exist; an empty one becomes a database. Throws what SQLite says. */
export function openConnection(path: string): Connection {
  const handle = new Database(path, { timeout: BUSY_TIMEOUT_MS, fileMustExist: true })
  return connectionOver(handle, [
    // Both are laid down with the first page and cannot be had later.
    `page_size = ${PAGE_BYTES}`,
    'auto_vacuum = INCREMENTAL',
    'journal_mode = WAL',
    // Each commit is flushed to the disk before anybody hears of it.
    'synchronous = FULL',
    `wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
    'foreign_keys = ON',
  ])
}

/** Each commit is flushed to the disk before anybody hears of it. */
export function flushOnCommits({ handle }: Pick<Connection, 'handle'>): void {
  handle.pragma('synchronous = FULL')
}

/** The log is flushed before it is moved into the database, and begins anew. */
export function flushOnCheckpoints({ handle }: Pick<Connection, 'handle'>): void {
  handle.pragma('synchronous = NORMAL')
}

/**
 * Runs a transaction that is flushed with the next one. Synchronous: nothing else is committed in between.
 */
export function withoutFlush<T>(connection: Pick<Connection, 'handle'>, work: () => T): T {
  const isFlushing = connection.handle.pragma('synchronous', { simple: true }) === FULL
  if (!isFlushing) return work()
  flushOnCheckpoints(connection)
  try {
    return work()
  } finally {
    flushOnCommits(connection)
  }
}

/** As `pragma synchronous` says it. */
const FULL = 2

/** With its own settings and those that every connection has. Closes the handle when one is refused. */
export function connectionOver(handle: Database.Database, settings: readonly string[]): Connection {
  try {
    for (const setting of settings) handle.pragma(setting)
    handle.pragma(`cache_size = -${CACHE_KIB}`)
    handle.pragma('temp_store = MEMORY')
  } catch (error) {
    handle.close()
    throw error
  }
  const kysely = new Kysely<Schema>({ dialect: new SqliteDialect({ database: handle }) })
  return {
    ...{ handle, kysely },
    shared: { kysely, dialect: sqliteDialect },
    close: () => handle.close(),
  }
}

// A connection that only reads: for reports beside the one that writes, or beside a running bridge.
// Makes no file and changes no schema; what it reads is what was committed. Each statement holds
// the thread while it runs, so whoever asks keeps statements short.

export type ReadConnection = Connection

const READ_BUSY_TIMEOUT_MS = 2000

/** Throws what SQLite says, also when there is no such file. */
export function openReadConnection(path: string): ReadConnection {
  const options = { readonly: true, fileMustExist: true, timeout: READ_BUSY_TIMEOUT_MS }
  return connectionOver(new Database(path, options), [])
}
