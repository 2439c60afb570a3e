/**
 * What was indexed of sessions lately: the same tools, files and labels come again and again, and each is
 * indexed once. What is forgotten is indexed twice, which changes no answer.
 */
import { shortHash } from '../domain/short-hash.ts'
import { createBoundedMap } from './bounded-map.ts'

const MAX_SESSIONS = 500
const MAX_TEXTS = 500

export interface SearchMemory {
  /** Those that are not known to be indexed; from now on they are. */
  unknownOf(sessionRef: number, texts: readonly string[]): readonly string[]
  /** After a rollback, or a change behind its back. */
  forget(): void
}

export function createSearchMemory(): SearchMemory {
  const sessions = createBoundedMap<number, Set<string>>(MAX_SESSIONS)

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
    forget: () => sessions.clear(),
  }
}
