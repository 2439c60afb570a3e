/**
 * A stored session told again from what happened to it, through the machine of today. Pure: records
 * come at the time at which they came, controls where they decided something, and what was due
 * between two records happens between them.
 */
import type { Emission } from '../domain/emission.ts'
import type { SessionKey } from '../domain/identity.ts'
import type { SessionControl } from '../domain/session-control.ts'
import type { Arrival } from '../domain/session-store.ts'
import { foldInputs, inputOf } from './fold.ts'
import { policyAsRecorded, type SessionPolicy } from './policy.ts'
import type { SessionInput } from './reduce.ts'
import { newSession, type SessionState } from './state.ts'

export interface Replay {
  /** The next records in order, and what they make the machine say. */
  add(arrivals: readonly Arrival[]): readonly Emission[]
  /** The next control, which stands behind all records so far. */
  control(control: SessionControl): readonly Emission[]
  /** From here on another policy was in force; see `policyText`. */
  underPolicy(recorded: unknown): void
  /** What closing the session now would say: open turns, summary, scores. It stays as it is. */
  closing(): Closing
  /** Undefined before the first record. */
  state(): SessionState | undefined
}

export interface Closing {
  readonly emissions: readonly Emission[]
  /** Of the closed session; undefined before the first record. */
  readonly state: SessionState | undefined
}

/** `shownAs` decides how things look; what there is, the policies that were in force. */
export function createReplay(key: SessionKey, shownAs: SessionPolicy): Replay {
  let policy = shownAs
  let state: SessionState | undefined
  /** Asked for again and again while nothing comes. */
  let closed:
    | { readonly of: SessionState; readonly under: SessionPolicy; readonly closing: Closing }
    | undefined

  function step(from: SessionState, inputs: readonly SessionInput[]) {
    // What failed was told when it came.
    return foldInputs(from, inputs, policy, () => {})
  }

  function advance(from: SessionState, inputs: readonly SessionInput[]): readonly Emission[] {
    const next = step(from, inputs)
    state = next.state
    return next.emissions
  }

  return {
    add: (arrivals) => {
      const [first] = arrivals
      if (first === undefined) return []
      return advance(state ?? newSession(key, first.item, first.arrivedMs), arrivals.map(inputOf))
    },
    control: (control) => (state === undefined ? [] : advance(state, [control])),
    underPolicy: (recorded) => {
      policy = policyAsRecorded(shownAs, recorded)
    },
    closing: () => {
      if (state === undefined) return { emissions: [], state }
      if (closed?.of === state && closed.under === policy) return closed.closing
      const atMs = state.lastArrivalMs + policy.idleTimeoutMs
      const closing = step(state, [{ kind: 'close', reason: 'idle', atMs }])
      closed = { of: state, under: policy, closing }
      return closing
    },
    state: () => state,
  }
}
