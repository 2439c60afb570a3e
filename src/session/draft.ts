/**
 * The machine's working copy during one step: a state it may write, and what it has emitted.
 */
import type { Emission, Observation, TraceContext } from '../domain/emission.ts'
import type { SessionPolicy } from './policy.ts'
import type { ObservationDraft, SessionState } from './state.ts'

export interface Draft {
  readonly state: SessionState
  readonly policy: SessionPolicy
  readonly emissions: Emission[]
}

/** Puts the session's context on an observation and emits it. */
export function emit(draft: Draft, traceKey: string, traceName: string, o: ObservationDraft): void {
  const observation: Observation = {
    ...o,
    kind: 'observation',
    sessionKey: draft.state.key,
    traceKey,
    context: contextOf(draft.state, traceName),
  }
  draft.emissions.push(observation)
}

/** Tags are the agent and each label as `key:value`; labels are metadata of the trace too. */
function contextOf(state: SessionState, traceName: string): TraceContext {
  const { userId, environment, agentVersion, terminal, labels = {} } = state.identity
  const tags = [state.agent]
  for (const key of Object.keys(labels)) tags.push(`${key}:${labels[key]}`)
  return {
    sessionId: state.sessionId,
    traceName,
    tags,
    metadata: { agent: state.agent, ...(terminal !== undefined && { terminal }), ...labels },
    ...(userId !== undefined && { userId }),
    ...(environment !== undefined && { environment }),
    ...(agentVersion !== undefined && { agentVersion }),
  }
}
