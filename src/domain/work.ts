/**
 * What a session worked on: stretches of it, each on one branch of one repository and up to one commit.
 * A call counts in the stretch that its time lies in; what became of that is known later.
 */

export interface WorkSegment {
  /** Counts those of its session. 0 is the first one, and that of calls of which nothing is known. */
  readonly segment: number
  /** `owner/name`, or a name alone. */
  readonly repository?: string | undefined
  /** Its page, without a slash at the end. */
  readonly repositoryUrl?: string | undefined
  readonly branch?: string | undefined
  /** The commit that came of it. */
  readonly commit?: WorkCommit | undefined
  /** The pull request that was opened, or told of, in it; the newest. */
  readonly pullRequest?: WorkPullRequest | undefined
}

export interface WorkCommit {
  /** Its hash as it was printed; else a name that tells it from others of its session. */
  readonly name: string
  readonly isHash: boolean
  readonly atMs: number
  /** Key of the turn. */
  readonly turn?: string | undefined
}

export interface WorkPullRequest {
  /** Its address; else a name that tells it from others of its session. */
  readonly name: string
  readonly isUrl: boolean
  /** The branch that it is of, where that is known better than by the segment. */
  readonly branch?: string | undefined
  readonly atMs: number
  /** Key of the turn. */
  readonly turn?: string | undefined
}

/** Branches that pull requests are merged into, so hardly ever that of one. */
const TRUNKS: ReadonlySet<string> = new Set(['main', 'master', 'trunk', 'develop', 'HEAD'])

export function isTrunk(branch: string): boolean {
  return TRUNKS.has(branch)
}

/** The page of a commit. */
export function commitUrl({ repositoryUrl, commit }: WorkSegment): string | undefined {
  if (repositoryUrl === undefined || commit?.isHash !== true) return undefined
  const isBitbucket = repositoryUrl.startsWith('https://bitbucket.org/')
  return `${repositoryUrl}/${isBitbucket ? 'commits' : 'commit'}/${commit.name}`
}
