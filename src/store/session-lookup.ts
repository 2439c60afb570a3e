/**
 * Whether a session is stored, for a program beside the bridge. Only reads: makes no file, changes
 * no schema, takes no lock that the bridge would wait for.
 */
import { existsSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { SessionKey } from '../domain/identity.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { dataFolderAt } from './data-folder.ts'

const BUSY_TIMEOUT_MS = 2000

/** The error says why the folder could not be looked into. */
export function hasStoredSession(dataDir: string, key: SessionKey): Result<boolean, string> {
  const { databasePath } = dataFolderAt(dataDir)
  if (!existsSync(databasePath)) return err(`there is no database ${databasePath}`)
  try {
    const database = new Database(databasePath, { readonly: true, timeout: BUSY_TIMEOUT_MS })
    try {
      const row: unknown = database.prepare('select 1 from sessions where session_key = ?').get(key)
      return ok(row !== undefined)
    } finally {
      database.close()
    }
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error
    return err(`${databasePath} cannot be read: ${error.message}`)
  }
}
