/**
 * Gathers the increments of one step (`domain/usage.ts`). Names are those of the session's totals,
 * so that a session has no more of them here than there.
 */
import type { Cost, TokenUsage, ToolResultEvent } from '../../domain/agent-event.ts'
import type { MetricSample } from '../../domain/metric-sample.ts'
import { addUsd } from '../../domain/exact-sum.ts'
import {
  type Activity,
  type ActivityMeasure,
  bucketOf,
  dimensionsKey,
  type ModelUsage,
  type ToolUsage,
  type Usage,
} from '../../domain/usage.ts'
import type { WorkSegment } from '../../domain/work.ts'
import { isEstimate } from './totals.ts'

/** Rows by what they are kept apart by; the name comes last there, since it may hold anything. */
export interface UsageDraft {
  readonly models: Map<string, ModelUsage>
  readonly tools: Map<string, ToolUsage>
  readonly activity: Map<string, Activity>
  /** By their numbers. */
  readonly work: Map<number, WorkSegment>
}

export function emptyUsageDraft(): UsageDraft {
  return { models: new Map(), tools: new Map(), activity: new Map(), work: new Map() }
}

export function usageOf({ models, tools, activity, work }: UsageDraft): Usage {
  return {
    models: [...models.values()].filter(isSomething),
    tools: [...tools.values()],
    activity: [...activity.values()],
    ...(work.size > 0 && { work: [...work.values()] }),
  }
}

/** Nothing is left of a row whose amounts were all counted elsewhere in the same step. */
function isSomething(row: ModelUsage): boolean {
  return SUMS.some((name) => row[name] !== 0) || USD_SUMS.some((name) => row[name] !== 0)
}

/** Which row. The model is the name that the call is counted under in the totals. */
export type UsageKey = Pick<ModelUsage, 'bucketMs' | 'model' | 'isSubagent' | 'dimensions'>

/** What is added to it; what is absent adds nothing. */
export type UsageAmounts = Partial<Omit<ModelUsage, keyof UsageKey>>

/** Something that was counted, so that it can be counted elsewhere. */
export interface UsagePart {
  readonly key: UsageKey
  readonly amounts: UsageAmounts
}

/** Counts what calls used. */
export function addModelUsage({ models }: UsageDraft, key: UsageKey, amounts: UsageAmounts): void {
  const row = modelRow(models, key)
  for (const name of SUMS) row[name] += amounts[name] ?? 0
  for (const name of USD_SUMS) {
    const usd = amounts[name]
    if (usd !== undefined) row[name] = addUsd(row[name], usd)
  }
}

/** Adds what was gathered apart, or takes it out again. */
export function addUsage(
  into: UsageDraft,
  {
    models,
    tools,
    activity,
    work,
  }: UsageDraft | Pick<Usage, 'models' | 'tools' | 'activity' | 'work'>,
  sign: 1 | -1 = 1,
): void {
  for (const row of models.values()) {
    const { bucketMs: _, model: __, isSubagent: ___, dimensions: ____, ...amounts } = row
    addModelUsage(into, row, sign === 1 ? amounts : negated(amounts))
  }
  for (const { tool, bucketMs, ...amounts } of tools.values()) {
    const row = toolRow(into, tool, bucketMs)
    row.results += sign * amounts.results
    row.failures += sign * amounts.failures
    row.refusals += sign * amounts.refusals
    row.durationMs += sign * amounts.durationMs
  }
  for (const { measure, facet, bucketMs, value } of activity.values()) {
    addActivity(into, measure, facet, bucketMs, sign * value)
  }
  for (const segment of work?.values() ?? []) into.work.set(segment.segment, segment)
}

/** What takes these amounts back. */
export function negated(amounts: UsageAmounts): UsageAmounts {
  return Object.fromEntries(Object.entries(amounts).map(([name, value]) => [name, 0 - value]))
}

const SUMS = [
  'calls',
  'errors',
  'unpricedCalls',
  'inputTokens',
  'outputTokens',
  'cacheReadTokens',
  'cacheCreationTokens',
  'durationMs',
] as const
const USD_SUMS = ['costUsd', 'estimatedUsd', 'metricsUsd'] as const satisfies readonly Exclude<
  keyof UsageAmounts,
  (typeof SUMS)[number]
>[]

/** What a call used and cost, as far as that is known. */
export function amountsOf(usage: TokenUsage | undefined, cost: Cost | undefined): UsageAmounts {
  return {
    ...(cost !== undefined && { costUsd: cost.usd }),
    ...(isEstimate(cost) && { estimatedUsd: cost.usd }),
    ...(usage !== undefined && tokenAmounts(usage)),
  }
}

export function tokenAmounts(usage: TokenUsage): UsageAmounts {
  return {
    inputTokens: usage.input,
    outputTokens: usage.output,
    cacheReadTokens: usage.cacheRead,
    cacheCreationTokens: usage.cacheCreation,
  }
}

export function addToolResult(
  usage: UsageDraft,
  tool: string,
  result: Pick<ToolResultEvent, 'timeMs' | 'success' | 'durationMs'>,
  by: 1 | -1 = 1,
): void {
  const row = toolRow(usage, tool, result.timeMs)
  row.results += by
  if (!result.success) row.failures += by
  row.durationMs += by * (result.durationMs ?? 0)
}

export function addToolRefusal(
  usage: UsageDraft,
  tool: string,
  timeMs: number,
  by: 1 | -1 = 1,
): void {
  toolRow(usage, tool, timeMs).refusals += by
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

function modelRow(models: UsageDraft['models'], of: UsageKey): ModelUsage {
  const { bucketMs, model, isSubagent, dimensions } = of
  const key = `${bucketMs}|${isSubagent}|${dimensionsKey(dimensions)}|${model}`
  const found = models.get(key)
  if (found !== undefined) return found
  const row = {
    bucketMs,
    model,
    isSubagent,
    dimensions,
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
