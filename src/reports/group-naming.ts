/** What has to be read so that calls can be named by groups. */
import { ATTRIBUTE_NAMES, type UsageGroup } from '../domain/usage-group.ts'
import type { TicketOf } from '../domain/ticket.ts'
import type { KnownPullRequests } from './pull-requests.ts'
import type { GroupColumns, Naming } from './group-columns.ts'

/** Read with all rows, so that these are remembered once for most groups. */
export const USUAL_ATTRIBUTES: readonly string[] = Object.values(ATTRIBUTE_NAMES).flat()

/** Resource attributes that groups ask for, in a fixed order, since rows are remembered by them. */
export function attributesFor(groups: readonly UsageGroup[]): readonly string[] {
  const asked = groups.flatMap(({ source }) => (source.of === 'attribute' ? source.keys : []))
  return [...new Set([...USUAL_ATTRIBUTES, ...asked.toSorted()])]
}

export interface NamingDeps {
  readonly slices: {
    readonly columns: GroupColumns
    pullRequests(): Promise<KnownPullRequests>
  }
  readonly ticketOf: TicketOf
}

const NONE = { pullRequestOf: () => null, version: '' }

/** What names of these groups are found by: pull requests are read only where they are asked for. */
export async function namingFor(
  { slices, ticketOf }: NamingDeps,
  groups: readonly UsageGroup[],
): Promise<{ readonly naming: Naming; readonly version: string }> {
  const isAsked = groups.some(
    ({ source }) => source.of === 'work' && source.field === 'pullRequest',
  )
  const { pullRequestOf, version } = isAsked ? await slices.pullRequests() : NONE
  return { naming: { ticketOf, pullRequestOf, columns: slices.columns }, version }
}
