/**
 * Which pull request work was for. That of its branch and repository, in whichever session it was opened;
 * so what was spent before it was opened, and on its review after that, counts for it. Where the branch is
 * not known, or is one that others are merged into, that of the same session: the next one that was
 * opened, or the last one.
 */
import { isTrunk, type WorkPullRequest } from '../domain/work.ts'
import type { WorkOfSession } from '../storage/store-reader.ts'

/** What is known of the place of some work. */
export interface WorkPlace {
  readonly session: number
  readonly segment: number
  readonly repository: string | null
  readonly branch: string | null
}

/** The name of the pull request that work was for; null where there is none. */
export type PullRequestOf = (place: WorkPlace) => string | null

export interface KnownPullRequests {
  readonly pullRequestOf: PullRequestOf
  /** Another one whenever something else may be known of them. */
  readonly version: string
}

/** By the stretches of work in which there is one. */
export function createPullRequests(work: readonly WorkOfSession[]): PullRequestOf {
  const ofBranches = new Map<string, Map<string, WorkPullRequest>>()
  const ofSessions = new Map<number, Opened[]>()
  for (const { session, segment, repository, branch, pullRequest } of work) {
    if (pullRequest === undefined) continue
    const own = pullRequest.branch ?? branch
    const isOfBranch = own !== undefined && !isTrunk(own)
    const opened = { segment, branch: isOfBranch ? own : undefined, repository, pullRequest }
    const list = ofSessions.get(session) ?? []
    list.push(opened)
    ofSessions.set(session, list)
    if (!isOfBranch || repository === undefined) continue
    const branches = ofBranches.get(repository) ?? new Map<string, WorkPullRequest>()
    ofBranches.set(repository, branches)
    const known = branches.get(own)
    if (known === undefined || isBetter(pullRequest, known)) branches.set(own, pullRequest)
  }
  return ({ session, segment, repository, branch }) => {
    const isOfBranch = branch !== null && !isTrunk(branch)
    const shared =
      isOfBranch && repository !== null ? ofBranches.get(repository)?.get(branch) : undefined
    if (shared !== undefined) return shared.name
    const own = ofSessions.get(session)
    if (own === undefined) return null
    const fitting = own.filter(
      (one) => isSame(one.repository, repository) && (!isOfBranch || isSame(one.branch, branch)),
    )
    const next = fitting.find((one) => one.segment >= segment) ?? fitting.at(-1)
    return next?.pullRequest.name ?? null
  }
}

interface Opened {
  readonly segment: number
  /** Undefined where it is not known, or not believed. */
  readonly branch: string | undefined
  readonly repository: string | undefined
  readonly pullRequest: WorkPullRequest
}

/** One with an address before one without, then the newer one. */
function isBetter(one: WorkPullRequest, other: WorkPullRequest): boolean {
  if (one.isUrl !== other.isUrl) return one.isUrl
  return one.atMs >= other.atMs
}

/** Of what is not known, it may be. */
function isSame(known: string | undefined, asked: string | null): boolean {
  return known === undefined || asked === null || known === asked
}
