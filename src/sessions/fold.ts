/**
 * The pure function in the middle of a commit: new arrivals and controls, folded session by
 * session. An input that cannot be folded is left out; its neighbours and other sessions are not
 * touched. A session that nothing can be done with is parked without a deadline, so that it is not
 * tried again until something new arrives.
 */
import type { SessionKey } from '../domain/identity.ts'
import type { Emission } from '../domain/emission.ts'
import type { ControlOfSession } from '../domain/session-control.ts'
import type { Arrival, Outcome, SessionRow, SessionUsage } from '../domain/session-store.ts'
import { bucketOf, type Usage } from '../domain/usage.ts'
import { isEmpty } from './eventful.ts'
import type { SessionPolicy } from './policy.ts'
import { reduce, type SessionInput, type Step } from './reduce.ts'
import { rowOf } from './row.ts'
import { newSession, type SessionState } from './state.ts'
import { spentOf } from './usage/totals.ts'
import type { Control } from './work-queue.ts'

export interface FoldDeps {
  readonly policy: SessionPolicy
  /** The state of a session that is known, from memory or from the store. */
  readonly known: (key: SessionKey) => SessionState | undefined
  /** A bug: the record stays stored, and the session's state is what it was before it. */
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
  const decisive: ControlOfSession[] = []
  for (const [key, { first, inputs }] of bySession(fresh, controls)) {
    const state = deps.known(key) ?? (first && newSession(key, first.item, first.arrivedMs))
    if (state === undefined) continue
    const step = foldInputs(state, inputs, deps.policy, (error) => deps.onFailure(key, error))
    const row = rowOf(step.state, deps.policy)
    sessions.push(step.isStuck ? { ...row, deadlineMs: undefined, closeReason: 'failed' } : row)
    usage.push(usageOf(state, step, row))
    for (const emission of step.emissions) emissions.push(emission)
    for (const control of step.controls) decisive.push({ sessionKey: key, control })
  }
  return { sessions, usage, emissions, controls: decisive }
}

/** A step that may have left something out. */
export interface FoldedStep extends Step {
  /** Time cannot go on for this session. */
  readonly isStuck: boolean
}

/**
 * Folds inputs into a session, without those that fail. Which these are depends on the session and
 * on them alone, so a replay leaves out the same.
 */
export function foldInputs(
  state: SessionState,
  inputs: readonly SessionInput[],
  policy: SessionPolicy,
  onFailure: (error: unknown) => void,
): FoldedStep {
  try {
    return { ...reduce(state, inputs, policy), isStuck: false }
  } catch {
    return foldOneByOne(state, inputs, policy, onFailure)
  }
}

function foldOneByOne(
  state: SessionState,
  inputs: readonly SessionInput[],
  policy: SessionPolicy,
  onFailure: (error: unknown) => void,
): FoldedStep {
  const steps: Step[] = []
  let newest = state
  let isStuck = true
  for (const input of inputs) {
    try {
      const step = reduce(newest, [input], policy)
      newest = step.state
      steps.push(step)
      isStuck = false
    } catch (error) {
      onFailure(error)
      if (input.kind !== 'record') isStuck = true
    }
  }
  return {
    state: newest,
    emissions: steps.flatMap((step) => step.emissions),
    usage: {
      models: steps.flatMap((step) => step.usage.models),
      tools: steps.flatMap((step) => step.usage.tools),
      activity: steps.flatMap((step) => step.usage.activity),
      work: steps.flatMap((step) => step.usage.work ?? []),
    },
    controls: steps.flatMap((step) => step.controls),
    isStuck,
  }
}

/** A record as the machine takes it. */
export function inputOf({ item, origin, arrivedMs }: Arrival): SessionInput {
  return { kind: 'record', item, resource: origin.resource, atMs: arrivedMs }
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
    const input = inputOf(arrival)
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

function usageOf(
  before: SessionState,
  { state, usage }: { readonly state: SessionState; readonly usage: Usage },
  session: SessionRow<SessionState>,
): SessionUsage {
  return {
    session,
    usage,
    isMoved: isMoved(before, session),
    ...(isRegrouped(before, state) && {
      regrouped: { fromMs: bucketOf(before.firstMs), toMs: before.lastMs + 1 },
    }),
  }
}

/** What was spent before counts for another user or team from now on. */
function isMoved({ totals, identity }: SessionState, now: SessionRow<SessionState>): boolean {
  if (spentOf(totals).costUsd === 0) return false
  return identity.userId !== now.userId || identity.labels?.team !== now.team
}

/** Reports find or group by another value what the session did before, or count it at last. */
function isRegrouped(before: SessionState, now: SessionState): boolean {
  // Work may be that of a pull request for which other sessions count as well.
  if (before.work?.segments !== now.work?.segments) return true
  return (
    hasDoneSomething(before) &&
    // Both are the same objects as long as nothing of them changes.
    (before.identity !== now.identity ||
      isEmpty(before) !== isEmpty(now) ||
      before.attributes !== now.attributes ||
      before.firstPromptMs !== now.firstPromptMs ||
      before.firstCommitMs !== now.firstCommitMs ||
      // A session is found by each model that it called at least once.
      Object.keys(before.totals.models).length !== Object.keys(now.totals.models).length)
  )
}

function hasDoneSomething({ totals }: SessionState): boolean {
  const { prompts, modelCalls, modelErrors, toolResults, toolRefusals, metrics } = totals
  return prompts + modelCalls + modelErrors + toolResults + toolRefusals + metrics.samples > 0
}
