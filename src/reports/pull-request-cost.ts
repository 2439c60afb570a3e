/** What a pull request cost, or a branch: by model, person and commit. */
import { usageGroupOf, type UsageGroup } from '../domain/usage-group.ts'
import type { StoreReader } from '../storage/store-reader.ts'
import type { Span } from '../storage/usage-slice.ts'
import type { TicketOf } from '../domain/ticket.ts'
import type { UsageRow } from '../api/contract/usage.ts'
import { bucketOf } from '../domain/usage.ts'
import { dayOf } from './time-buckets.ts'
import { namingFor } from './group-naming.ts'
import { readCells, usageRowOf } from './usage-by.ts'
import type { Naming } from './group-columns.ts'
import { groupUse, type OnlyNames } from './group-use.ts'
import { type CellSlice, createUsageSlices } from './usage-slices.ts'

export interface PullRequestCost {
  /** Undefined where only the branch is known. */
  readonly pullRequest: string | undefined
  readonly repository: string | undefined
  readonly branch: string | undefined
  /** The days in which something was used, epoch ms; `toMs` excluded. */
  readonly fromMs: number
  readonly toMs: number
  readonly total: UsageRow
  /** The most expensive first; a row without a name is what none has. Without any commit, no rows of them. */
  readonly models: readonly UsageRow[]
  readonly people: readonly UsageRow[]
  readonly commits: readonly UsageRow[]
}

/** What is asked: the address of a pull request, its number, or a branch. */
export type AskedWork =
  | { readonly of: 'url'; readonly url: string }
  | { readonly of: 'number'; readonly number: number; readonly repository: string | undefined }
  | { readonly of: 'branch'; readonly branch: string; readonly repository: string | undefined }

export type PullRequestAnswer =
  | { readonly is: 'found'; readonly cost: PullRequestCost }
  /** With what is known, the newest first. */
  | {
      readonly is: 'unknown'
      readonly pullRequests: readonly string[]
      readonly branches: readonly string[]
    }
  /** It is several things: addresses, or repositories that have such a branch. */
  | { readonly is: 'ambiguous'; readonly names: readonly string[] }

export interface PullRequestDeps {
  readonly reader: StoreReader
  readonly ticketOf: TicketOf
  readonly timeZone: string
  readonly nowMs: number
}

const groupOf = (name: string): UsageGroup => {
  const group = usageGroupOf(name)
  if (group === undefined) throw new Error(`there is no group ${name}`)
  return group
}
const PULL_REQUEST = groupOf('pull-request')
const REPOSITORY = groupOf('repository')
const BRANCH = groupOf('branch')
const MAX_CLOCK_LEAD_MS = 86_400_000
/** Of what is known, in an error. */
const MAX_NAMED = 5

export async function pullRequestCost(
  deps: PullRequestDeps,
  asked: AskedWork,
): Promise<PullRequestAnswer> {
  const all = await readAll(deps)
  const names = (group: UsageGroup, only: readonly OnlyNames[] = []): readonly string[] =>
    groupUse(all.slices, [group], all.naming, {
      conditions: { only, naming: all.naming },
    }).parts.flatMap(({ names: [name = null] }) => (name === null ? [] : [name]))
  const unknown = (): PullRequestAnswer => ({
    is: 'unknown',
    pullRequests: names(PULL_REQUEST).slice(0, MAX_NAMED),
    branches: names(BRANCH).slice(0, MAX_NAMED),
  })
  if (asked.of !== 'branch') {
    const found = names(PULL_REQUEST).filter((name) => isAsked(name, asked))
    const [only] = found
    if (only === undefined) return unknown()
    return found.length > 1
      ? { is: 'ambiguous', names: found }
      : costOf(all, [named(PULL_REQUEST, only)])
  }
  const ofBranch = [named(BRANCH, asked.branch)]
  const own = [...ofBranch, inRepository(asked.repository)]
  const isHere =
    groupUse(all.slices, [BRANCH], all.naming, {
      conditions: { only: own, naming: all.naming },
    }).parts.length > 0
  const only = isHere ? own : ofBranch
  const repositories = names(REPOSITORY, only)
  if (repositories.length > 1) return { is: 'ambiguous', names: repositories }
  const [pullRequest, another] = names(PULL_REQUEST, only)
  if (pullRequest !== undefined && another === undefined) {
    return costOf(all, [named(PULL_REQUEST, pullRequest)])
  }
  const cost = costOf(all, only)
  return cost.is === 'found' && cost.cost.total.modelCalls === 0 && cost.cost.total.sessions === 0
    ? unknown()
    : cost
}

interface All {
  readonly timeZone: string
  readonly slices: readonly CellSlice[]
  readonly naming: Naming
}

async function readAll({ reader, ticketOf, timeZone, nowMs }: PullRequestDeps): Promise<All> {
  const used = await reader.usage.bounds(nowMs + MAX_CLOCK_LEAD_MS)
  const range: Span = used ?? { fromMs: bucketOf(nowMs), toMs: bucketOf(nowMs) }
  const slices = createUsageSlices({ usage: reader.usage, now: () => nowMs })
  const groups = [PULL_REQUEST, REPOSITORY, BRANCH]
  return {
    timeZone,
    slices: await readCells({ slices }, { tz: timeZone, attribute: [] }, { groups }, range),
    naming: (await namingFor({ slices, ticketOf }, groups)).naming,
  }
}

function named(group: UsageGroup, name: string): OnlyNames {
  return { group, isAsked: (each) => each === name }
}

/** Where a repository is not known, it may be this one. */
function inRepository(repository: string | undefined): OnlyNames {
  return {
    group: REPOSITORY,
    isAsked: (name) => repository === undefined || name === null || name === repository,
  }
}

function isAsked(name: string, asked: Exclude<AskedWork, { readonly of: 'branch' }>): boolean {
  if (asked.of === 'url') return name.toLowerCase() === asked.url.toLowerCase()
  const isNumber = name.endsWith(`/${asked.number}`)
  return isNumber && (asked.repository === undefined || name.includes(`/${asked.repository}/`))
}

function costOf({ slices, naming, timeZone }: All, only: readonly OnlyNames[]): PullRequestAnswer {
  const rowsBy = (name: string): readonly UsageRow[] => {
    const { parts } = groupUse(slices, [groupOf(name)], naming, {
      conditions: { only, naming },
    })
    return parts.map(usageRowOf)
  }
  const nameOf = (group: string): string | undefined => {
    const [first, another] = rowsBy(group).flatMap(({ names: [name = null] }) => name ?? [])
    return another === undefined ? first : undefined
  }
  const { sums, sessions } = groupUse(slices, [REPOSITORY], naming, {
    conditions: { only, naming },
  })
  const commits = rowsBy('commit')
  const days = slices.filter(
    (slice) =>
      groupUse([slice], [BRANCH], naming, { conditions: { only, naming } }).parts.length > 0,
  )
  return {
    is: 'found',
    cost: {
      pullRequest: nameOf('pull-request'),
      repository: nameOf('repository'),
      branch: nameOf('branch'),
      fromMs: dayOf(days[0]?.fromMs ?? 0, timeZone).fromMs,
      toMs: dayOf(days.at(-1)?.fromMs ?? 0, timeZone).toMs,
      total: usageRowOf({ names: [], links: [], sums, sessions }),
      models: rowsBy('model'),
      people: rowsBy('user'),
      // What came behind the last commit has a row as well: they add up to the whole.
      commits: commits.some(({ names: [name] }) => name !== null) ? commits : [],
    },
  }
}
