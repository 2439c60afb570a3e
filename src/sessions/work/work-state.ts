/** What a session's state holds of its work: plain data. */
import type { WorkCommit, WorkPullRequest, WorkSegment } from '../../domain/work.ts'
import type { Correlations } from '../pending-correlations.ts'
import type { WorkEffect } from './command-effects.ts'

/** Characters of a repository or branch. */
export const MAX_WORK_NAME = 200

/** Where somebody works. */
export interface Place {
  readonly repository?: string | undefined
  readonly repositoryUrl?: string | undefined
  readonly branch?: string | undefined
}

/** A folder that the session works in, or did. */
export interface KnownFolder {
  /** As `joined` of `folders.ts` writes it; of transcripts, its last part alone. */
  readonly path: string
  /** Absent where nobody said it. */
  readonly repository?: string | undefined
}

/** Another working copy of a repository, which the session made. */
export interface Worktree extends KnownFolder {
  /** What is checked out in it, where that is known. */
  readonly branch?: string | undefined
}

export interface Segment extends WorkSegment {
  /** Calls behind this time, up to and with that of the next segment, count in it. */
  readonly fromMs: number
  readonly commit?: KeyedCommit | undefined
  readonly pullRequest?: (WorkPullRequest & { readonly key: string }) | undefined
  /** The commit behind which it begins. */
  readonly openedBy?: string | undefined
}

export interface KeyedCommit extends WorkCommit {
  /** Of the tool that made it, or of the metric that told of it. */
  readonly key: string
  /** A metric told of it, and no tool so far. */
  readonly isCounted?: true | undefined
}

/** A tool that does something to the work. */
export interface WorkTool {
  readonly effects: readonly WorkEffect[]
  /** The folder in which it was begun, where a hook told it. */
  readonly cwd?: string | undefined
  /** When it was done; absent as long as it runs, or where it failed. */
  readonly doneMs?: number | undefined
  /** Places of the commits it made and the branches it checked out; absent before this was kept: all. */
  readonly made?: readonly number[] | undefined
  /** Lines of commits and the address of a pull request, of an output that came first. */
  readonly printed?: string | undefined
}

export interface Work {
  /** The newest of them, in order of time. Never written to, only replaced. */
  segments: readonly Segment[]
  /** The number of the next one. */
  next: number
  /** Those of them in which something was counted. */
  used: readonly number[]
  /** What each source said last of where somebody works, and when the newest of it was told. */
  told: { readonly [Source in 'hook' | 'transcript' | 'telemetry']?: Place }
  placeMs: number
  /** What was checked out before, once a command has checked out something else. */
  left?: Pick<Place, 'repository' | 'branch'>
  /** The newest last. Never written to, only replaced. */
  folders?: readonly KnownFolder[]
  /** The newest last. Never written to, only replaced. */
  worktrees?: readonly Worktree[]
  tools: Correlations<WorkTool>
  /** Commits and pull requests that tools made, or that metrics count beyond these. */
  commits: number
  pullRequests: number
  /** Commands are told: pull requests that metrics count beyond them only looked like it to the agent. */
  seesCommands?: true
  /** As metrics count them. */
  countedCommits: number
  /** Those of them that a tool explains; absent before this was kept: as many as `commits`. */
  explained?: number
  countedPullRequests: number
}
