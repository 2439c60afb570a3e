/** `GET /api/usage`: what was used in a range, by one or two groups. */
import type { UsageAnswer, UsageQuery, UsageRow } from '../api/contract/usage.ts'
import { type UsageGroup, usageGroupsOf } from '../domain/usage-group.ts'
import type { Span } from '../storage/usage-slice.ts'
import { cutName } from './answer-bounds.ts'
import { OTHER, type OverviewDeps, rangeOf } from './overview.ts'
import { filterOf } from './session-lists.ts'
import { addSums, costsOf, emptySums, type Sums, tokensOf } from './sums.ts'
import { dayOf } from './time-buckets.ts'
import { type Conditions, conditionsOf } from './conditions.ts'
import { attributesFor, namingFor } from './group-naming.ts'
import { type GroupPart, groupUse } from './usage-cells.ts'
import type { CellSlice } from './usage-slices.ts'

export async function usageBy(deps: OverviewDeps, query: UsageQuery): Promise<UsageAnswer> {
  const groups = usageGroupsOf(query.group) ?? []
  const range = await rangeOf(deps, query)
  const conditions = await conditionsOf(deps, query.where)
  const slices = await readCells(deps, query, { groups, conditions }, range)
  const { naming } = await namingFor(deps, groups)
  const used = groupUse(slices, groups, naming, conditions)
  return {
    ...range,
    groups: groups.map(({ name, label }) => ({ name, label })),
    totals: { ...figuresOf(used.sums), sessions: used.sessions },
    rows: withRest(used.parts, query.limit).map((part) => usageRowOf(part, used.links)),
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
export function usageRowOf(
  { names, sums, sessions }: GroupPart,
  links: readonly ReadonlyMap<string, string>[],
): UsageRow {
  const known = names.map((name, at) => (name === null ? null : (links[at]?.get(name) ?? null)))
  return {
    ...(known.some((link) => link !== null) && { links: known }),
    names: names.map((name) => (name === null ? null : cutName(name))),
    ...figuresOf(sums),
    sessions,
  }
}

function figuresOf(sums: Sums) {
  return { ...costsOf(sums), tokens: tokensOf(sums), modelCalls: sums.calls }
}

/** The first ones, and the rest as one. */
function withRest(parts: readonly GroupPart[], limit: number): readonly GroupPart[] {
  if (parts.length <= limit) return parts
  const rest = parts.slice(limit - 1)
  const sums = emptySums()
  for (const part of rest) addSums(sums, part.sums)
  // A session that is in several of them counts with each.
  const sessions = rest.reduce((sum, part) => sum + part.sessions, 0)
  const names = rest[0]?.names.map(() => OTHER) ?? []
  return [...parts.slice(0, limit - 1), { names, sums, sessions }]
}
