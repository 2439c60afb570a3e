/**
 * What a session used, by quarters of an hour: increments that the machine makes beside its totals,
 * for reports over many sessions. Each record counts in the quarter of its own time, once.
 */
import type { CostSource } from './agent-event.ts'
import { CALL_DIMENSIONS, type CallDimensions } from './call-dimensions.ts'
import type { MetricMeasure } from './metric-sample.ts'
import type { WorkSegment } from './work.ts'

/** A quarter of an hour: every time zone's days begin on one. */
export const BUCKET_MS = 900_000

/** What usage can be grouped by beside model and time. A dimension that nobody told is absent. */
export interface UsageDimensions extends CallDimensions {
  /** Who says what the calls cost: absent where it is not known. */
  readonly costSource?: CostSource | 'metrics'
}

/** Every dimension, in the order in which they are listed. */
export const DIMENSIONS = {
  ...CALL_DIMENSIONS,
  costSource: { group: 'cost-source', label: 'cost source' },
} as const
export type Dimension = keyof typeof DIMENSIONS
export const dimensions = Object.keys(DIMENSIONS) as readonly Dimension[]

/** A set as JSON: equal for equal sets, and only for these. What is stored of it. */
export function dimensionsKey(of: UsageDimensions): string {
  let key = ''
  for (const name of dimensions) {
    const value = of[name]
    if (value !== undefined) key += `${key === '' ? '' : ','}"${name}":${JSON.stringify(value)}`
  }
  for (const name of ['segment', 'project'] as const) {
    const value = of[name]
    if (value !== undefined) key += `${key === '' ? '' : ','}"${name}":${JSON.stringify(value)}`
  }
  return `{${key}}`
}

/** Model calls of one model and one set of dimensions, by the main agent or by subagents. */
export interface ModelUsage {
  /** When the bucket begins, epoch ms; the same below. */
  readonly bucketMs: number
  readonly model: string
  readonly isSubagent: boolean
  readonly dimensions: UsageDimensions
  calls: number
  errors: number
  /** All that counts. Calls whose cost is not known are in none of the three. */
  costUsd: number
  /** The part of it that the agent did not tell: estimates and the operator's own prices. */
  estimatedUsd: number
  /** The part of it that metrics alone told. */
  metricsUsd: number
  /** Calls whose cost is not known. */
  unpricedCalls: number
  inputTokens: number
  outputTokens: number
  cacheReadTokens: number
  cacheCreationTokens: number
  /** Of the calls that succeeded, together. */
  durationMs: number
}

/** Calls of one tool. */
export interface ToolUsage {
  readonly bucketMs: number
  readonly tool: string
  results: number
  failures: number
  refusals: number
  /** Of all results, together. */
  durationMs: number
}

/** What else counts: prompts, and what only metrics tell (cost and tokens of metrics are not in it). */
export interface Activity {
  readonly bucketMs: number
  readonly measure: ActivityMeasure
  /** What splits the measure, as sent: `added`, `accept`, `user`; empty when nothing does. */
  readonly facet: string
  value: number
}

export type ActivityMeasure = 'prompts' | Exclude<MetricMeasure, 'cost_usd' | 'tokens' | 'other'>

/** The increments of one step. */
export interface Usage {
  readonly models: readonly ModelUsage[]
  readonly tools: readonly ToolUsage[]
  readonly activity: readonly Activity[]
  /** Stretches of work that are new, or of which something else is known now. */
  readonly work?: readonly WorkSegment[]
}

/** What was spent and used, as far as it bears on whether the cost is known. */
export interface Spent {
  readonly costUsd: number
  readonly calls: number
  readonly unpricedCalls: number
  /** Of all kinds together. */
  readonly tokens: number
}

/**
 * Whether a cost of 0 means that nobody told one: no call has a price, or metrics report tokens of
 * calls that no event reports, and no cost.
 */
export function isCostUnknown({ costUsd, calls, unpricedCalls, tokens }: Spent): boolean {
  if (costUsd !== 0) return false
  return unpricedCalls > 0 ? unpricedCalls >= calls : calls === 0 && tokens > 0
}

/** The quarter of an hour that a time lies in. */
export function bucketOf(timeMs: number): number {
  return Math.floor(timeMs / BUCKET_MS) * BUCKET_MS
}

/** Where the last quarter of an hour ends that a range up to a time, without it, touches. */
export function bucketEndOf(timeMs: number): number {
  return Math.ceil(timeMs / BUCKET_MS) * BUCKET_MS
}
