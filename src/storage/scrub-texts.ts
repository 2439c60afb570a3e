/** What `scrub` looks at of a session's row, as every engine names its columns. */
import { ownerOfSession, type SessionKey } from '../domain/identity.ts'
import type { SessionTexts } from '../domain/scrub-store.ts'
import type { StoredState } from '../domain/stored-state.ts'

export interface SessionTextRow {
  readonly id: number
  readonly user_id: string | null
  readonly title: string | null
  readonly project: string | null
  readonly team: string | null
  readonly owner_team: string | null
  readonly owner_user: string | null
  readonly first_prompt_ms: number | null
  readonly first_commit_ms: number | null
  /** Of the state; null where there is none. */
  readonly version: number | null
}

export function sessionTextsOf(key: SessionKey, row: SessionTextRow): SessionTexts {
  const owner = ownerOfSession(key)
  return {
    userId: row.user_id,
    title: row.title,
    project: row.project,
    team: row.team,
    ownerTeam: owner?.team === undefined ? row.owner_team : null,
    ownerUser: owner?.user === undefined ? row.owner_user : null,
  }
}

/** With the text of the state, which engines keep in their own ways. */
export function storedStateOf(
  sessionKey: SessionKey,
  row: SessionTextRow,
  text: string | null,
): StoredState | undefined {
  if (text === null || row.version === null) return undefined
  return {
    sessionKey,
    version: row.version,
    text,
    title: row.title ?? undefined,
    firstPromptMs: row.first_prompt_ms ?? undefined,
    firstCommitMs: row.first_commit_ms ?? undefined,
  }
}
