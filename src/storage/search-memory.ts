/**
 * What was indexed of sessions lately: the same tools, files and labels come again and again, and each is
 * indexed once. What is forgotten is indexed twice, which changes no answer.
 */
import { rowTextsOf, type SearchedRow } from '../domain/search-texts.ts'
import { shortHash } from '../domain/short-hash.ts'
import { createBoundedMap } from './bounded-map.ts'

const MAX_SESSIONS = 500
const MAX_TEXTS = 500

export interface SearchMemory {
  /** Those that are not known to be indexed; from now on they are. */
  unknownOf(sessionRef: number, texts: readonly string[]): readonly string[]
  /** What a session's row tells; nothing where it is as it was. */
  changesOf(sessionRef: number, row: SearchedRow): readonly string[]
  /** After a rollback, or a change behind its back. */
  forget(): void
}

export function createSearchMemory(): SearchMemory {
  const sessions = createBoundedMap<number, Set<string>>(MAX_SESSIONS)
  const rows = createBoundedMap<number, SearchedRow>(MAX_SESSIONS)

  return {
    unknownOf: (sessionRef, texts) => {
      let known = sessions.get(sessionRef)
      if (known === undefined || known.size > MAX_TEXTS) {
        known = new Set()
        sessions.set(sessionRef, known)
      }
      const unknown: string[] = []
      for (const text of texts) {
        const hash = shortHash(text)
        if (known.has(hash)) continue
        known.add(hash)
        unknown.push(text)
      }
      return unknown
    },
    changesOf: (sessionRef, row) => {
      const before = rows.get(sessionRef)
      if (before !== undefined && isSame(before, row)) return []
      const { agent, sessionId, title, userId, project, team, labels } = row
      rows.set(sessionRef, { agent, sessionId, title, userId, project, team, labels })
      return rowTextsOf(row)
    },
    forget: () => {
      sessions.clear()
      rows.clear()
    },
  }
}

/** Labels are the same object as long as nothing changes. */
function isSame(a: SearchedRow, b: SearchedRow): boolean {
  return (
    a.labels === b.labels &&
    a.title === b.title &&
    a.userId === b.userId &&
    a.project === b.project &&
    a.team === b.team
  )
}
