/** What a report can be split by. */
import { DIMENSIONS, type Dimension, dimensions } from '../domain/usage.ts'
import type { Part, UsageReport } from './usage-report.ts'

/** What one session shares with others, and the model. */
const COHORT_GROUPS = ['model', 'agent', 'user', 'team', 'project'] as const

type Cohort = (typeof COHORT_GROUPS)[number]
export type DimensionGroup = (typeof DIMENSIONS)[Dimension]['group']
export type Group = Cohort | DimensionGroup

export const GROUPS: readonly Group[] = [
  ...COHORT_GROUPS,
  ...dimensions.map((name) => DIMENSIONS[name].group),
]

/** The dimension that a group splits by; undefined for one of sessions or models. */
export function dimensionOf(group: Group): Dimension | undefined {
  return dimensions.find((name) => DIMENSIONS[name].group === group)
}

/** A group as it is called in a sentence. */
export function groupLabel(group: Group): string {
  const dimension = dimensionOf(group)
  return dimension === undefined ? group : DIMENSIONS[dimension].label
}

/** Whether a session falls to one name of the group only. */
export function isOfSessions(group: Group): boolean {
  return group !== 'model' && dimensionOf(group) === undefined
}

/** Sessions without a call that could fall to a name of the group. */
export function sessionsOutside({ outside }: UsageReport, group: Group): number {
  if (isOfSessions(group)) return 0
  return group === 'model' ? outside.models : outside.dimensions
}

/** What falls to each name of a group, the most expensive first. They add up to the whole. */
export function partsOf(report: UsageReport, group: Group): readonly Part[] {
  const dimension = dimensionOf(group)
  if (dimension !== undefined) return report.byDimension(dimension)
  switch (group as Cohort) {
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
  }
}
