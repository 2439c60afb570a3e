/**
 * Distinct sessions over many slices. Ids count up from 1, so arrays by id do what maps would, in a
 * fifth of the time: a year has tens of thousands of sessions.
 */
import type { Slice } from './usage-slices.ts'
import type { Cohort, SessionUse } from './usage-sums.ts'

export interface SessionTally {
  readonly count: number
  /** By whom and where they are; as the newest slice says it. */
  readonly cohorts: ReadonlyMap<Cohort, number>
  /** Ids of those that cost most, over all slices. */
  mostExpensive(count: number): readonly number[]
  /** The different ones of these lists. */
  distinct(lists: readonly Uint32Array[]): Uint32Array
  /** How many those are. */
  countDistinct(lists: readonly Uint32Array[]): number
}

export function tallySessions(slices: readonly Slice[]): SessionTally {
  const lists = slices.map(({ sums }) => sums.sessions)
  const size = lists.reduce((least, list) => Math.max(least, greatestId(list) + 1), 1)
  const costs = new Float64Array(size)
  const cohortOf = new Array<Cohort | undefined>(size)
  for (const list of lists) {
    for (const { id, cohort, costUsd } of list) {
      costs[id] = (costs[id] ?? 0) + costUsd
      cohortOf[id] = cohort
    }
  }
  let count = 0
  const cohorts = new Map<Cohort, number>()
  for (const cohort of cohortOf) {
    if (cohort === undefined) continue
    count += 1
    cohorts.set(cohort, (cohorts.get(cohort) ?? 0) + 1)
  }
  /** Which question saw the session last. */
  const seenBy = new Uint32Array(size)
  let questions = 0
  const found = new Uint32Array(size)

  function find(asked: readonly Uint32Array[]): number {
    questions += 1
    let count = 0
    for (const list of asked) {
      for (let at = 0; at < list.length; at += 1) {
        const id = list[at] ?? 0
        if (seenBy[id] === questions) continue
        seenBy[id] = questions
        found[count] = id
        count += 1
      }
    }
    return count
  }

  return {
    count,
    cohorts,
    mostExpensive: (wanted) => mostExpensiveOf(costs, wanted),
    distinct: (asked) => found.slice(0, find(asked)),
    countDistinct: find,
  }
}

function greatestId(list: readonly SessionUse[]): number {
  let greatest = 0
  for (const { id } of list) greatest = Math.max(greatest, id)
  return greatest
}

/** Keeps the most expensive so far, and looks at each session once. */
function mostExpensiveOf(costs: Float64Array, wanted: number): readonly number[] {
  const kept: { readonly id: number; readonly costUsd: number }[] = []
  let least = 0
  for (let id = 0; id < costs.length; id += 1) {
    const costUsd = costs[id] ?? 0
    if (costUsd <= least) continue
    const place = kept.findIndex((other) => other.costUsd < costUsd)
    kept.splice(place < 0 ? kept.length : place, 0, { id, costUsd })
    if (kept.length > wanted) kept.pop()
    if (kept.length === wanted) least = kept.at(-1)?.costUsd ?? 0
  }
  return kept.map(({ id }) => id)
}
