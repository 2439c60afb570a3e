/**
 * The states of sessions heard of lately: a bounded cache of what the store holds, so that a
 * busy session is not read back for every batch. Closed sessions leave it.
 */
import type { SessionKey } from '../domain/identity.ts'
import { stateBytes } from './held.ts'
import type { SessionState } from './state.ts'

const MAX_CACHED = 500
/** About; a state takes some tens of kilobytes, and two megabytes at most. */
const MAX_CACHED_BYTES = 50_000_000

export interface LiveSessions {
  get(key: SessionKey): SessionState | undefined
  /** Bytes of a state as JSON, about; undefined when it is not here. */
  bytesOf(key: SessionKey): number | undefined
  /** Notes a state that has been committed. */
  put(state: SessionState): void
  /** Leaves sessions to be read back from the store. */
  forget(keys: Iterable<SessionKey>): void
  /** Sessions put that were not here before, since the last call. */
  newlyOpened(): number
}

export function createLiveSessions(): LiveSessions {
  /** In order of last use. */
  const states = new Map<SessionKey, { readonly state: SessionState; readonly bytes: number }>()
  let bytes = 0
  let opened = 0

  /** Whether it was here. */
  function leave(key: SessionKey): boolean {
    bytes -= states.get(key)?.bytes ?? 0
    return states.delete(key)
  }

  return {
    get: (key) => states.get(key)?.state,
    bytesOf: (key) => states.get(key)?.bytes,
    put: (state) => {
      const known = leave(state.key)
      if (state.closed !== undefined) return
      if (!known) opened += 1
      const entry = { state, bytes: stateBytes(state) }
      states.set(state.key, entry)
      bytes += entry.bytes
      for (const oldest of states.keys()) {
        if (states.size <= MAX_CACHED && bytes <= MAX_CACHED_BYTES) break
        leave(oldest)
      }
    },
    forget: (keys) => {
      for (const key of keys) leave(key)
    },
    newlyOpened: () => {
      const count = opened
      opened = 0
      return count
    },
  }
}
