/** `GET /api/usage`: what was used in a range, by one or two groups. */
import type { UsageAnswer, UsageBucket, UsageQuery, UsageRow } from '../api/contract/usage.ts'
import { addUsd } from '../domain/exact-sum.ts'
import { type UsageGroup, usageGroupsOf } from '../domain/usage-group.ts'
import type { Span } from '../storage/usage-slice.ts'
import { cutName } from './answer-bounds.ts'
import { MAX_BUCKETS, OTHER, type OverviewDeps, rangeOf, spansFor } from './overview.ts'
import { filterOf } from './session-lists.ts'
import { costsOf, type Sums, tokensOf } from './sums.ts'
import { bucketsOf, dayOf } from './time-buckets.ts'
import { askedOfCalls, type Conditions, conditionsOf } from './conditions.ts'
import { attributesFor, namingFor } from './group-naming.ts'
import { type GroupedUse, type GroupPart, groupUse } from './group-use.ts'
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
  const used = groupUse(slices, groups, naming, { conditions, limit: query.limit })
  const names = groups.map(() => OTHER)
  const rest = used.rest === undefined ? [] : [{ ...used.rest, names, links: [] }]
  return {
    ...range,
    groups: groups.map(({ name, label }) => ({ name, label })),
    totals: { ...figuresOf(used.sums), sessions: used.sessions },
    rows: [...used.parts, ...rest].map(usageRowOf),
    ...(query.bucket !== undefined && {
      series: bucketsInOrder(buckets, slices).map(([bucket, within]) =>
        usageBucketOf(bucket, groupUse(within, groups, naming, { conditions }), used),
      ),
    }),
  }
}

/** Each bucket with its slices; both lists are in order of time, and no slice is in two buckets. */
function bucketsInOrder(
  buckets: readonly Span[],
  slices: readonly CellSlice[],
): readonly (readonly [Span, readonly CellSlice[]])[] {
  let next = 0
  return buckets.map((bucket) => {
    while ((slices[next]?.fromMs ?? Number.POSITIVE_INFINITY) < bucket.fromMs) next += 1
    const first = next
    while ((slices[next]?.fromMs ?? Number.POSITIVE_INFINITY) < bucket.toMs) next += 1
    return [bucket, slices.slice(first, next)] as const
  })
}

/** What falls to each row of `whole` within a bucket; names that have no row fall to its last one, the rest. */
function usageBucketOf({ fromMs }: Span, within: GroupedUse, whole: GroupedUse): UsageBucket {
  const rows = new Map(whole.parts.map(({ names }, at) => [JSON.stringify(names), at]))
  const count = whole.parts.length + (whole.rest === undefined ? 0 : 1)
  const costUsd = new Array<number>(count).fill(0)
  const tokenSums = new Array<number>(count).fill(0)
  for (const { names, sums } of within.parts) {
    const at = rows.get(JSON.stringify(names)) ?? count - 1
    const { input, output, cacheRead, cacheCreation } = sums
    costUsd[at] = addUsd(costUsd[at] ?? 0, sums.costUsd)
    tokenSums[at] = (tokenSums[at] ?? 0) + input + output + cacheRead + cacheCreation
  }
  return {
    startMs: fromMs,
    sessions: within.sessions,
    tokens: tokensOf(within.sums),
    costUsd,
    tokenSums,
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
