/** What was used over time: every bucket of a range, empty ones as zeros. */
import { addUsd } from '../domain/exact-sum.ts'
import type { Span } from '../storage/usage-slice.ts'
import type { Bucket } from '../api/contract/overview.ts'
import { cutName } from './answer-bounds.ts'
import { addSums, costsOf, emptySums, tokensOf } from './sums.ts'
import type { Slice } from './usage-slices.ts'

/**
 * Both in order of time; slices do not reach over the end of a bucket. Cost is told apart for the models
 * listed, and is one sum under the name `other` for the rest.
 */
export function seriesOf(
  buckets: readonly Span[],
  slices: readonly Slice[],
  listed: readonly (string | null)[],
  other: string,
): Bucket[] {
  const names = new Map(listed.map((model) => [model, cutName(model ?? '')]))
  const nameOf = (model: string): string => names.get(model) ?? other
  let next = 0
  return buckets.map((bucket) => {
    while ((slices[next]?.fromMs ?? Number.POSITIVE_INFINITY) < bucket.fromMs) next += 1
    const within: Slice[] = []
    for (let slice = slices[next]; slice !== undefined; slice = slices[next]) {
      if (slice.fromMs >= bucket.toMs) break
      within.push(slice)
      next += 1
    }
    return bucketSums(bucket, within, nameOf)
  })
}

function bucketSums(
  { fromMs }: Span,
  slices: readonly Slice[],
  nameOf: (model: string) => string,
): Bucket {
  const sums = emptySums()
  const costs = new Map<string, number>()
  for (const { sums: slice } of slices) {
    for (const [model, use] of slice.models) {
      addSums(sums, use.sums)
      const name = nameOf(model)
      const { costUsd } = use.sums
      if (costUsd !== 0) costs.set(name, addUsd(costs.get(name) ?? 0, costUsd))
    }
  }
  return {
    startMs: fromMs,
    ...costsOf(sums),
    tokens: tokensOf(sums),
    sessions: countSessions(slices),
    modelCalls: sums.calls,
    costByModelUsd: Object.fromEntries(costs),
  }
}

/** A session may be in several slices of one bucket. */
function countSessions(slices: readonly Slice[]): number {
  const [first, ...more] = slices
  if (first === undefined) return 0
  if (more.length === 0) return first.sums.sessions.length
  const ids = new Set<number>()
  for (const { sums } of slices) for (const { id } of sums.sessions) ids.add(id)
  return ids.size
}
