/**
 * A stored session told again from its records, through the machine of today. Pure: the times
 * are those at which the records came, and what was due between them happens between them.
 */
import type { Emission } from '../domain/emission.ts'
import type { SessionKey } from '../domain/identity.ts'
import type { Arrival } from '../domain/store.ts'
import type { SessionPolicy } from './policy.ts'
import { reduce, type SessionInput } from './reduce.ts'
import { newSession, type SessionState } from './state.ts'

export interface Replay {
  /** The next records in order of arrival, and what they make the machine say. */
  add(arrivals: readonly Arrival[]): readonly Emission[]
  /** Closes the session and says the rest: open turns, summary, scores. */
  finish(): readonly Emission[]
  /** Undefined before the first record. */
  state(): SessionState | undefined
}

export function createReplay(key: SessionKey, policy: SessionPolicy): Replay {
  let state: SessionState | undefined

  function step(from: SessionState, inputs: readonly SessionInput[]): readonly Emission[] {
    const next = reduce(from, inputs, policy)
    state = next.state
    return next.emissions
  }

  return {
    add: (arrivals) => {
      const [first] = arrivals
      if (first === undefined) return []
      const inputs = arrivals.map(({ item, arrivedMs }): SessionInput => {
        return { kind: 'record', item, atMs: arrivedMs }
      })
      return step(state ?? newSession(key, first.item, first.arrivedMs), inputs)
    },
    finish: () => {
      if (state === undefined) return []
      const atMs = state.lastArrivalMs + policy.idleTimeoutMs
      return step(state, [{ kind: 'close', reason: 'idle', atMs }])
    },
    state: () => state,
  }
}
