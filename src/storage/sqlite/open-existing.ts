/**
 * Opens the database of a data folder as a program beside the bridge does: to read it, or to make
 * small changes. Makes no file and never changes the schema, which is the bridge's alone: the one
 * that runs may be of an older version, and would read a schema that it does not know.
 */
import { accessSync, constants } from 'node:fs'
import Database from 'better-sqlite3'
import { err, ok, type Result } from '../../domain/result.ts'
import { type Connection, connectionOver, openReadConnection } from './connection.ts'
import { dataFolderAt } from '../data-folder.ts'
import { checkSchema } from './known-schema.ts'
import { besideErrorOf, type SqliteOpenError } from './open-error.ts'

/** How long a change waits for the bridge, which writes for some milliseconds at a time. */
const BUSY_TIMEOUT_MS = 5000

export type Purpose = 'read' | 'change'

/** The connection, of this program's own schema, or why it cannot be had. */
export function openExisting(
  dataDir: string,
  purpose: Purpose,
): Result<Connection, SqliteOpenError> {
  const { databasePath } = dataFolderAt(dataDir)
  try {
    // SQLite says the same of a file that is not there and of one that it may not open.
    accessSync(databasePath, constants.R_OK)
    const connection =
      purpose === 'read' ? openReadConnection(databasePath) : openForChanges(databasePath)
    const problem = checkedSchema(connection, databasePath)
    if (problem === undefined) return ok(connection)
    connection.close()
    return err(problem)
  } catch (error) {
    const expected = besideErrorOf(error, databasePath)
    if (expected === undefined) throw error
    return err(expected)
  }
}

function openForChanges(path: string): Connection {
  const handle = new Database(path, { timeout: BUSY_TIMEOUT_MS, fileMustExist: true })
  return connectionOver(handle, ['synchronous = FULL', 'foreign_keys = ON'])
}

/** As `checkSchema`; closes the connection when that throws. */
function checkedSchema(connection: Connection, path: string): SqliteOpenError | undefined {
  try {
    return checkSchema(connection, path)
  } catch (error) {
    connection.close()
    throw error
  }
}

/** The schema is another one than when the database was opened. */
export class SchemaChangedError extends Error {}

/** Why an open database could not be used, for a person; `undefined` when that is a bug. */
export function explainSqliteUse(error: unknown, dataDir: string): string | undefined {
  if (error instanceof SchemaChangedError) return error.message
  if (!(error instanceof Database.SqliteError)) return undefined
  return besideErrorOf(error, dataFolderAt(dataDir).databasePath)?.message
}
