/**
 * The session machine: `(state, inputs) → (state, emissions, usage)`. Pure: no clock, no I/O, no
 * randomness; times come in with the inputs, and the state given is never written to.
 *
 * Guarantees: equal inputs give equal emissions; a batch may be split anywhere; every
 * observation is emitted once, complete; every root and summary exactly once.
 */
import type { AgentEvent } from '../domain/agent-event.ts'
import type { Attributes } from '../domain/json-value.ts'
import type { Emission } from '../domain/emission.ts'
import type { MetricSample } from '../domain/metric-sample.ts'
import type { SessionControl } from '../domain/session-control.ts'
import type { Usage } from '../domain/usage.ts'
import { emitBudgetEvent, emitRefusal } from './budget-event.ts'
import { close, expire, isDue } from './deadlines.ts'
import type { Draft } from './draft.ts'
import { isEmpty, isEventful } from './eventful.ts'
import { onMetric } from './usage/metrics.ts'
import { onModelCall, onModelError, onModelResponse, onModelUsage } from './calls/model-call.ts'
import type { SessionPolicy } from './policy.ts'
import { copyState, type SessionState } from './state.ts'
import { onToolDecision, onToolResult } from './tools/tool-call.ts'
import { countImplausible, countMasked } from './usage/totals.ts'
import { count } from './usage/name-table.ts'
import { onRequestBody, onResponseBody } from './calls/body.ts'
import { onNote } from './turns/note.ts'
import { onPrompt, onTurn } from './turns/prompt.ts'
import { onReport } from './hooks/hook-report.ts'
import { onSpan } from './span.ts'
import { onSubagentEnd } from './subagents/subagent.ts'
import {
  isRepeatedCall,
  noteRepeats,
  onFallback,
  onSum,
  settleRepeats,
  takeBackTold,
} from './repeats.ts'
import { finishTold, noteTold } from './told.ts'
import { isNews, isShown, noteQuietEntry, onToldByTranscript, onTranscript } from './transcripts.ts'
import { boundOpenTurns } from './turns/turn-end.ts'
import { boundHeld } from './relief.ts'
import { joinTurnSpans } from './turns/turn-span.ts'
import { noteCommand } from './usage/commands.ts'
import { noteWork } from './work/work.ts'
import { emptyUsageDraft, usageOf } from './usage/usage.ts'

/** What can happen to a session. `atMs` is the bridge's own time, of arrival or of the control. */
export type SessionInput = RecordInput | SessionControl

export interface RecordInput {
  readonly kind: 'record'
  readonly item: AgentEvent | MetricSample
  /** The attributes of the resource that sent it. */
  readonly resource?: Attributes
  readonly atMs: number
}

export interface Step {
  readonly state: SessionState
  readonly emissions: readonly Emission[]
  readonly usage: Usage
  /** The controls among the inputs that decided something: a replay needs them, and no others. */
  readonly controls: readonly SessionControl[]
}

/** A hook that comes again within this time, with nothing in between, was sent twice. */
const RESEND_WINDOW_MS = 5000

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
  const controls: SessionControl[] = []
  let expiredMs: number | undefined
  for (const input of inputs) {
    if (input.kind === 'budget') {
      const before = draft.emissions.length
      emitBudgetEvent(draft, input.alert)
      if (draft.emissions.length > before) controls.push(input)
      continue
    }
    if (input.kind !== 'record' && decides(draft, input)) controls.push(input)
    if (input.atMs !== expiredMs || isImpatient(policy)) {
      settle(draft, input.atMs)
      expire(draft, input.atMs)
    }
    expiredMs = input.atMs
    if (input.kind === 'record') onRecord(draft, input)
    else if (input.kind === 'close') {
      settle(draft, Number.POSITIVE_INFINITY, input.atMs)
      close(draft, input.reason)
    }
  }
  finishTold(draft)
  return {
    state: draft.state,
    emissions: draft.emissions,
    usage: usageOf(draft.usage),
    controls,
  }
}

/** Counts what was told by nothing better until `dueMs`. */
function settle(draft: Draft, dueMs: number, atMs: number = dueMs): void {
  if (draft.state.closed !== undefined) return
  settleRepeats(draft, dueMs, (event) => foldEvent(draft, event, atMs))
}

function decides(
  { state, policy }: Draft,
  control: Exclude<SessionControl, { readonly kind: 'budget' }>,
): boolean {
  if (control.kind === 'close') return state.closed === undefined
  return isDue(state, policy, control.atMs)
}

/** What a record begins to wait for is due after the record's own time, but for these. */
function isImpatient(policy: SessionPolicy): boolean {
  return Math.min(policy.joinTimeoutMs, policy.quietTimeoutMs, policy.sessionEndGraceMs) === 0
}

function onRecord(draft: Draft, { item, resource, atMs }: RecordInput): void {
  const { state } = draft
  if (isResend(state, item, atMs)) return
  // That a session ends which is closed already is nothing new.
  const isQuiet = item.kind === 'transcript' && !isShown(item, draft.policy)
  if (isQuiet) noteQuietEntry(draft, item, atMs)
  else if (item.kind !== 'transcript' || isNews(state, item)) {
    if (state.closed !== undefined && item.kind !== 'session_end_report') open(state, atMs)
    state.lastArrivalMs = Math.max(state.lastArrivalMs, atMs)
  }
  state.firstMs = Math.min(state.firstMs, beginningOf(item))
  state.lastMs = Math.max(state.lastMs, item.timeMs)
  // Where somebody works stands on all that is exported.
  noteTold(draft, { identity: isQuiet ? {} : item.identity, resource, timeMs: item.timeMs })
  state.hasTelemetry ||= !isHook(item) && item.kind !== 'transcript'
  state.eventful = isEventful(item) || !isEmpty(state)
  if (item.implausible !== undefined) countImplausible(state.totals, item.implausible)
  if (item.masked !== undefined) countMasked(state.totals, item.masked)
  if (item.kind === 'metric') {
    onMetric(draft, item)
    return
  }
  noteCommand(state, item)
  noteWork(draft, item)
  // Where spans are the source, nothing waits for them.
  state.traced ||= item.traceId !== undefined && item.place === undefined
  if (item.kind === 'transcript')
    onTranscript(draft, item, (event) => foldEvent(draft, event, atMs))
  else onEvent(draft, item, atMs)
  boundHeld(draft)
}

/**
 * When what a record tells began. A span is dated by its end, so a session of spans begins with the
 * start of its first one. Log records are dated as they are: what they tell is preceded by a prompt.
 */
function beginningOf(item: AgentEvent | MetricSample): number {
  if (item.kind === 'metric' || item.place === undefined) return item.timeMs
  const event = item.kind === 'fallback' ? item.event : item
  switch (event.kind) {
    case 'turn':
      return Math.min(event.startMs, event.timeMs)
    case 'model_call':
    case 'model_error':
    case 'tool_result':
    case 'subagent_end':
    case 'note':
      return event.timeMs - (event.durationMs ?? 0)
    default:
      return event.timeMs
  }
}

/**
 * Hooks say neither when they happened nor, but for those of tools and prompts, what of several
 * alike they are. The same again is a resend only when it comes at once; after anything else has
 * come of the session, it happened again.
 */
function isResend(state: SessionState, item: AgentEvent | MetricSample, atMs: number): boolean {
  const last = state.lastReport
  const key = item.kind === 'metric' ? undefined : item.resendKey
  if (key === undefined) {
    state.lastReport = undefined
    return false
  }
  if (last?.key === key && atMs - last.atMs <= RESEND_WINDOW_MS) return true
  state.lastReport = { key, atMs }
  return false
}

/** A session that was closed goes on; an end that a hook told of just now is still to come. */
function open(state: SessionState, atMs: number): void {
  state.closed = undefined
  state.openedAtMs = atMs
  if (state.endsAtMs !== undefined && state.endsAtMs <= atMs) state.endsAtMs = undefined
}

function onEvent(draft: Draft, event: AgentEvent, atMs: number): void {
  const { totals } = draft.state
  if (isHook(event)) count(totals.hooks, event.name)
  else if (event.kind !== 'span') count(totals.events, event.name)
  if (event.refusal !== undefined) emitRefusal(draft, event, event.refusal, atMs)
  const fold = (each: AgentEvent): void => {
    if (isRepeatedCall(draft.state, each)) return
    noteRepeats(draft.state, each)
    takeBackTold(draft)
    foldEvent(draft, each, atMs)
  }
  if (event.transcriptKey === undefined) fold(event)
  else onToldByTranscript(draft, event, fold)
}

function foldEvent(draft: Draft, event: AgentEvent, atMs: number): void {
  switch (event.kind) {
    case 'prompt':
      onPrompt(draft, event, atMs)
      break
    case 'model_call':
      onModelCall(draft, event, atMs)
      break
    case 'model_usage':
      onModelUsage(draft, event, atMs)
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
    case 'turn':
      onTurn(draft, event, atMs)
      onSum(draft, event, event.sum, atMs)
      break
    case 'fallback':
      onFallback(draft, event, atMs)
      return
    case 'subagent_end':
      onSubagentEnd(draft, event, atMs)
      onSum(draft, event, event.sum, atMs)
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
    case 'transcript':
    case 'other':
      return
  }
  joinTurnSpans(draft, atMs)
  boundOpenTurns(draft)
}

function isHook(item: AgentEvent | MetricSample): boolean {
  return item.kind.endsWith('_report') || (item.kind === 'other' && item.isHook === true)
}
