/**
 * A bounded summary of many durations: exact count, sum, least and greatest, and quantiles
 * with a relative error of at most 1 % (logarithmic buckets, each 2 % wide). Whoever keeps many
 * of them bounds their buckets; values without a bucket are missing from the quantiles only.
 * Plain data, so that it can be stored with the session's state.
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

/**
 * Adds one value in place. Negative values count as 0. Opens a bucket only where `mayOpen` is true;
 * returns whether it did.
 */
export function record(into: Distribution, value: number, mayOpen = true): boolean {
  const amount = Math.max(0, value)
  into.min = into.count === 0 ? amount : Math.min(into.min, amount)
  into.max = Math.max(into.max, amount)
  into.count += 1
  into.sum += amount
  const bucket = amount < 1 ? 0 : Math.floor(Math.log(amount) / LOG_GROWTH) + 1
  const values = into.buckets[bucket]
  if (values === undefined && !mayOpen) return false
  into.buckets[bucket] = (values ?? 0) + 1
  return values === undefined
}

export function countBuckets(of: Distribution): number {
  return Object.keys(of.buckets).length
}

/** The value below which the share `q` (0 to 1) of all values lies, or undefined when empty. */
export function quantile(of: Distribution, q: number): number | undefined {
  if (of.count === 0) return undefined
  const values = Object.values(of.buckets).reduce((sum, count) => sum + count, 0)
  if (values === 0) return of.sum / of.count
  const rank = Math.max(1, Math.ceil(q * values))
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
