/**
 * Gathers the increments of one step (`domain/usage.ts`). Lists, since a step has few of them;
 * mutable plain data of the draft.
 */
import type { ModelCallEvent, ModelErrorEvent, ToolResultEvent } from '../domain/agent-event.ts'
import type { MetricSample } from '../domain/metric-sample.ts'
import { addUsd } from '../domain/exact-sum.ts'
import {
  type Activity,
  type ActivityMeasure,
  bucketOf,
  type ModelUsage,
  type ToolUsage,
} from '../domain/usage.ts'

export interface UsageDraft {
  readonly models: ModelUsage[]
  readonly tools: ToolUsage[]
  readonly activity: Activity[]
}

export function emptyUsageDraft(): UsageDraft {
  return { models: [], tools: [], activity: [] }
}

export function addModelCall(usage: UsageDraft, call: ModelCallEvent): void {
  const row = modelRow(usage, call)
  row.calls += 1
  row.costUsd = addUsd(row.costUsd, call.costUsd ?? 0)
  row.inputTokens += call.usage.input
  row.outputTokens += call.usage.output
  row.cacheReadTokens += call.usage.cacheRead
  row.cacheCreationTokens += call.usage.cacheCreation
  row.durationMs += call.durationMs ?? 0
}

export function addModelError(usage: UsageDraft, error: ModelErrorEvent): void {
  modelRow(usage, error).errors += 1
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

export function addPrompt(usage: UsageDraft, timeMs: number): void {
  addActivity(usage, 'prompts', '', timeMs, 1)
}

/** The increment of a metric, where it is none that events tell as well. */
export function addMetric(usage: UsageDraft, sample: MetricSample, by: number): void {
  const { measure, facet = '', timeMs } = sample
  if (by === 0 || measure === 'cost_usd' || measure === 'tokens' || measure === 'other') return
  addActivity(usage, measure, facet, timeMs, by)
}

function addActivity(
  { activity }: UsageDraft,
  measure: ActivityMeasure,
  facet: string,
  timeMs: number,
  by: number,
): void {
  const bucketMs = bucketOf(timeMs)
  const found = activity.find(
    (row) => row.measure === measure && row.facet === facet && row.bucketMs === bucketMs,
  )
  if (found === undefined) activity.push({ bucketMs, measure, facet, value: by })
  else found.value += by
}

function modelRow({ models }: UsageDraft, event: ModelCallEvent | ModelErrorEvent): ModelUsage {
  const bucketMs = bucketOf(event.timeMs)
  const isSubagent = event.subagentId !== undefined
  const { model } = event
  const found = models.find(
    (row) => row.model === model && row.bucketMs === bucketMs && row.isSubagent === isSubagent,
  )
  if (found !== undefined) return found
  const row = {
    bucketMs,
    model,
    isSubagent,
    calls: 0,
    errors: 0,
    costUsd: 0,
    inputTokens: 0,
    outputTokens: 0,
    cacheReadTokens: 0,
    cacheCreationTokens: 0,
    durationMs: 0,
  }
  models.push(row)
  return row
}

function toolRow({ tools }: UsageDraft, tool: string, timeMs: number): ToolUsage {
  const bucketMs = bucketOf(timeMs)
  const found = tools.find((row) => row.tool === tool && row.bucketMs === bucketMs)
  if (found !== undefined) return found
  const row = { bucketMs, tool, results: 0, failures: 0, refusals: 0, durationMs: 0 }
  tools.push(row)
  return row
}
