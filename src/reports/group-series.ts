/**
 * What falls to each row of a report over time. Rows are gone through once, whatever the number of buckets:
 * a report of each bucket would have parts of its own for all names, and there may be one for each commit.
 */
import { UNITS_PER_USD } from '../domain/exact-sum.ts'
import type { GroupParts } from './group-parts.ts'
import type { Sums } from './sums.ts'
import { FIGURES, sumsIn, type UsageCells } from './usage-cells.ts'

/** Which bucket each slice is in. */
export interface SliceBuckets {
  readonly count: number
  /** By the place of a slice; undefined for one that is in none. In ascending order. */
  readonly of: readonly (number | undefined)[]
}

/** What was used within one bucket. */
export interface BucketUse {
  readonly sums: Sums
  /** Distinct ones. */
  readonly sessions: number
  /** US dollars of each part, in their order, and of the rest of them at the end where there is one. */
  readonly costUsd: readonly number[]
  /** All tokens, likewise. */
  readonly tokenSums: readonly number[]
}

export interface GroupSeriesDeps {
  readonly table: GroupParts
  /** Parts that are told apart. */
  readonly first: readonly number[]
  /** There are others, which are told as one. */
  readonly hasRest: boolean
  readonly buckets: SliceBuckets
  readonly slices: readonly {
    readonly cells: UsageCells
    /** Of its rows. */
    readonly parts: Uint32Array
  }[]
  /** Of the sessions. */
  readonly greatestId: number
}

const WIDTH = FIGURES.length
const COST = FIGURES.indexOf('costUsd')
const TOKENS = (['input', 'output', 'cacheRead', 'cacheCreation'] as const).map((name) =>
  FIGURES.indexOf(name),
)

export function groupSeries(deps: GroupSeriesDeps): readonly BucketUse[] {
  const { table, first, hasRest, buckets, slices, greatestId } = deps
  const width = first.length + (hasRest ? 1 : 0)
  // Parts that are not shown have neither cost nor tokens: it does not matter where they are added.
  const placeOf = new Uint32Array(table.count()).fill(Math.max(0, width - 1))
  for (const [place, part] of first.entries()) placeOf[part] = place
  const within = Array.from({ length: buckets.count }, (): SliceOfBucket[] => [])
  for (const [at, slice] of slices.entries()) within[buckets.of[at] ?? -1]?.push(slice)
  const countSessions = createCounter(greatestId)
  return within.map((all): BucketUse => {
    const added: Added = {
      sum: new Float64Array(WIDTH),
      units: new Float64Array(width),
      tokens: new Float64Array(width),
    }
    for (const slice of all) addSlice(added, slice, placeOf)
    return {
      sums: sumsIn(added.sum),
      sessions: countSessions(all),
      // Adding 0 turns -0 into 0.
      costUsd: Array.from(added.units, (value) => value / UNITS_PER_USD + 0),
      tokenSums: Array.from(added.tokens),
    }
  })
}

type SliceOfBucket = GroupSeriesDeps['slices'][number]

interface Added {
  readonly sum: Float64Array
  /** Billionths of a dollar. */
  readonly units: Float64Array
  readonly tokens: Float64Array
}

function addSlice(
  { sum, units, tokens }: Added,
  { cells: { rows, figures }, parts }: SliceOfBucket,
  placeOf: Uint32Array,
): void {
  for (let row = 0; row < rows.length; row += 1) {
    const from = row * WIDTH
    for (let n = 0; n < WIDTH; n += 1) sum[n] = (sum[n] ?? 0) + (figures[from + n] ?? 0)
    if (units.length === 0) continue
    const place = placeOf[parts[row] ?? 0] ?? 0
    units[place] = (units[place] ?? 0) + (figures[from + COST] ?? 0)
    for (const n of TOKENS) tokens[place] = (tokens[place] ?? 0) + (figures[from + n] ?? 0)
  }
}

/** Counts the different sessions of a bucket, bucket after bucket. */
function createCounter(greatestId: number): (slices: readonly SliceOfBucket[]) => number {
  /** The bucket that each was seen in last, counted from 1. */
  const seenIn = new Uint32Array(greatestId + 1)
  let bucket = 0
  return (slices) => {
    bucket += 1
    let count = 0
    for (const { cells } of slices) {
      for (const id of cells.ids) {
        if (seenIn[id] === bucket) continue
        seenIn[id] = bucket
        count += 1
      }
    }
    return count
  }
}
