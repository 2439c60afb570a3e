/**
 * Turns metric samples into increments. A delta sample is one already; of a cumulative one
 * the growth since the run's last value counts. A run is one series with one start time, so a
 * restart begins a run of its own; a value that fell within a run is a reset and counts whole
 * (OTLP data model, "Resets and gaps"). The first value of a run counts whole as well: it
 * grew from zero at the run's start.
 */
import type { MetricSample } from '../../domain/metric-sample.ts'

export interface SeriesRun {
  readonly value: number
  readonly timeMs: number
}

/** Runs remembered per session; beyond it those not heard of for longest are forgotten. */
const MAX_RUNS = 500
/** How many are kept then: to look for the oldest each time is slow. */
const KEPT_RUNS = 400

/** How many runs there are: worked out once for each step, and kept up from then on. */
const sizes = new WeakMap<Record<string, SeriesRun>, number>()

/** A sample whose value can be true. */
export type BelievedSample = MetricSample & { readonly value: number }

/** The increment a sample stands for; notes the run's value in `runs`. */
export function incrementOf(sample: BelievedSample, runs: Record<string, SeriesRun>): number {
  if (sample.temporality === 'delta') return sample.value
  const last = runOf(sample, runs)
  if (last !== undefined && sample.timeMs < last.timeMs) return 0
  if (last === undefined) makeRoom(runs)
  runs[sample.seriesKey] = { value: sample.value, timeMs: sample.timeMs }
  if (last === undefined || sample.value < last.value) return sample.value
  return sample.value - last.value
}

/** What is known of the run that a sample is of. */
export function runOf(
  { seriesKey }: MetricSample,
  runs: Record<string, SeriesRun>,
): SeriesRun | undefined {
  return Object.hasOwn(runs, seriesKey) ? runs[seriesKey] : undefined
}

/** For one more. */
function makeRoom(runs: Record<string, SeriesRun>): void {
  let size = sizes.get(runs) ?? Object.keys(runs).length
  if (size >= MAX_RUNS) {
    const byAge = Object.entries(runs).sort(([, a], [, b]) => a.timeMs - b.timeMs)
    for (const [key] of byAge.slice(0, size - KEPT_RUNS)) delete runs[key]
    size = KEPT_RUNS
  }
  sizes.set(runs, size + 1)
}
