/**
 * What several records tell alike is counted once. An agent's span repeats what its calls used, a log
 * repeats a span, a span another span. Who tells it best counts at once, and notes that it is told;
 * what may only repeat it waits for the join timeout, and counts if nothing better has come by then.
 * So the order in which records come does not matter.
 */
import type {
  AgentEvent,
  FallbackEvent,
  ModelUsageEvent,
  TracePlace,
  UsageSum,
} from '../domain/agent-event.ts'
import type { Draft } from './draft.ts'
import { forgets } from './held.ts'
import { drop, type CorrelationBounds, isHalfFull, look, note } from './pending-correlations.ts'
import { jsonBytes } from './json-bytes.ts'
import { shortHash } from '../domain/short-hash.ts'
import { countSettled, takeBackSettled } from './settled-repeats.ts'
import type { PendingRepeat, SessionState } from './state.ts'

/** What is told again and again (the usage of a root) stays, whatever the bounds. */
const TOLD: CorrelationBounds = { entries: 2000, bytes: 40_000 }
const PENDING: CorrelationBounds = { entries: 500, bytes: 200_000 }
/** Of one event that waits, as JSON; beyond it the figures wait without the content. */
const MAX_PENDING_BYTES = 10_000

/** A call, or a sum, has told the usage of a span around it. */
const usageOf = (spanId: string): string => `usage|${spanId}`
/** A call has been told within a span, which is no call then but wraps one. */
const innerOf = (spanId: string): string => `inner|${spanId}`
/** A call has counted, with whatever comes later from within it. */
const countedOf = (spanId: string): string => `counted|${spanId}`
const callOf = (requestId: string): string => `call|${requestId}`
const toolOf = (toolUseId: string): string => `tool|${toolUseId}`
/** The agent's best source has told of a call. */
const ANY_CALL = 'call'
/** A call has told what it used. */
const ANY_USAGE = 'usage'

/** Notes what an event tells, before it is folded. */
export function noteRepeats(state: SessionState, event: AgentEvent): void {
  if (event.place !== undefined) passOn(state, event.place)
  switch (event.kind) {
    case 'model_call':
    case 'model_usage':
      tell(state, ANY_CALL)
      if (event.usage !== undefined) {
        tell(state, ANY_USAGE)
        noteUsage(state, event)
      }
      if (event.requestId !== undefined) tell(state, callOf(event.requestId))
      return
    case 'model_error':
      tell(state, ANY_CALL)
      return
    case 'tool_result':
      if (event.toolUseId !== undefined) tell(state, toolOf(event.toolUseId))
      return
    default:
  }
}

/** What was told of a span, or of those that stood for it, is told of the spans around it. */
function passOn(state: SessionState, { spanId, within, stoodFor = [] }: TracePlace): void {
  for (const keyOf of [usageOf, innerOf]) {
    if (![spanId, ...stoodFor].some((id) => isTold(state, keyOf(id)))) continue
    for (const id of [spanId, ...within]) tell(state, keyOf(id))
  }
}

/** The usage of the spans around is told by this one. */
function noteUsage(state: SessionState, { kind, place }: Pick<AgentEvent, 'kind' | 'place'>): void {
  for (const spanId of place?.within ?? []) {
    tell(state, usageOf(spanId))
    if (kind === 'model_call') tell(state, innerOf(spanId))
  }
}

/**
 * Whether a call's span only repeats what one below it, one around it that came first, or another span
 * of the same answer has told. What is around it is repeated then as well.
 */
export function isRepeatedCall(state: SessionState, event: AgentEvent): boolean {
  if (event.kind !== 'model_call' || event.place === undefined) return false
  const { place, requestId, usage } = event
  passOn(state, place)
  const isWrapper = isTold(state, innerOf(place.spanId))
  if (isWrapper || place.within.some((id) => isTold(state, countedOf(id)))) {
    noteUsage(state, event)
    return true
  }
  if (usage === undefined) return false
  tell(state, countedOf(place.spanId))
  if (requestId === undefined) return false
  const { input, output, cacheRead, cacheCreation } = usage
  const answer = `${callOf(requestId)}|${input}|${output}|${cacheRead}|${cacheCreation}`
  if (isTold(state, answer)) {
    noteUsage(state, event)
    return true
  }
  tell(state, answer)
  return false
}

/** Takes the sum that an agent's span tells: it counts where no call below has told its usage. */
export function onSum(
  draft: Draft,
  { promptId, subagentId, ...event }: AgentEvent,
  sum: UsageSum | undefined,
  arrivedMs: number,
): void {
  const { place, agent, sessionId, dedupKey, name, timeMs, identity, traceId } = event
  if (place === undefined || isTold(draft.state, usageOf(place.spanId))) {
    noteUsage(draft.state, event)
    return
  }
  if (sum === undefined) return
  const usage: ModelUsageEvent = {
    ...{ agent, sessionId, name, timeMs, identity, place },
    kind: 'model_usage',
    dedupKey: `${dedupKey}|sum`,
    ...sum,
    ...(traceId !== undefined && { traceId }),
    ...(promptId !== undefined && { promptId }),
    ...(subagentId !== undefined && { subagentId }),
  }
  wait(draft, usage, [usageOf(place.spanId)], arrivedMs)
}

/** Takes an event that another record may tell better. */
export function onFallback(
  draft: Draft,
  { event, unless }: FallbackEvent,
  arrivedMs: number,
): void {
  const { requestId, toolUseId, anyCall, anyUsage } = unless
  const keys: string[] = []
  if (requestId !== undefined) keys.push(callOf(requestId))
  if (toolUseId !== undefined) keys.push(toolOf(toolUseId))
  if (anyCall === true) keys.push(ANY_CALL)
  if (anyUsage === true) keys.push(ANY_USAGE)
  if (!keys.some((key) => isTold(draft.state, key))) wait(draft, event, keys, arrivedMs)
}

function wait(
  draft: Draft,
  event: PendingRepeat['event'],
  unless: readonly string[],
  arrivedMs: number,
): void {
  const { state, policy } = draft
  state.pendingRepeats ??= {}
  const settleAtMs = arrivedMs + policy.joinTimeoutMs
  const pending = { event: ofBoundedSize(event), unless, settleAtMs }
  note(state.pendingRepeats, event.dedupKey, pending, PENDING, () => {
    forgets(draft, 'repeats', 1)
  })
}

function ofBoundedSize(event: PendingRepeat['event']): PendingRepeat['event'] {
  if (jsonBytes(event) <= MAX_PENDING_BYTES) return event
  const kept = { ...event } as Record<string, unknown>
  for (const field of ['input', 'output', 'prompt', 'answer']) delete kept[field]
  return kept as unknown as PendingRepeat['event']
}

/** Takes back what counted before something better told it. */
export function takeBackTold(draft: Draft): void {
  const { toldKeys } = draft.state
  if (toldKeys !== undefined) takeBackSettled(draft, (id) => look(toldKeys, id) !== undefined)
}

/** When the first of what waits is due. */
export function repeatsDueMs({ pendingRepeats = {} }: SessionState): number | undefined {
  let dueMs: number | undefined
  for (const { settleAtMs } of Object.values(pendingRepeats)) {
    dueMs = Math.min(dueMs ?? settleAtMs, settleAtMs)
  }
  return dueMs
}

/** Has counted by `fold` what is due at `nowMs` and was told by nothing else; the deepest first. */
export function settleRepeats(
  draft: Draft,
  nowMs: number,
  fold: (event: AgentEvent) => void,
): void {
  const { pendingRepeats } = draft.state
  if (pendingRepeats === undefined) return
  // An agent that counts at last may have a sum, which waits in its turn.
  for (let due = dueOf(pendingRepeats, nowMs); due.length > 0; due = dueOf(pendingRepeats, nowMs)) {
    for (const [key, { event, unless }] of due) {
      drop(pendingRepeats, key)
      if (unless.some((told) => isTold(draft.state, told))) continue
      // Others that wait are not repeats of it, but for the sums around it.
      if ('usage' in event) noteUsage(draft.state, event)
      takeBackTold(draft)
      countSettled(draft, { event, unless: unless.map(shortHash) }, () => fold(event))
    }
  }
}

/** What is due, the deepest first. */
function dueOf(pending: Readonly<Record<string, PendingRepeat>>, nowMs: number) {
  return Object.entries(pending)
    .filter(([, { settleAtMs }]) => settleAtMs <= nowMs)
    .sort(([, a], [, b]) => depthOf(b) - depthOf(a))
}

function depthOf({ event }: PendingRepeat): number {
  return event.place?.within.length ?? 0
}

/** Whether the result of a tool has been told. */
export function isToldTool(state: SessionState, toolUseId: string): boolean {
  return isTold(state, toolOf(toolUseId))
}

function tell(state: SessionState, key: string): void {
  state.toldKeys ??= {}
  const id = shortHash(key)
  // What is told again has its turn to be forgotten put off, once there is anything to forget.
  if (look(state.toldKeys, id) !== undefined && !isHalfFull(state.toldKeys, TOLD)) return
  note(state.toldKeys, id, 1, TOLD)
}

function isTold({ toldKeys }: SessionState, key: string): boolean {
  return toldKeys !== undefined && look(toldKeys, shortHash(key)) !== undefined
}
