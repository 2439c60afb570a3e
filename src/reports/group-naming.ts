/** What has to be read so that calls can be named by groups. */
import { ATTRIBUTE_NAMES, type UsageGroup } from '../domain/usage-group.ts'
import type { TicketOf } from '../domain/ticket.ts'
import type { StoreReader } from '../storage/store-reader.ts'
import { createPullRequests } from './pull-requests.ts'
import type { Naming } from './usage-cells.ts'

/** Read for all groups, so that rows are remembered once for most of them. */
const USUAL_ATTRIBUTES: readonly string[] = Object.values(ATTRIBUTE_NAMES).flat()

/** Resource attributes that groups ask for, in a fixed order, since rows are remembered by them. */
export function attributesFor(groups: readonly UsageGroup[]): readonly string[] {
  const asked = groups.flatMap(({ source }) => (source.of === 'attribute' ? source.keys : []))
  return [...new Set([...USUAL_ATTRIBUTES, ...asked.toSorted()])]
}

/** What names of these groups are found by: pull requests are read only where they are asked for. */
export async function namingFor(
  {
    reader,
    ticketOf,
  }: { readonly reader: Pick<StoreReader, 'usage'>; readonly ticketOf: TicketOf },
  groups: readonly UsageGroup[],
): Promise<{ readonly naming: Naming; readonly version: string }> {
  const isAsked = groups.some(
    ({ source }) => source.of === 'work' && source.field === 'pullRequest',
  )
  const work = isAsked ? await reader.usage.pullRequests() : []
  const newestMs = work.reduce((ms, { pullRequest }) => Math.max(ms, pullRequest?.atMs ?? 0), 0)
  return {
    naming: { ticketOf, pullRequestOf: createPullRequests(work) },
    // Changes whenever another pull request is known.
    version: `${work.length} ${newestMs}`,
  }
}
