/** `GET /api/usage`: what was used in a range, by one or two groups. */
import type { UsageAnswer, UsageQuery, UsageRow } from '../api/contract/usage.ts'
import { ATTRIBUTE_NAMES, type UsageGroup, usageGroupsOf } from '../domain/usage-group.ts'
import type { TicketOf } from '../domain/ticket.ts'
import type { Span } from '../storage/usage-slice.ts'
import { cutName } from './answer-bounds.ts'
import { OTHER, type OverviewDeps, rangeOf } from './overview.ts'
import { filterOf } from './session-lists.ts'
import { addSums, costsOf, emptySums, type Sums, tokensOf } from './sums.ts'
import { dayOf } from './time-buckets.ts'
import { createPullRequests } from './pull-requests.ts'
import { type GroupPart, groupUse, type Naming } from './usage-cells.ts'
import type { CellSlice } from './usage-slices.ts'

/** Read for all groups, so that rows are remembered once for most of them. */
const USUAL_ATTRIBUTES: readonly string[] = Object.values(ATTRIBUTE_NAMES).flat()

export interface UsageByDeps extends OverviewDeps {
  readonly ticketOf: TicketOf
}

export async function usageBy(deps: UsageByDeps, query: UsageQuery): Promise<UsageAnswer> {
  const groups = usageGroupsOf(query.group) ?? []
  const range = await rangeOf(deps, query)
  const slices = await readCells(deps, query, groups, range)
  const used = groupUse(slices, groups, await namingFor(deps, groups))
  return {
    ...range,
    groups: groups.map(({ name, label }) => ({ name, label })),
    totals: { ...figuresOf(used.sums), sessions: used.sessions },
    rows: withRest(used.parts, query.limit).map((part) => usageRowOf(part, used.links)),
  }
}

/** What names of these groups are found by: pull requests are read only where they are asked for. */
export async function namingFor(
  { reader, ticketOf }: Pick<UsageByDeps, 'reader' | 'ticketOf'>,
  groups: readonly UsageGroup[],
): Promise<Naming> {
  const isAsked = groups.some(
    ({ source }) => source.of === 'work' && source.field === 'pullRequest',
  )
  const work = isAsked ? await reader.usage.pullRequests() : []
  return { ticketOf, pullRequestOf: createPullRequests(work) }
}

/** The days of a range as rows, with what these groups need to know of their sessions. */
export function readCells(
  { slices, pause }: Pick<OverviewDeps, 'slices' | 'pause'>,
  { tz, ...filter }: Pick<UsageQuery, 'tz' | 'attribute'>,
  groups: readonly UsageGroup[],
  range: Span,
): Promise<readonly CellSlice[]> {
  return slices.cells(filterOf(filter), attributesFor(groups), range, (ms) => dayOf(ms, tz), pause)
}

/** What is asked of sessions beyond what all groups need: in a fixed order, since it is remembered by it. */
function attributesFor(groups: readonly UsageGroup[]): readonly string[] {
  const asked = groups.flatMap(({ source }) => (source.of === 'attribute' ? source.keys : []))
  return [...new Set([...USUAL_ATTRIBUTES, ...asked.toSorted()])]
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
