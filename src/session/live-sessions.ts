/**
 * The states of sessions heard of lately: a bounded cache of what the store holds, so that a
 * busy session is not read back for every batch. Closed sessions leave it.
 */
import type { SessionKey } from '../domain/identity.ts'
import type { SessionState } from './state.ts'

const MAX_CACHED = 500

export interface LiveSessions {
  has(key: SessionKey): boolean
  get(key: SessionKey): SessionState | undefined
  /** Notes a state that has been committed. */
  put(state: SessionState): void
  /** Leaves sessions to be read back from the store. */
  forget(keys: Iterable<SessionKey>): void
  /** Sessions put that were not here before, since the last call. */
  newlyOpened(): number
}

export function createLiveSessions(): LiveSessions {
  /** In order of last use. */
  const states = new Map<SessionKey, SessionState>()
  let opened = 0
  return {
    has: (key) => states.has(key),
    get: (key) => states.get(key),
    put: (state) => {
      const known = states.delete(state.key)
      if (state.closed !== undefined) return
      if (!known) opened += 1
      states.set(state.key, state)
      if (states.size > MAX_CACHED) {
        const oldest = states.keys().next()
        if (!oldest.done) states.delete(oldest.value)
      }
    },
    forget: (keys) => {
      for (const key of keys) states.delete(key)
    },
    newlyOpened: () => {
      const count = opened
      opened = 0
      return count
    },
  }
}
