/** Builders of agent events for the session machine's tables. Times are seconds from `T0`. */
import type {
  AgentEvent,
  Cost,
  EventBase,
  ModelCallEvent,
  SpanEvent,
  ToolDecisionEvent,
  ToolResultEvent,
} from '../../../src/domain/agent-event.ts'
import type { Emission, Observation, Score } from '../../../src/domain/emission.ts'
import type { MetricMeasure, MetricSample } from '../../../src/domain/metric-sample.ts'
import { defaultBounds, type SessionPolicy } from '../../../src/sessions/policy.ts'
import { reduce, type SessionInput } from '../../../src/sessions/reduce.ts'
import { newSession, type SessionState } from '../../../src/sessions/state.ts'

export const T0 = 1_795_229_558_000

export const policy: SessionPolicy = {
  idleTimeoutMs: 3_600_000,
  maxAgeMs: 86_400_000,
  quietTimeoutMs: 20_000,
  joinTimeoutMs: 7_000,
  maxContentLength: 1000,
  tagLabels: ['team'],
  sessionEndGraceMs: 5_000,
  hookContent: 'auto',
  ...defaultBounds,
}

/** What the agent said that a call cost. */
export const told = (usd: number): { readonly cost: Cost } => ({ cost: { usd, source: 'agent' } })

export const at = (seconds: number): number => T0 + seconds * 1000

function base(name: string, seconds: number, more: Partial<EventBase>): EventBase {
  return {
    agent: 'claude-code',
    sessionId: 's1',
    dedupKey: `${name}|${seconds}|${JSON.stringify(more)}`,
    name,
    timeMs: at(seconds),
    promptId: 'p1',
    identity: { userId: 'ada@example.com', agentVersion: '2.1.329' },
    ...more,
  }
}

export function prompt(seconds: number, text = 'do it', more: Partial<EventBase> = {}): AgentEvent {
  return { ...base('user_prompt', seconds, more), kind: 'prompt', prompt: { text } }
}

/** Asks for no tools, so it waits for none; `asksForTools: undefined` where that is not known. */
export function call(
  seconds: number,
  requestId: string,
  more: Partial<ModelCallEvent> = {},
): ModelCallEvent {
  return {
    ...base('api_request', seconds, { dedupKey: `api_request|${requestId}` }),
    kind: 'model_call',
    model: 'claude-opus-5-5',
    usage: { input: 10, output: 20, cacheRead: 30, cacheCreation: 40 },
    cost: { usd: 0.01, source: 'agent' },
    durationMs: 500,
    ttftMs: 100,
    requestId,
    isMain: more.subagentId === undefined,
    parameters: {},
    asksForTools: false,
    ...more,
  }
}

export function answer(
  seconds: number,
  requestId: string,
  text: string,
  more: Partial<EventBase> = {},
): AgentEvent {
  return {
    ...base('assistant_response', seconds, more),
    kind: 'model_response',
    requestId,
    response: { text },
    isMain: more.subagentId === undefined,
  }
}

export function failure(
  seconds: number,
  message: string,
  more: Partial<EventBase> = {},
): AgentEvent {
  return {
    ...base('api_error', seconds, more),
    kind: 'model_error',
    model: 'claude-opus-5-5',
    message,
    durationMs: 50,
    isMain: true,
  }
}

export function decision(
  seconds: number,
  toolUseId: string,
  more: Partial<ToolDecisionEvent> = {},
): ToolDecisionEvent {
  return {
    ...base('tool_decision', seconds, { dedupKey: `tool_decision|${toolUseId}` }),
    kind: 'tool_decision',
    tool: 'Bash',
    toolUseId,
    accepted: true,
    source: 'config',
    ...more,
  }
}

export function result(
  seconds: number,
  toolUseId: string,
  more: Partial<ToolResultEvent> = {},
): ToolResultEvent {
  return {
    ...base('tool_result', seconds, { dedupKey: `tool_result|${toolUseId}` }),
    kind: 'tool_result',
    tool: 'Bash',
    toolUseId,
    success: true,
    durationMs: 200,
    ...more,
  }
}

export function other(seconds: number, name: string): AgentEvent {
  return { ...base(name, seconds, {}), kind: 'other' }
}

export function sample(
  seconds: number,
  measure: MetricMeasure,
  value: number,
  more: Partial<MetricSample> = {},
): MetricSample {
  return {
    kind: 'metric',
    agent: 'claude-code',
    sessionId: 's1',
    dedupKey: `${measure}|${seconds}`,
    seriesKey: measure,
    temporality: 'delta',
    name: measure,
    measure,
    value,
    timeMs: at(seconds),
    identity: {},
    ...more,
  }
}

/** The record arrives when it happened, unless told otherwise. */
export function arrives(item: AgentEvent | MetricSample, seconds?: number): SessionInput {
  return { kind: 'record', item, atMs: seconds === undefined ? item.timeMs : at(seconds) }
}

export const tick = (seconds: number): SessionInput => ({ kind: 'tick', atMs: at(seconds) })

export const closing = (seconds: number): SessionInput => ({
  kind: 'close',
  reason: 'shutdown',
  atMs: at(seconds),
})

export interface Run {
  readonly state: SessionState
  readonly emissions: readonly Emission[]
  readonly observations: readonly Observation[]
  readonly scores: readonly Score[]
}

/** Folds inputs one by one into a fresh session, or into the one given. */
export function run(inputs: readonly SessionInput[], from?: SessionState, using = policy): Run {
  let state = from ?? fresh()
  const emissions: Emission[] = []
  for (const input of inputs) {
    const step = reduce(state, [input], using)
    state = step.state
    emissions.push(...step.emissions)
  }
  return {
    state,
    emissions,
    observations: emissions.filter((e) => e.kind === 'observation'),
    scores: emissions.filter((e) => e.kind === 'score'),
  }
}

export function fresh(): SessionState {
  const first = { agent: 'claude-code', sessionId: 's1', timeMs: at(0) }
  return newSession('claude-code/s1', first, at(0))
}

/** One line an observation: `type name [level] @trace`. */
export function lines(observations: readonly Observation[]): string[] {
  return observations.map((o) => {
    const level = o.level === 'DEFAULT' ? '' : ` ${o.level}`
    return `${o.type} ${o.name}${level} @${o.traceKey.replace('claude-code/s1/', '')}`
  })
}

/** A span of the main agent's trace `t1`, from `start` to `end` seconds. */
export function span(
  role: SpanEvent['role'],
  start: number,
  end: number,
  more: Partial<SpanEvent> = {},
): SpanEvent {
  return {
    ...base(role, end, { dedupKey: `span|${role}|${start}|${end}` }),
    kind: 'span',
    role,
    traceId: 't1',
    spanId: `${role}-${start}`,
    startMs: at(start),
    endMs: at(end),
    ...more,
  }
}

export function subagentEnd(seconds: number, subagentId: string): AgentEvent {
  return {
    ...base('subagent_completed', seconds, { subagentId }),
    kind: 'subagent_end',
    subagentType: 'general-purpose',
    isBackground: false,
    durationMs: 1000,
  }
}

export function noteEvent(
  seconds: number,
  title: string,
  more: Partial<EventBase> = {},
): AgentEvent {
  return {
    ...base('something', seconds, more),
    kind: 'note',
    title,
    level: 'DEFAULT',
    details: {},
  }
}
