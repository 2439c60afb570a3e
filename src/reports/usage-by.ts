/** `GET /api/usage`: what was used in a range, by one or two groups. */
import type { UsageAnswer, UsageQuery, UsageRow } from '../api/contract/usage.ts'
import { type UsageGroup, usageGroupsOf } from '../domain/usage-group.ts'
import type { Span } from '../storage/usage-slice.ts'
import { cutName } from './answer-bounds.ts'
import { OTHER, type OverviewDeps, rangeOf } from './overview.ts'
import { filterOf } from './session-lists.ts'
import { costsOf, type Sums, tokensOf } from './sums.ts'
import { dayOf } from './time-buckets.ts'
import { type Conditions, conditionsOf } from './conditions.ts'
import { attributesFor, namingFor } from './group-naming.ts'
import { type GroupPart, groupUse } from './group-use.ts'
import type { CellSlice } from './usage-slices.ts'

export async function usageBy(deps: OverviewDeps, query: UsageQuery): Promise<UsageAnswer> {
  const groups = usageGroupsOf(query.group) ?? []
  const range = await rangeOf(deps, query)
  const conditions = await conditionsOf(deps, query.where)
  const slices = await readCells(deps, query, { groups, conditions }, range)
  const { naming } = await namingFor(deps, groups)
  const used = groupUse(slices, groups, naming, { conditions, limit: query.limit })
  const names = groups.map(() => OTHER)
  const rest = used.rest === undefined ? [] : [{ ...used.rest, names, links: [] }]
  return {
    ...range,
    groups: groups.map(({ name, label }) => ({ name, label })),
    totals: { ...figuresOf(used.sums), sessions: used.sessions },
    rows: [...used.parts, ...rest].map(usageRowOf),
  }
}

interface GroupedBy {
  readonly groups: readonly UsageGroup[]
  readonly conditions?: Conditions | undefined
}

/** The days of a range as rows, with what groups and conditions need to know of their sessions. */
export function readCells(
  { slices, pause }: Pick<OverviewDeps, 'slices' | 'pause'>,
  { tz, ...filter }: Pick<UsageQuery, 'tz' | 'attribute'>,
  { groups, conditions }: GroupedBy,
  range: Span,
): Promise<readonly CellSlice[]> {
  const asked = conditions?.only.map(({ group }) => group) ?? []
  const attributeKeys = attributesFor([...groups, ...asked])
  return slices.cells(filterOf(filter), attributeKeys, range, (ms) => dayOf(ms, tz), pause)
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
