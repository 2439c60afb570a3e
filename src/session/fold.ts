/**
 * The pure function in the middle of a commit: new arrivals and controls, folded session by
 * session. A session whose fold fails keeps its state and is parked without a deadline, so
 * that it is not tried again until something new arrives; its neighbours are not touched.
 */
import type { SessionKey } from '../domain/identity.ts'
import type { Emission } from '../domain/emission.ts'
import type { Arrival, Outcome, SessionRow, SessionUsage } from '../domain/store.ts'
import { isEmpty } from './eventful.ts'
import type { SessionPolicy } from './policy.ts'
import { reduce, type SessionInput } from './reduce.ts'
import { rowOf } from './row.ts'
import { newSession, type SessionState } from './state.ts'
import type { Control } from './work-queue.ts'

export interface FoldDeps {
  readonly policy: SessionPolicy
  /** The state of a session that is known, from memory or from the store. */
  readonly known: (key: SessionKey) => SessionState | undefined
  /** A bug: the session's records stay stored, and its state stays what it was. */
  readonly onFailure: (key: SessionKey, error: unknown) => void
}

export function foldSessions(
  fresh: readonly Arrival[],
  controls: readonly Control[],
  deps: FoldDeps,
): Outcome<SessionState> {
  const sessions: SessionRow<SessionState>[] = []
  const usage: SessionUsage[] = []
  const emissions: Emission[] = []
  for (const [key, { first, inputs }] of bySession(fresh, controls)) {
    const state = deps.known(key) ?? (first && newSession(key, first.item, first.arrivedMs))
    if (state === undefined) continue
    try {
      const step = reduce(state, inputs, deps.policy)
      const row = rowOf(step.state, deps.policy)
      sessions.push(row)
      usage.push({
        session: row,
        usage: step.usage,
        isMoved: isMoved(state, row),
        appearedMs: isEmpty(state) && !row.isEmpty ? row.firstMs : undefined,
      })
      for (const emission of step.emissions) emissions.push(emission)
    } catch (error) {
      deps.onFailure(key, error)
      sessions.push({ ...rowOf(state, deps.policy), deadlineMs: undefined, closeReason: 'failed' })
    }
  }
  return { sessions, usage, emissions }
}

/** What was spent before counts for another user or team from now on. */
function isMoved({ totals, identity }: SessionState, now: SessionRow<SessionState>): boolean {
  if (totals.costUsd === 0) return false
  return identity.userId !== now.userId || identity.labels?.team !== now.team
}

interface SessionWork {
  /** The first new record, which a session that is not known yet begins with. */
  readonly first: Arrival | undefined
  readonly inputs: SessionInput[]
}

function bySession(
  fresh: readonly Arrival[],
  controls: readonly Control[],
): Map<SessionKey, SessionWork> {
  const work = new Map<SessionKey, SessionWork>()
  for (const arrival of fresh) {
    const input = { kind: 'record', item: arrival.item, atMs: arrival.arrivedMs } as const
    const found = work.get(arrival.sessionKey)
    if (found === undefined) work.set(arrival.sessionKey, { first: arrival, inputs: [input] })
    else found.inputs.push(input)
  }
  for (const { sessionKey, input } of controls) {
    const found = work.get(sessionKey)
    if (found === undefined) work.set(sessionKey, { first: undefined, inputs: [input] })
    else found.inputs.push(input)
  }
  return work
}
