/**
 * A bounded summary of many durations: exact count, sum, least and greatest, and quantiles
 * with a relative error of at most 1 % (logarithmic buckets, each 2 % wide). Plain data, so
 * that it can be stored with the session's state.
 */
export interface Distribution {
  count: number
  sum: number
  min: number
  max: number
  /** Bucket index → values in it. Values below 1 stand in bucket `0`. */
  buckets: Record<string, number>
}

const GROWTH = 1.02
const LOG_GROWTH = Math.log(GROWTH)

export function emptyDistribution(): Distribution {
  return { count: 0, sum: 0, min: 0, max: 0, buckets: {} }
}

export function copyDistribution(from: Distribution): Distribution {
  return { ...from, buckets: { ...from.buckets } }
}

/** Adds one value in place. Negative values count as 0. */
export function record(into: Distribution, value: number): void {
  const amount = Math.max(0, value)
  into.min = into.count === 0 ? amount : Math.min(into.min, amount)
  into.max = Math.max(into.max, amount)
  into.count += 1
  into.sum += amount
  const bucket = amount < 1 ? 0 : Math.floor(Math.log(amount) / LOG_GROWTH) + 1
  into.buckets[bucket] = (into.buckets[bucket] ?? 0) + 1
}

/** The value below which the share `q` (0 to 1) of all values lies, or undefined when empty. */
export function quantile(of: Distribution, q: number): number | undefined {
  if (of.count === 0) return undefined
  const rank = Math.max(1, Math.ceil(q * of.count))
  let seen = 0
  const indexes = Object.keys(of.buckets)
    .map(Number)
    .sort((a, b) => a - b)
  for (const index of indexes) {
    seen += of.buckets[index] ?? 0
    if (seen >= rank) return clamp(middleOf(index), of.min, of.max)
  }
  return of.max
}

function middleOf(bucket: number): number {
  return bucket === 0 ? 0 : GROWTH ** (bucket - 0.5)
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}
