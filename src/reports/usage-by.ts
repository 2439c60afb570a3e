/** `GET /api/usage`: what was used in a range, by one or two groups. */
import type { UsageAnswer, UsageBucket, UsageQuery, UsageRow } from '../api/contract/usage.ts'
import { type UsageGroup, usageGroupsOf } from '../domain/usage-group.ts'
import type { Span } from '../storage/usage-slice.ts'
import { cutName } from './answer-bounds.ts'
import { MAX_BUCKETS, OTHER, type OverviewDeps, rangeOf, spansFor } from './overview.ts'
import { filterOf } from './session-lists.ts'
import { costsOf, type Sums, tokensOf } from './sums.ts'
import { bucketsOf, dayOf } from './time-buckets.ts'
import { askedOfCalls, type Conditions, conditionsOf } from './conditions.ts'
import { attributesFor, namingFor } from './group-naming.ts'
import type { BucketUse, SliceBuckets } from './group-series.ts'
import { type GroupPart, groupUse } from './group-use.ts'
import type { CellSlice } from './usage-slices.ts'

export async function usageBy(deps: OverviewDeps, asked: UsageQuery): Promise<UsageAnswer> {
  const query = askedOfCalls(asked)
  const groups = usageGroupsOf(query.group) ?? []
  const range = await rangeOf(deps, query)
  const conditions = await conditionsOf(deps, query.where)
  const buckets =
    query.bucket === undefined ? [] : bucketsOf(range, query.bucket, query.tz, MAX_BUCKETS)
  const spanAt = spansFor(buckets, query)
  const slices = await readCells(deps, query, { groups, conditions }, range, spanAt)
  const { naming } = await namingFor(deps, groups)
  const used = groupUse(slices, groups, naming, {
    ...{ conditions, limit: query.limit },
    ...(query.bucket !== undefined && { buckets: bucketsOfSlices(buckets, slices) }),
  })
  const names = groups.map(() => OTHER)
  const rest = used.rest === undefined ? [] : [{ ...used.rest, names, links: [] }]
  return {
    ...range,
    groups: groups.map(({ name, label }) => ({ name, label })),
    totals: { ...figuresOf(used.sums), sessions: used.sessions },
    rows: [...used.parts, ...rest].map(usageRowOf),
    ...(query.bucket !== undefined && {
      series: buckets.flatMap((bucket, at) => {
        const within = used.series[at]
        return within === undefined ? [] : [usageBucketOf(bucket, within)]
      }),
    }),
  }
}

/** Both lists are in order of time, and no slice is in two buckets. */
function bucketsOfSlices(buckets: readonly Span[], slices: readonly CellSlice[]): SliceBuckets {
  let next = 0
  const of = slices.map(({ fromMs }) => {
    while (fromMs >= (buckets[next]?.toMs ?? Number.POSITIVE_INFINITY)) next += 1
    return fromMs >= (buckets[next]?.fromMs ?? Number.POSITIVE_INFINITY) ? next : undefined
  })
  return { count: buckets.length, of }
}

function usageBucketOf(
  { fromMs }: Span,
  { sessions, sums, costUsd, tokenSums }: BucketUse,
): UsageBucket {
  return {
    startMs: fromMs,
    sessions,
    tokens: tokensOf(sums),
    costUsd: [...costUsd],
    tokenSums: [...tokenSums],
  }
}

interface GroupedBy {
  readonly groups: readonly UsageGroup[]
  readonly conditions?: Conditions | undefined
}

/** The days of a range, or shorter spans of it, as rows, with what groups and conditions need to know of their sessions. */
export function readCells(
  { slices, pause }: Pick<OverviewDeps, 'slices' | 'pause'>,
  { tz, ...filter }: Pick<UsageQuery, 'tz' | 'attribute'>,
  { groups, conditions }: GroupedBy,
  range: Span,
  spanAt: (ms: number) => Span = (ms) => dayOf(ms, tz),
): Promise<readonly CellSlice[]> {
  const asked = conditions?.only.map(({ group }) => group) ?? []
  const attributeKeys = attributesFor([...groups, ...asked])
  return slices.cells(filterOf(filter), attributeKeys, range, spanAt, pause)
}

/** A part as the contract has it. */
export function usageRowOf({ names, links, sums, sessions }: GroupPart): UsageRow {
  return {
    ...(links.some((link) => link !== null) && { links: [...links] }),
    names: names.map((name) => (name === null ? null : cutName(name))),
    ...figuresOf(sums),
    sessions,
  }
}

function figuresOf(sums: Sums) {
  return { ...costsOf(sums), tokens: tokensOf(sums), modelCalls: sums.calls }
}
