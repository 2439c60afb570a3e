/** Whether a session is stored, for a program beside the bridge. Only reads. */
import type { SessionKey } from '../../domain/identity.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { explainSqliteUse, openExisting } from './open-existing.ts'

/** The error says why the folder could not be looked into, in the middle of a sentence. */
export function hasSqliteSession(dataDir: string, key: SessionKey): Result<boolean, string> {
  const opened = openExisting(dataDir, 'read')
  if (!opened.ok) return err(lowerFirst(opened.error.message))
  const connection = opened.value
  try {
    const row: unknown = connection.handle
      .prepare('select 1 from sessions where session_key = ?')
      .get(key)
    return ok(row !== undefined)
  } catch (error) {
    const expected = explainSqliteUse(error, dataDir)
    if (expected === undefined) throw error
    return err(lowerFirst(expected))
  } finally {
    connection.close()
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
