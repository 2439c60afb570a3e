/**
 * Turns metric samples into increments. A delta sample is one already; of a cumulative one
 * the growth since the run's last value counts. A run is one series with one start time, so a
 * restart begins a run of its own; a value that fell within a run is a reset and counts whole
 * (OTLP data model, "Resets and gaps"). The first value of a run counts whole as well: it
 * grew from zero at the run's start.
 */
import type { MetricSample } from '../domain/metric-sample.ts'

export interface SeriesRun {
  readonly value: number
  readonly timeMs: number
}

/** Runs remembered per session; beyond it the one not heard of for longest is forgotten. */
const MAX_RUNS = 500

/** A sample whose value can be true. */
export type BelievedSample = MetricSample & { readonly value: number }

/** The increment a sample stands for; notes the run's value in `runs`. */
export function incrementOf(sample: BelievedSample, runs: Record<string, SeriesRun>): number {
  if (sample.temporality === 'delta') return sample.value
  const last = Object.hasOwn(runs, sample.seriesKey) ? runs[sample.seriesKey] : undefined
  if (last !== undefined && sample.timeMs < last.timeMs) return 0
  if (last === undefined && Object.keys(runs).length >= MAX_RUNS) forgetOldest(runs)
  runs[sample.seriesKey] = { value: sample.value, timeMs: sample.timeMs }
  if (last === undefined || sample.value < last.value) return sample.value
  return sample.value - last.value
}

function forgetOldest(runs: Record<string, SeriesRun>): void {
  let oldest: string | undefined
  for (const key of Object.keys(runs)) {
    if (oldest === undefined || timeOf(runs, key) < timeOf(runs, oldest)) oldest = key
  }
  if (oldest !== undefined) delete runs[oldest]
}

function timeOf(runs: Record<string, SeriesRun>, key: string): number {
  return runs[key]?.timeMs ?? 0
}
