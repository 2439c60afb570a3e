/** What a report can be split by. */
import type { Dimension } from '../domain/usage.ts'
import type { Part, UsageReport } from './usage-report.ts'

/** What one session shares with others, and the model. */
const COHORT_GROUPS = ['model', 'agent', 'user', 'team', 'project'] as const

/** The dimensions of model calls, by the name of their group. */
export const DIMENSION_GROUPS = {
  'query-source': 'querySource',
  subagent: 'subagentType',
  skill: 'skill',
  'mcp-server': 'mcpServer',
  plugin: 'plugin',
  effort: 'effort',
  workflow: 'workflow',
  'cost-source': 'costSource',
} as const satisfies Readonly<Record<string, Dimension>>

export type DimensionGroup = keyof typeof DIMENSION_GROUPS
export type Group = (typeof COHORT_GROUPS)[number] | DimensionGroup

const dimensionGroups = Object.keys(DIMENSION_GROUPS) as DimensionGroup[]
export const GROUPS: readonly Group[] = [...COHORT_GROUPS, ...dimensionGroups]

/** Whether a session falls to one name of the group only. */
export function isOfSessions(group: Group): boolean {
  return group !== 'model' && !(group in DIMENSION_GROUPS)
}

/** Sessions without a call that could fall to a name of the group. */
export function sessionsOutside({ outside }: UsageReport, group: Group): number {
  if (isOfSessions(group)) return 0
  return group === 'model' ? outside.models : outside.dimensions
}

/** What falls to each name of a group, the most expensive first. They add up to the whole. */
export function partsOf(report: UsageReport, group: Group): readonly Part[] {
  switch (group) {
    case 'model':
      return report.models
    case 'agent':
      return report.agents
    case 'user':
      return report.users
    case 'team':
      return report.teams
    case 'project':
      return report.projects
    default:
      return report.byDimension(DIMENSION_GROUPS[group])
  }
}
