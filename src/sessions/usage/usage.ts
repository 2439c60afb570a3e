/**
 * Gathers the increments of one step (`domain/usage.ts`). Names are those of the session's totals,
 * so that a session has no more of them here than there.
 */
import type { ModelCallEvent, ModelErrorEvent, ToolResultEvent } from '../../domain/agent-event.ts'
import type { MetricSample } from '../../domain/metric-sample.ts'
import { addUsd } from '../../domain/exact-sum.ts'
import {
  type Activity,
  type ActivityMeasure,
  bucketOf,
  type ModelUsage,
  type ToolUsage,
  type Usage,
} from '../../domain/usage.ts'

import { isEstimate, type MetricPart } from './totals.ts'

/** Rows by what they are kept apart by; the name comes last there, since it may hold anything. */
export interface UsageDraft {
  readonly models: Map<string, ModelUsage>
  readonly tools: Map<string, ToolUsage>
  readonly activity: Map<string, Activity>
}

export function emptyUsageDraft(): UsageDraft {
  return { models: new Map(), tools: new Map(), activity: new Map() }
}

export function usageOf({ models, tools, activity }: UsageDraft): Usage {
  return {
    models: [...models.values()],
    tools: [...tools.values()],
    activity: [...activity.values()],
  }
}

/** `model` is the name that the call is counted under in the totals; the same below. */
export function addModelCall(usage: UsageDraft, call: ModelCallEvent, model: string): void {
  const row = modelRow(usage, call, model)
  row.calls += 1
  row.durationMs += call.durationMs ?? 0
  addUsage(usage, call, model)
}

/** What a call used and cost, as far as that is known. */
export function addUsage(
  draft: UsageDraft,
  call: Pick<ModelCallEvent, 'timeMs' | 'subagentId' | 'usage' | 'cost'>,
  model: string,
): void {
  const row = modelRow(draft, call, model)
  const { usage, cost } = call
  if (cost !== undefined) row.costUsd = addUsd(row.costUsd, cost.usd)
  if (isEstimate(cost)) row.estimatedUsd = addUsd(row.estimatedUsd, cost.usd)
  if (usage === undefined) return
  row.inputTokens += usage.input
  row.outputTokens += usage.output
  row.cacheReadTokens += usage.cacheRead
  row.cacheCreationTokens += usage.cacheCreation
}

/** A call whose cost is not known. */
export function addUnpriced(
  usage: UsageDraft,
  call: Pick<ModelCallEvent, 'timeMs' | 'subagentId'>,
  model: string,
): void {
  modelRow(usage, call, model).unpricedCalls += 1
}

/** What metrics alone told of a model, or the same taken back. */
export function addMetricSpending(draft: UsageDraft, part: MetricPart, sign: 1 | -1): void {
  const row = modelRow(draft, { timeMs: part.bucketMs }, part.model)
  row.costUsd = addUsd(row.costUsd, sign * part.costUsd)
  row.metricsUsd = addUsd(row.metricsUsd, sign * part.costUsd)
  row.inputTokens += sign * part.usage.input
  row.outputTokens += sign * part.usage.output
  row.cacheReadTokens += sign * part.usage.cacheRead
  row.cacheCreationTokens += sign * part.usage.cacheCreation
}

export function addModelError(usage: UsageDraft, error: ModelErrorEvent, model: string): void {
  modelRow(usage, error, model).errors += 1
}

export function addToolResult(
  usage: UsageDraft,
  tool: string,
  result: Pick<ToolResultEvent, 'timeMs' | 'success' | 'durationMs'>,
): void {
  const row = toolRow(usage, tool, result.timeMs)
  row.results += 1
  if (!result.success) row.failures += 1
  row.durationMs += result.durationMs ?? 0
}

export function addToolRefusal(usage: UsageDraft, tool: string, timeMs: number): void {
  toolRow(usage, tool, timeMs).refusals += 1
}

export function addPrompts(usage: UsageDraft, timeMs: number, by: number): void {
  addActivity(usage, 'prompts', '', timeMs, by)
}

/** What a sample counts as here; undefined for what events tell as well, or nothing does. */
export function activityOf({ measure }: MetricSample): ActivityMeasure | undefined {
  const isElsewhere = measure === 'cost_usd' || measure === 'tokens' || measure === 'other'
  return isElsewhere ? undefined : measure
}

export function addActivity(
  { activity }: UsageDraft,
  measure: ActivityMeasure,
  facet: string,
  timeMs: number,
  by: number,
): void {
  const bucketMs = bucketOf(timeMs)
  const key = `${bucketMs}|${measure}|${facet}`
  const found = activity.get(key)
  if (found === undefined) activity.set(key, { bucketMs, measure, facet, value: by })
  else found.value += by
}

function modelRow(
  { models }: UsageDraft,
  event: Pick<ModelCallEvent, 'timeMs' | 'subagentId'>,
  model: string,
): ModelUsage {
  const bucketMs = bucketOf(event.timeMs)
  const isSubagent = event.subagentId !== undefined
  const key = `${bucketMs}|${isSubagent}|${model}`
  const found = models.get(key)
  if (found !== undefined) return found
  const row = {
    bucketMs,
    model,
    isSubagent,
    calls: 0,
    errors: 0,
    costUsd: 0,
    estimatedUsd: 0,
    metricsUsd: 0,
    unpricedCalls: 0,
    inputTokens: 0,
    outputTokens: 0,
    cacheReadTokens: 0,
    cacheCreationTokens: 0,
    durationMs: 0,
  }
  models.set(key, row)
  return row
}

function toolRow({ tools }: UsageDraft, tool: string, timeMs: number): ToolUsage {
  const bucketMs = bucketOf(timeMs)
  const key = `${bucketMs}|${tool}`
  const found = tools.get(key)
  if (found !== undefined) return found
  const row = { bucketMs, tool, results: 0, failures: 0, refusals: 0, durationMs: 0 }
  tools.set(key, row)
  return row
}
