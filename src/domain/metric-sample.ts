/**
 * One increment of something an agent counts.
 */
import type { Identity } from './identity.ts'

/** What a sample measures. `other` is kept and counted by name, and feeds nothing. */
export type MetricMeasure =
  | 'session_start'
  | 'cost_usd'
  | 'tokens'
  | 'lines_of_code'
  | 'edit_decision'
  | 'active_time_s'
  | 'commits'
  | 'pull_requests'
  | 'other'

export interface MetricSample {
  readonly kind: 'metric'
  readonly agent: string
  readonly sessionId: string
  /** One point of one series: series, start and end time. */
  readonly dedupKey: string
  /** Resource, scope, name, attributes and start time: one monotonic run of values. */
  readonly seriesKey: string
  readonly temporality: 'delta' | 'cumulative'
  readonly name: string
  readonly measure: MetricMeasure
  /** As sent: an increment (delta) or the total since the start (cumulative). */
  readonly value: number
  readonly timeMs: number
  /** The attribute that splits the measure: `added`, `accept`, `cacheRead`, `user`, … */
  readonly facet?: string
  readonly identity: Identity
}
