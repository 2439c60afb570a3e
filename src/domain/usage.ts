/**
 * What a session used, by quarters of an hour: increments that the machine makes beside its totals,
 * for reports over many sessions. Each record counts in the quarter of its own time, once.
 */
import type { MetricMeasure } from './metric-sample.ts'

/** A quarter of an hour: every time zone's days begin on one. */
export const BUCKET_MS = 900_000

/** Model calls of one model, by the main agent or by subagents. */
export interface ModelUsage {
  /** When the bucket begins, epoch ms; the same below. */
  readonly bucketMs: number
  readonly model: string
  readonly isSubagent: boolean
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
}

/** The quarter of an hour that a time lies in. */
export function bucketOf(timeMs: number): number {
  return Math.floor(timeMs / BUCKET_MS) * BUCKET_MS
}
