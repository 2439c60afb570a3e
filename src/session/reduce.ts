/**
 * The session machine: `(state, inputs) → (state, emissions, usage)`. Pure: no clock, no I/O, no
 * randomness; times come in with the inputs, and the state given is never written to.
 *
 * Guarantees: equal inputs give equal emissions; a batch may be split anywhere; every
 * observation is emitted once, complete; every root and summary exactly once.
 */
import type { AgentEvent } from '../domain/agent-event.ts'
import type { Emission } from '../domain/emission.ts'
import type { Identity } from '../domain/identity.ts'
import type { MetricSample } from '../domain/metric-sample.ts'
import type { Usage } from '../domain/usage.ts'
import { close, expire } from './deadlines.ts'
import type { Draft } from './draft.ts'
import { isEmpty, isEventful } from './eventful.ts'
import { onMetric } from './metrics.ts'
import { onModelCall, onModelError, onModelResponse } from './model-call.ts'
import type { SessionPolicy } from './policy.ts'
import { type CloseReason, copyState, type SessionState } from './state.ts'
import { onToolDecision, onToolResult } from './tool-call.ts'
import { count, countImplausible } from './totals.ts'
import { onRequestBody, onResponseBody } from './body.ts'
import { onNote } from './note.ts'
import { onPrompt } from './prompt.ts'
import { onReport } from './report.ts'
import { onSpan } from './span.ts'
import { onSubagentEnd } from './subagent.ts'
import { boundOpenTurns } from './turn-end.ts'
import { joinTurnSpans } from './turn-span.ts'
import { emptyUsageDraft } from './usage.ts'

/** What can happen to a session. `atMs` is the bridge's own time, of arrival or of the tick. */
export type SessionInput =
  | {
      readonly kind: 'record'
      readonly item: AgentEvent | MetricSample
      readonly atMs: number
    }
  | { readonly kind: 'tick'; readonly atMs: number }
  | { readonly kind: 'close'; readonly reason: CloseReason; readonly atMs: number }

export interface Step {
  readonly state: SessionState
  readonly emissions: readonly Emission[]
  readonly usage: Usage
}

/** Folds inputs into a session. Records must not have been folded before (the store sees to it). */
export function reduce(
  state: SessionState,
  inputs: readonly SessionInput[],
  policy: SessionPolicy,
): Step {
  const draft: Draft = {
    state: copyState(state),
    policy,
    emissions: [],
    usage: emptyUsageDraft(),
  }
  let expiredMs: number | undefined
  for (const input of inputs) {
    if (input.atMs !== expiredMs || isImpatient(policy)) expire(draft, input.atMs)
    expiredMs = input.atMs
    if (input.kind === 'record') onRecord(draft, input.item, input.atMs)
    else if (input.kind === 'close') close(draft, input.reason)
  }
  return { state: draft.state, emissions: draft.emissions, usage: draft.usage }
}

/** What a record begins to wait for is due after the record's own time, but for these. */
function isImpatient(policy: SessionPolicy): boolean {
  return Math.min(policy.joinTimeoutMs, policy.quietTimeoutMs, policy.sessionEndGraceMs) === 0
}

function onRecord(draft: Draft, item: AgentEvent | MetricSample, atMs: number): void {
  const { state } = draft
  if (state.closed !== undefined) {
    state.closed = undefined
    state.openedAtMs = atMs
  }
  state.lastArrivalMs = Math.max(state.lastArrivalMs, atMs)
  state.firstMs = Math.min(state.firstMs, item.timeMs)
  state.lastMs = Math.max(state.lastMs, item.timeMs)
  state.identity = merged(state.identity, item.identity)
  state.hasTelemetry ||= !isHook(item)
  state.eventful = isEventful(item) || !isEmpty(state)
  if (item.implausible !== undefined) countImplausible(state.totals, item.implausible)
  if (item.kind === 'metric') {
    onMetric(draft, item)
    return
  }
  state.traced ||= item.traceId !== undefined
  onEvent(draft, item, atMs)
}

function onEvent(draft: Draft, event: AgentEvent, atMs: number): void {
  const { totals } = draft.state
  if (isHook(event)) count(totals.hooks, event.name)
  else if (event.kind !== 'span') count(totals.events, event.name)
  switch (event.kind) {
    case 'prompt':
      onPrompt(draft, event, atMs)
      break
    case 'model_call':
      onModelCall(draft, event, atMs)
      break
    case 'model_response':
      onModelResponse(draft, event, atMs)
      break
    case 'model_error':
      onModelError(draft, event, atMs)
      break
    case 'tool_decision':
      onToolDecision(draft, event, atMs)
      break
    case 'tool_result':
      onToolResult(draft, event, atMs)
      break
    case 'subagent_end':
      onSubagentEnd(draft, event, atMs)
      break
    case 'note':
      onNote(draft, event, atMs)
      break
    case 'request_body':
      onRequestBody(draft, event)
      return
    case 'response_body':
      onResponseBody(draft, event)
      return
    case 'span':
      onSpan(draft, event, atMs)
      return
    case 'turn_start_report':
    case 'turn_stop_report':
    case 'tool_report':
    case 'subagent_report':
    case 'session_end_report':
      onReport(draft, event, atMs)
      break
    case 'other':
      return
  }
  joinTurnSpans(draft, atMs)
  boundOpenTurns(draft)
}

function isHook(item: AgentEvent | MetricSample): boolean {
  return item.kind.endsWith('_report') || (item.kind === 'other' && item.isHook === true)
}

/** Later records may know more (an e-mail appears after login); what is known is not lost. */
function merged(known: Identity, told: Identity): Identity {
  const labels = mergedLabels(known.labels, told.labels)
  const isNew = (key: string) =>
    key !== 'labels' && told[key as keyof Identity] !== known[key as keyof Identity]
  if (labels === known.labels && !Object.keys(told).some(isNew)) return known
  return { ...known, ...told, ...(labels !== undefined && { labels }) }
}

/** The same object as long as nothing is new. */
function mergedLabels(known: Identity['labels'], told: Identity['labels']): Identity['labels'] {
  const isNew = ([key, value]: [string, string]) => known?.[key] !== value
  return Object.entries(told ?? {}).some(isNew) ? { ...known, ...told } : known
}
