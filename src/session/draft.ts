/**
 * The machine's working copy during one step: a state it may write, and what it has emitted.
 */
import type { Emission, Observation, TraceContext } from '../domain/emission.ts'
import type { SessionPolicy } from './policy.ts'
import type { ObservationDraft, SessionState } from './state.ts'
import type { UsageDraft } from './usage.ts'

export interface Draft {
  readonly state: SessionState
  readonly policy: SessionPolicy
  readonly emissions: Emission[]
  readonly usage: UsageDraft
}

/** Puts the session's context on an observation and emits it. */
export function emit(draft: Draft, traceKey: string, traceName: string, o: ObservationDraft): void {
  const observation: Observation = {
    ...o,
    kind: 'observation',
    sessionKey: draft.state.key,
    traceKey,
    context: contextOf(draft, traceName),
  }
  draft.emissions.push(observation)
}

/** Tags are the agent and the labels chosen for it as `key:value`; all labels are metadata. */
function contextOf({ state, policy }: Draft, traceName: string): TraceContext {
  const { userId, environment, agentVersion, terminal, labels = {} } = state.identity
  const tags = [state.agent]
  for (const key of policy.tagLabels) {
    if (labels[key] !== undefined) tags.push(`${key}:${labels[key]}`)
  }
  return {
    sessionId: state.sessionId,
    traceName,
    tags,
    metadata: {
      agent: state.agent,
      ...(terminal !== undefined && { terminal }),
      ...(state.title !== undefined && { title: state.title }),
      ...labels,
    },
    ...(userId !== undefined && { userId }),
    ...(environment !== undefined && { environment }),
    ...(agentVersion !== undefined && { agentVersion }),
  }
}
