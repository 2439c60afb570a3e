/**
 * The states of sessions heard of lately: a bounded cache of what the store holds, so that a
 * busy session is not read back for every batch. Of closed ones it has the last few: sessions of
 * months ago are closed all the while that they are imported.
 */
import type { SessionKey } from '../domain/identity.ts'
import { stateBytes } from './held.ts'
import type { SessionState } from './state.ts'

const MAX_CACHED = 500
/** A commit of an import has the end of one session and the beginning of the next. */
const MAX_CLOSED = 4
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
  /** Sessions put that were not here as open ones before, since the last call. */
  newlyOpened(): number
}

export function createLiveSessions(): LiveSessions {
  /** In order of last use. */
  const states = new Map<SessionKey, { readonly state: SessionState; readonly bytes: number }>()
  /** Those of them that are closed, in the same order. */
  const closed = new Set<SessionKey>()
  let bytes = 0
  let opened = 0

  function leave(key: SessionKey): void {
    bytes -= states.get(key)?.bytes ?? 0
    states.delete(key)
    closed.delete(key)
  }

  function isOpen(key: SessionKey): boolean {
    return states.has(key) && !closed.has(key)
  }

  return {
    get: (key) => states.get(key)?.state,
    bytesOf: (key) => states.get(key)?.bytes,
    put: (state) => {
      const { key } = state
      const wasOpen = isOpen(key)
      leave(key)
      if (state.closed !== undefined) closed.add(key)
      else if (!wasOpen) opened += 1
      const entry = { state, bytes: stateBytes(state) }
      states.set(key, entry)
      bytes += entry.bytes
      for (const oldest of closed) {
        if (closed.size <= MAX_CLOSED) break
        leave(oldest)
      }
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
