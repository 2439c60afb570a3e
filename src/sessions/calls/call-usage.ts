/**
 * Counts what model calls used, in the session's totals and in what reports read. A call counts under
 * the dimensions of its own record and of the subagent that made it, as far as the session knows that
 * one. Usage that came before its call, or comes after it, counts under the dimensions of the call.
 */
import type {
  CostSource,
  ModelCallEvent,
  ModelErrorEvent,
  ModelUsageEvent,
} from '../../domain/agent-event.ts'
import type { CallDimensions } from '../../domain/call-dimensions.ts'
import { bucketOf } from '../../domain/usage.ts'
import type { Draft } from '../draft.ts'
import type { CountedCall, EarlyUsage, HeldCall, SessionState } from '../state.ts'
import { subagentTypeOf } from '../subagents/subagent.ts'
import { countedSegment } from '../work/segments.ts'
import { commandOf } from '../usage/commands.ts'
import { countedDimensions, UNKNOWN_SUBAGENT } from '../usage/dimensions.ts'
import { keyOf } from '../usage/name-table.ts'
import type { TranscribedCall } from '../usage/transcribed.ts'
import {
  countModelCall,
  countModelError,
  countTranscribed,
  countUnpriced,
  countUsage,
  type Totals,
} from '../usage/totals.ts'
import { forgetUntyped, noteUntyped } from '../usage/untyped-usage.ts'
import {
  addModelUsage,
  amountsOf,
  negated,
  type UsageAmounts,
  type UsageKey,
  type UsagePart,
} from '../usage/usage.ts'
import type { CallCost } from './call-cost.ts'

/** Counts a call. Returns how, for the record that tells its usage. */
export function countCall(draft: Draft, event: ModelCallEvent, { cost }: CallCost): CountedCall {
  const { totals } = draft.state
  const { model, timeMs, durationMs = 0, usage, subagentId } = event
  const dimensions = dimensionsOfCall(draft.state, event)
  countModelCall(totals, event, cost)
  // What a later record may tell is not unknown yet.
  const unpricedCalls = cost === undefined && usage !== undefined ? 1 : 0
  if (unpricedCalls > 0) countUnpriced(totals, model)
  const amounts = { calls: 1, durationMs, unpricedCalls, ...amountsOf(usage, cost) }
  count(draft, { model, timeMs, subagentId, dimensions }, cost?.source, amounts)
  return { timeMs, durationMs, dimensions }
}

/**
 * Counts usage that another record than its call's tells. `held` is the call, where that waits for it.
 * Returns how, for a call that is still to come.
 */
export function countLateUsage(
  draft: Draft,
  event: ModelUsageEvent,
  { cost }: CallCost,
  held: HeldCall | undefined,
): UsagePart {
  const { totals } = draft.state
  const { timeMs, usage, model } = event
  const subagentId = held === undefined ? event.subagentId : subagentOf(held)
  const told =
    held?.counted?.dimensions ?? countedSegment(draft.state, timeMs, event.identity.labels)
  const dimensions = dimensionsOf(draft.state, told, subagentId)
  countUsage(totals, model, usage, cost)
  if (cost === undefined) countUnpriced(totals, model)
  if (held !== undefined) moveCall(draft, held, dimensions, cost?.source)
  const amounts = { unpricedCalls: cost === undefined ? 1 : 0, ...amountsOf(usage, cost) }
  return count(draft, { model, timeMs, subagentId, dimensions }, cost?.source, amounts)
}

/** Usage was told before its call, which has come now. */
export function countEarlyUsage(draft: Draft, held: HeldCall, { part, draft: told }: EarlyUsage) {
  if (part === undefined) return
  const { state, usage } = draft
  const dimensions = dimensionsOf(state, held.counted?.dimensions ?? {}, subagentOf(held))
  moveCall(draft, held, dimensions, told.costSource)
  addModelUsage(usage, part.key, negated(part.amounts))
  const counted = countedDimensions(state.totals, dimensions, told.costSource)
  const isSubagent = held.lane !== ''
  addModelUsage(usage, { ...part.key, isSubagent, dimensions: counted }, part.amounts)
}

/** A call that is sent without its usage has none that anybody knows of, and no cost. */
export function countUntold(draft: Draft, held: HeldCall): void {
  const { usage, costUsd, model = '', endMs } = held.draft
  if (usage !== undefined || costUsd !== undefined) return
  const { timeMs = endMs, dimensions: told = {} } = held.counted ?? {}
  const subagentId = subagentOf(held)
  const dimensions = dimensionsOf(draft.state, told, subagentId)
  countUnpriced(draft.state.totals, model)
  count(draft, { model, timeMs, subagentId, dimensions }, undefined, { unpricedCalls: 1 })
}

/**
 * Counts a call that a transcript tells, or takes it back. It was counted under the dimensions that it
 * has, so that what is taken back is what was counted.
 */
export function countTranscribedCall(draft: Draft, call: TranscribedCall, sign: 1 | -1): void {
  const { totals } = draft.state
  const { model, timeMs, subagentId, dimensions, usage, cost } = call
  countTranscribed(totals, call, sign)
  const amounts = {
    calls: 1,
    unpricedCalls: call.isUnpriced ? 1 : 0,
    ...amountsOf(usage, cost),
  }
  const counted = { model, timeMs, subagentId, dimensions }
  if (sign === 1) count(draft, counted, cost?.source, amounts)
  else takeBack(draft, counted, cost?.source, amounts)
}

export function countError(draft: Draft, event: ModelErrorEvent): void {
  const { state } = draft
  const dimensions = dimensionsOf(state, toldBy(state, event), event.subagentId)
  countModelError(state.totals, event)
  count(draft, { ...event, dimensions }, undefined, { errors: 1 })
}

/** A call was counted when nobody had told its cost yet: it counts for who tells it. */
function moveCall(
  draft: Draft,
  held: HeldCall,
  dimensions: CallDimensions,
  source: CostSource | undefined,
): void {
  const { counted } = held
  const { model = '', costSource } = held.draft
  if (counted === undefined || source === costSource) return
  const call = { model, timeMs: counted.timeMs, subagentId: subagentOf(held), dimensions }
  const amounts = { calls: 1, durationMs: counted.durationMs }
  count(draft, call, costSource, negated(amounts))
  count(draft, call, source, amounts)
}

interface Counted {
  readonly model: string
  readonly timeMs: number
  readonly subagentId?: string | undefined
  readonly dimensions: CallDimensions
}

function takeBack(
  draft: Draft,
  counted: Counted,
  costSource: CostSource | undefined,
  amounts: UsageAmounts,
): void {
  const key = keyOfCounted(draft.state.totals, counted, costSource)
  addModelUsage(draft.usage, key, negated(amounts))
  if (counted.subagentId !== undefined) forgetUntyped(draft, counted.subagentId, { key, amounts })
}

function count(
  draft: Draft,
  counted: Counted,
  costSource: CostSource | undefined,
  amounts: UsageAmounts,
): UsagePart {
  const { subagentId } = counted
  const key = keyOfCounted(draft.state.totals, counted, costSource)
  addModelUsage(draft.usage, key, amounts)
  if (subagentId !== undefined && key.dimensions.subagentType === UNKNOWN_SUBAGENT) {
    noteUntyped(draft, subagentId, { key, amounts })
  }
  return { key, amounts }
}

function keyOfCounted(
  totals: Totals,
  { model, timeMs, subagentId, dimensions }: Counted,
  costSource: CostSource | undefined,
): UsageKey {
  return {
    bucketMs: bucketOf(timeMs),
    model: keyOf(totals.models, model),
    isSubagent: subagentId !== undefined,
    dimensions: countedDimensions(totals, dimensions, costSource),
  }
}

/** The dimensions that a call counts under, as far as they are known now. */
export function dimensionsOfCall(state: SessionState, event: ModelCallEvent): CallDimensions {
  return dimensionsOf(state, toldBy(state, event), event.subagentId)
}

/** What the record of a call says of it, and its turn. */
function toldBy(state: SessionState, event: ModelCallEvent | ModelErrorEvent): CallDimensions {
  const { attribution, querySource, subagentType } = event
  const command = commandOf(state, event)
  return {
    ...attribution,
    ...countedSegment(state, event.timeMs, event.identity.labels),
    ...(command !== undefined && { command }),
    ...(querySource !== undefined && { querySource }),
    ...(subagentType !== undefined && { subagentType }),
  }
}

/** The same with the type of the subagent that made it, where the session knows it. */
function dimensionsOf(
  state: SessionState,
  told: CallDimensions,
  subagentId: string | undefined,
): CallDimensions {
  const { subagentType = UNKNOWN_SUBAGENT } = told
  if (subagentId === undefined || subagentType !== UNKNOWN_SUBAGENT) return told
  return { ...told, subagentType: subagentTypeOf(state, subagentId) ?? UNKNOWN_SUBAGENT }
}

function subagentOf({ lane }: HeldCall): string | undefined {
  return lane === '' ? undefined : lane
}
