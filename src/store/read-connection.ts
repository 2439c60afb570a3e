/**
 * A connection that only reads: for reports beside the one that writes, or beside a running
 * bridge. Makes no file and changes no schema; what it reads is what was committed. Each statement
 * holds the thread while it runs, so whoever asks keeps statements short.
 */
import Database from 'better-sqlite3'
import { type Connection, connectionOver } from './connection.ts'

export type ReadConnection = Connection

const BUSY_TIMEOUT_MS = 2000

/** Throws what SQLite says, also when there is no such file. */
export function openReadConnection(path: string): ReadConnection {
  const options = { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS }
  return connectionOver(new Database(path, options), [])
}
