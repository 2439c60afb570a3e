/**
 * When an hour or a session costs far more than usual: pure.
 *
 * The rule: it cost at least three times what nine of ten cost at most (the 90th percentile), and at least a
 * dollar more than that. Nine of ten, and not an average, since costs are skewed: one long session in ten
 * is usual. There have to be enough to compare with: 24 hours in which something was spent, on 3 different
 * days of the last 14, or 20 sessions.
 */
import { addUsd } from './exact-sum.ts'
import { BUCKET_MS } from './usage.ts'

export interface Spike {
  readonly costUsd: number
  /** What nine of ten cost at most. */
  readonly usualUsd: number
}

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
const TIMES_USUAL = 3
const LEAST_EXCESS_USD = 1
const LEAST_SESSIONS = 20
const LEAST_HOURS = 24
const LEAST_DAYS = 3
/** How far back hours are compared. */
export const SPIKE_HISTORY_MS = 14 * DAY_MS
/** After an alert of an hour, the hours that follow are expected: no other for as long. */
export const SPIKE_REST_MS = 6 * HOUR_MS

/** Whether a session is a spike among others, which are those with a cost. */
export function sessionSpike(costUsd: number, others: readonly number[]): Spike | undefined {
  return others.length < LEAST_SESSIONS ? undefined : spikeAmong(costUsd, others)
}

/** Whether the hour that begins at `hourMs` is one, by what was spent in each quarter of an hour. */
export function hourSpike(
  quarters: ReadonlyMap<number, number>,
  hourMs: number,
): Spike | undefined {
  const hours = new Map<number, number>()
  for (const [bucketMs, costUsd] of quarters) {
    const hour = bucketMs - (bucketMs % HOUR_MS)
    if (hour > hourMs || hour < hourMs - SPIKE_HISTORY_MS) continue
    hours.set(hour, addUsd(hours.get(hour) ?? 0, costUsd))
  }
  const costUsd = hours.get(hourMs) ?? 0
  hours.delete(hourMs)
  const others = [...hours].filter(([, usd]) => usd > 0)
  const days = new Set(others.map(([hour]) => Math.floor(hour / DAY_MS)))
  if (others.length < LEAST_HOURS || days.size < LEAST_DAYS) return undefined
  return spikeAmong(
    costUsd,
    others.map(([, usd]) => usd),
  )
}

/** When the hours begin that can still be added to: this one, and the last in its first quarter. */
export function hoursToCheck(nowMs: number): readonly number[] {
  const hourMs = nowMs - (nowMs % HOUR_MS)
  return nowMs - hourMs < BUCKET_MS ? [hourMs - HOUR_MS, hourMs] : [hourMs]
}

function spikeAmong(costUsd: number, others: readonly number[]): Spike | undefined {
  const sorted = others.toSorted((a, b) => a - b)
  const usualUsd = sorted[Math.ceil(sorted.length * 0.9) - 1] ?? 0
  const isFar = costUsd >= usualUsd * TIMES_USUAL && costUsd - usualUsd >= LEAST_EXCESS_USD
  return isFar ? { costUsd, usualUsd } : undefined
}
