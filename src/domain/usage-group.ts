/** What use can be grouped by: facts of a session, of its calls, and of the work that they were for. */
import { DIMENSIONS, type Dimension, dimensions } from './usage.ts'

/** Where the name that a call counts under comes from. */
export type GroupSource =
  | { readonly of: 'model' }
  /** A fact of its session. */
  | { readonly of: 'session'; readonly field: SessionField }
  /** What was worked on at the time, else the project of its session. */
  | { readonly of: 'project' }
  /** The first of these resource attributes or labels that its session has. */
  | { readonly of: 'attribute'; readonly keys: readonly string[] }
  /** What the call was made for or by. */
  | { readonly of: 'call'; readonly dimension: Dimension }
  /** The repository, branch, … that the session worked on at the time. */
  | { readonly of: 'work'; readonly field: WorkField }

export type SessionField = 'agent' | 'user' | 'team'
export type WorkField = 'repository' | 'branch' | 'ticket' | 'pullRequest' | 'commit'

export interface UsageGroup {
  /** As commands and queries name it: `mcp-server`, `resource:department`. */
  readonly name: string
  /** In a sentence and, with a capital, above a column. */
  readonly label: string
  readonly source: GroupSource
}

/** Attributes that say the same, by whichever name a team chose. */
export const ATTRIBUTE_NAMES = {
  repository: ['repository', 'vcs.repository.name'],
  branch: ['branch', 'vcs.ref.head.name'],
  environment: ['deployment.environment.name', 'deployment.environment', 'environment'],
  costCentre: [
    'cost_center',
    'cost_centre',
    'cost.center',
    'cost.centre',
    'cost-center',
    'cost-centre',
  ],
} as const

const ofSession = (field: SessionField): UsageGroup => ({
  name: field,
  label: field,
  source: { of: 'session', field },
})

const ofWork = (field: WorkField, name: string = field, label: string = field): UsageGroup => ({
  name,
  label,
  source: { of: 'work', field },
})

/** All that have a name of their own, in the order in which they are listed. */
export const USAGE_GROUPS: readonly UsageGroup[] = [
  { name: 'model', label: 'model', source: { of: 'model' } },
  ofSession('agent'),
  ofSession('user'),
  ofSession('team'),
  { name: 'project', label: 'project', source: { of: 'project' } },
  ofWork('repository'),
  ofWork('branch'),
  ofWork('ticket'),
  ofWork('pullRequest', 'pull-request', 'pull request'),
  ofWork('commit'),
  ...dimensions.map((dimension) => ({
    name: DIMENSIONS[dimension].group,
    label: DIMENSIONS[dimension].label,
    source: { of: 'call' as const, dimension },
  })),
  {
    name: 'environment',
    label: 'environment',
    source: { of: 'attribute', keys: ATTRIBUTE_NAMES.environment },
  },
  {
    name: 'cost-centre',
    label: 'cost centre',
    source: { of: 'attribute', keys: ATTRIBUTE_NAMES.costCentre },
  },
]

/** Other names of some. */
const ALIASES: Readonly<Record<string, string>> = {
  'cost-center': 'cost-centre',
  env: 'environment',
  pr: 'pull-request',
  repo: 'repository',
  'slash-command': 'command',
  'subagent-type': 'subagent',
}

/** What stands before the name of a resource attribute or label. */
const RESOURCE = 'resource:'
const MAX_KEY_LENGTH = 200

/** The group of a name; undefined where there is none. */
export function usageGroupOf(name: string): UsageGroup | undefined {
  if (name.startsWith(RESOURCE)) {
    const key = name.slice(RESOURCE.length)
    if (key === '' || key.length > MAX_KEY_LENGTH) return undefined
    return { name, label: key, source: { of: 'attribute', keys: [key] } }
  }
  const own = Object.hasOwn(ALIASES, name) ? ALIASES[name] : name
  return USAGE_GROUPS.find((group) => group.name === own)
}

/** At most this many at once. */
export const MAX_GROUPS = 2

/**
 * The groups of a list such as `project,model`; undefined where one is not known or named twice, and
 * where there are too many.
 */
export function usageGroupsOf(list: string): readonly UsageGroup[] | undefined {
  const groups: UsageGroup[] = []
  for (const name of list.split(',')) {
    const group = usageGroupOf(name.trim())
    if (group === undefined || groups.some((known) => known.name === group.name)) return undefined
    groups.push(group)
  }
  return groups.length <= MAX_GROUPS ? groups : undefined
}

/** What to write where a group is asked for. */
export const GROUPS_SYNTAX = `one or two of ${USAGE_GROUPS.map(({ name }) => name).join(', ')}, resource:<key>`

/** Whether all calls of a session fall to one name. */
export function isOfSessions({ source }: UsageGroup): boolean {
  return source.of === 'session' || source.of === 'attribute'
}
