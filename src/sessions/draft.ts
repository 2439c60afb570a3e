/**
 * The machine's working copy during one step: a state it may write, and what it has emitted.
 */
import type { Attributes } from '../domain/json-value.ts'
import type { Emission, Observation, TraceContext } from '../domain/emission.ts'
import type { Identity } from '../domain/identity.ts'
import type { SessionPolicy } from './policy.ts'
import type { ObservationDraft, SessionState } from './state.ts'
import type { UsageDraft } from './usage/usage.ts'

export interface Draft {
  readonly state: SessionState
  readonly policy: SessionPolicy
  readonly emissions: Emission[]
  usage: UsageDraft
  /** The context of what was emitted last, which the next emission mostly shares. */
  lastContext?: MadeContext
  /** Labels whose newest time is not written down yet. */
  labelsTold?: LabelsTold | undefined
}

/** What several records in a row told alike, and the newest time of them. */
export interface LabelsTold {
  readonly labels: Identity['labels']
  readonly resource: Attributes | undefined
  /** Of both. */
  readonly names: ReadonlySet<string>
  timeMs: number
}

/** A context, and all that it was made of and that can change. */
interface MadeContext {
  readonly traceName: string
  readonly identity: SessionState['identity']
  readonly title: SessionState['title']
  readonly context: TraceContext
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

function contextOf(draft: Draft, traceName: string): TraceContext {
  const { identity, title } = draft.state
  const last = draft.lastContext
  if (last?.traceName === traceName && last.identity === identity && last.title === title) {
    return last.context
  }
  const context = newContext(draft, traceName)
  draft.lastContext = { traceName, identity, title, context }
  return context
}

/** Tags are the agent and the labels chosen for it as `key:value`; all labels are metadata. */
function newContext({ state, policy }: Draft, traceName: string): TraceContext {
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
