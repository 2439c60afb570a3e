/** Looks a session up for a program beside the bridge. Only reads. */
import type { NamedSession, SessionKey } from '../../domain/identity.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { explainSqliteUse, openExisting } from './open-existing.ts'

/** The error says why the folder could not be looked into, in the middle of a sentence. */
export function findSqliteSession(
  dataDir: string,
  { agent, sessionId }: NamedSession,
): Result<SessionKey | undefined, string> {
  const opened = openExisting(dataDir, 'read')
  if (!opened.ok) return err(lowerFirst(opened.error.message))
  const connection = opened.value
  try {
    const row = connection.handle
      .prepare('select session_key as key from sessions where agent = ? and session_id = ?')
      .get(agent, sessionId) as { readonly key: SessionKey } | undefined
    return ok(row?.key)
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
