/**
 * One increment of something an agent counts.
 */
import type { CallDimensions } from './call-dimensions.ts'
import type { Identity } from './identity.ts'
import { GREATEST, type Implausible } from './numbers.ts'

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
  /**
   * As sent: an increment (delta) or the total since the start (cumulative). Undefined where that
   * cannot be true.
   */
  readonly value: number | undefined
  readonly timeMs: number
  /** It told no time that can be true: `timeMs` is when it came. */
  readonly isTimeOfArrival?: boolean
  /** When what it measures began, as sent: the last export (delta), or the process (cumulative). */
  readonly startMs?: number
  /** The model whose cost or tokens it measures. */
  readonly model?: string
  /** Of cost and tokens: the calls that they are of. */
  readonly dimensions?: CallDimensions
  /** The attribute that splits the measure: `added`, `accept`, `cacheRead`, `user`, … */
  readonly facet?: string
  readonly identity: Identity
  /** What its record said that cannot be true. */
  readonly implausible?: Implausible
  /** How many secrets were masked in its record, by rule. */
  readonly masked?: Readonly<Record<string, number>>
}

const DAY_S = 86_400

/** What one point may say: growth since the last one, or the total of a process. */
const GREATEST_OF_MEASURE: Readonly<
  Record<Exclude<MetricMeasure, 'other'>, { readonly delta: number; readonly cumulative: number }>
> = {
  session_start: { delta: 1e6, cumulative: 1e6 },
  cost_usd: { delta: GREATEST.usd, cumulative: 1e6 },
  tokens: { delta: GREATEST.tokens, cumulative: GREATEST.tokenSum },
  lines_of_code: { delta: 1e8, cumulative: 1e9 },
  edit_decision: { delta: 1e6, cumulative: 1e9 },
  active_time_s: { delta: 7 * DAY_S, cumulative: 365 * DAY_S },
  commits: { delta: 1e6, cumulative: 1e9 },
  pull_requests: { delta: 1e6, cumulative: 1e9 },
}

/** Whether what a point says can be true. What feeds nothing (`other`) may be anything that is finite. */
export function isPlausibleMetric(
  value: number,
  measure: MetricMeasure,
  temporality: 'delta' | 'cumulative',
): boolean {
  // Records that an early version stored may have null for a value.
  if (!Number.isFinite(value)) return false
  if (measure === 'other') return true
  return value >= 0 && value <= GREATEST_OF_MEASURE[measure][temporality]
}
