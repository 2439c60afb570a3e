/** Records, session rows and emissions for the tests of the store; each call may differ in what it is given. */
import type { AgentEvent } from '../../../src/domain/agent-event.ts'
import type { Attributes } from '../../../src/domain/json-value.ts'
import type { Observation, Score } from '../../../src/domain/emission.ts'
import { sessionKeyOf } from '../../../src/domain/identity.ts'
import type { MetricSample } from '../../../src/domain/metric-sample.ts'
import { err, ok } from '../../../src/domain/result.ts'
import type { Arrival, Outcome, SessionRow } from '../../../src/domain/session-store.ts'
import type { StateFormat } from '../../../src/domain/stored-state.ts'
import type { Origin } from '../../../src/domain/telemetry-record.ts'

/** The state of a session in these tests. */
export interface State {
  readonly seen: readonly string[]
}

/** States of one version, which nothing brings up to date or makes anew. */
export function plainStates<S>(version = 1): StateFormat<S> {
  return {
    version,
    policy: '{}',
    read: (stored) => {
      if (stored.version !== version) return err(`it has version ${stored.version}`)
      try {
        return ok(JSON.parse(stored.text) as S)
      } catch (error) {
        return err(String(error))
      }
    },
    itemsOf: () => [],
    rebuild: async () => undefined,
  }
}

export const AT_MS = 1_795_000_000_000

export const origin: Origin = {
  resource: { 'service.name': 'claude-code', 'service.version': '2.1.329' },
  scopeName: 'com.anthropic.claude_code.events',
  scopeVersion: '2.1.329',
}

export const base = {
  agent: 'claude-code',
  sessionId: 's1',
  dedupKey: 'k1',
  name: 'something',
  timeMs: AT_MS,
  identity: {},
} as const

export function arrival(
  item: AgentEvent | MetricSample,
  wire: { readonly attributes?: Attributes; readonly origin?: Origin } = {},
): Arrival {
  return {
    sessionKey: sessionKeyOf(item.agent, item.sessionId),
    item,
    origin: wire.origin ?? origin,
    stored: {
      signal: 'log',
      record: logOf(item, wire.attributes ?? { 'event.name': item.name }),
    },
    arrivedMs: AT_MS + 1,
  }
}

function logOf({ name, timeMs }: AgentEvent | MetricSample, attributes: Attributes) {
  return { timeMs, observedMs: undefined, eventName: name, body: null, attributes }
}

/** An event of no particular kind. */
export function other(dedupKey: string, sessionId = 's1'): Arrival {
  return arrival({ ...base, kind: 'other', dedupKey, sessionId })
}

export function row(sessionId: string, change: Partial<SessionRow<State>> = {}): SessionRow<State> {
  return {
    key: sessionKeyOf('claude-code', sessionId),
    agent: 'claude-code',
    sessionId,
    state: { seen: [] },
    deadlineMs: undefined,
    closeReason: undefined,
    firstMs: AT_MS,
    lastMs: AT_MS,
    firstPromptMs: undefined,
    firstCommitMs: undefined,
    userId: undefined,
    title: undefined,
    project: undefined,
    team: undefined,
    labels: { 'service.name': 'claude-code', 'service.version': '2.1.329' },
    costUsd: 0,
    estimatedUsd: 0,
    metricsUsd: 0,
    unpricedCalls: 0,
    inputTokens: 0,
    outputTokens: 0,
    cacheReadTokens: 0,
    cacheCreationTokens: 0,
    prompts: 0,
    modelCalls: 0,
    toolResults: 0,
    errors: 0,
    ...change,
  }
}

export function observation(key: string, change: Partial<Observation> = {}): Observation {
  return {
    kind: 'observation',
    type: 'span',
    sessionKey: 'claude-code/s1',
    traceKey: 'claude-code/s1/turn/1',
    key,
    name: key,
    startMs: AT_MS,
    endMs: AT_MS + 5,
    level: 'DEFAULT',
    metadata: {},
    context: { sessionId: 's1', traceName: 'conversation', tags: [], metadata: {} },
    ...change,
  }
}

export function score(key: string): Score {
  return {
    kind: 'score',
    sessionKey: 'claude-code/s1',
    sessionId: 's1',
    key,
    name: key,
    value: 0.5,
    comment: '1 of 2',
    target: { kind: 'session' },
  }
}

export const nothing: Outcome<State> = { sessions: [], usage: [], emissions: [] }
