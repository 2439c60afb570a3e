/** What the database of a bridge holds of one session, table by table, whatever the tables are. */
import { join } from 'node:path'
import Database from 'better-sqlite3'

/** Rows by table; tables without any are left out. */
export type RowCounts = Readonly<Record<string, number>>

interface Table {
  readonly name: string
}

/**
 * Counts rows that refer to the session or have its id somewhere in them. Reads beside the bridge,
 * and sees what it has committed.
 */
export function sessionRows(dataDir: string, sessionRef: number, sessionId: string): RowCounts {
  const database = new Database(join(dataDir, 'claude-telemetry.db'), { readonly: true })
  try {
    const tables = database
      .prepare<[], Table>("select name from sqlite_master where type = 'table'")
      .all()
    const counts = tables.map(({ name }): [string, number] => {
      const rows = database.prepare<[], Record<string, unknown>>(`select * from "${name}"`).all()
      return [name, rows.filter((row) => isOf(row, sessionRef, sessionId)).length]
    })
    return Object.fromEntries(counts.filter(([, count]) => count > 0))
  } finally {
    database.close()
  }
}

/** The number that other tables refer to a session by. */
export function sessionRefOf(dataDir: string, sessionId: string): number {
  const database = new Database(join(dataDir, 'claude-telemetry.db'), { readonly: true })
  try {
    const row = database
      .prepare<[string], { id: number }>('select id from sessions where session_id = ?')
      .get(sessionId)
    if (row === undefined) throw new Error(`the database has no session ${sessionId}`)
    return row.id
  } finally {
    database.close()
  }
}

function isOf(row: Readonly<Record<string, unknown>>, sessionRef: number, sessionId: string) {
  if (row.session_ref === sessionRef) return true
  return Object.values(row).some((value) => typeof value === 'string' && value.includes(sessionId))
}
