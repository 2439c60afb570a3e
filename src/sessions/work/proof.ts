/** What the output of a command proves of what it was to do. */
import {
  type BranchEffect,
  type CheckoutEffect,
  type DetachEffect,
  looksLikeHash,
} from './branch-commands.ts'
import type { CommitEffect, PullRequestEffect, WorkEffect } from './command-effects.ts'
import {
  branchesFoundIn,
  countNothingCommitted,
  detachedAt,
  type PrintedCommit,
  type PrintedPullRequest,
  printedBranches,
  printedCommits,
  printedPullRequests,
  pullRequestIn,
  refusedBranches,
} from './tool-output.ts'

/** What is known of a command that has ended. */
export interface Evidence {
  readonly text: string
  /** It, or the last command of it, failed. */
  readonly isFailure: boolean
  /** The commit that the agent saw it make. */
  readonly commit?: PrintedCommit | undefined
}

export interface CommitOutcome {
  /** Where the effect stands among those of the command. */
  readonly at: number
  readonly effect: CommitEffect
  readonly isMade: boolean
  /** The output says that there was nothing to commit. */
  readonly isDenied: boolean
  /** Makes it certain. */
  readonly printed?: PrintedCommit | undefined
}

/**
 * What became of each commit. What is printed as a commit is one, whatever else the output says; the
 * others count unless the command failed, or the output says that there was nothing to commit.
 */
export function commitOutcomes(
  effects: readonly WorkEffect[],
  evidence: Evidence,
): readonly CommitOutcome[] {
  const commits = effects.flatMap((effect, at) =>
    effect.kind === 'commit' ? [{ effect, at }] : [],
  )
  if (commits.length === 0) return []
  const printed = printedOf(commits.length, evidence)
  const isDenied = hadNothing(effects, evidence) && printed.length === 0
  const isBelieved = !evidence.isFailure && !isDenied
  return commits.map((commit, index) => {
    const line = printed[index]
    return { ...commit, isMade: isBelieved || line !== undefined, isDenied, printed: line }
  })
}

/** By the place of a commit among the others. */
function printedOf(
  commits: number,
  { text, isFailure, commit }: Evidence,
): readonly (PrintedCommit | undefined)[] {
  const lines = withCommit(withoutRepeated(printedCommits(text)), commit)
  if (lines.length >= commits) return lines.slice(-commits)
  // Those that come first were made before one failed. Else nobody knows whose they are.
  return isFailure ? lines : []
}

/** Several sources may tell the same output. */
function withoutRepeated(lines: readonly PrintedCommit[]): readonly PrintedCommit[] {
  return lines.filter(({ hash }, at) => lines.findIndex((line) => line.hash === hash) === at)
}

/** With the one that the agent saw, which may be a line of them with its whole hash. */
function withCommit(
  lines: readonly PrintedCommit[],
  commit: PrintedCommit | undefined,
): readonly PrintedCommit[] {
  if (commit === undefined) return lines
  const isIt = ({ hash }: PrintedCommit): boolean => commit.hash.startsWith(hash)
  if (!lines.some(isIt)) return [...lines, commit]
  return lines.map((line) =>
    isIt(line) ? { hash: commit.hash, branch: line.branch ?? commit.branch } : line,
  )
}

/** A status says it too, of what is left after a commit. */
function hadNothing(effects: readonly WorkEffect[], { text }: Evidence): boolean {
  const statuses = effects.filter(({ kind }) => kind === 'status').length
  return countNothingCommitted(text) > statuses
}

export interface PullRequestOutcome {
  /** Where the effect stands among those of the command. */
  readonly at: number
  readonly effect: PullRequestEffect
  /** What was printed of it, or what succeeded. */
  readonly isOpened: boolean
  readonly printed?: PrintedPullRequest | undefined
}

/** What became of each pull request: each command prints its address as its last line, in their order. */
export function pullRequestOutcomes(
  effects: readonly WorkEffect[],
  evidence: Evidence,
): readonly PullRequestOutcome[] {
  const printing = effects.flatMap((effect, at) =>
    effect.kind === 'pull_request' || effect.kind === 'pull_request_address'
      ? [{ effect, at }]
      : [],
  )
  const addresses = addressesOf(printing, evidence)
  return printing.flatMap(({ effect, at }) => {
    if (effect.kind !== 'pull_request') return []
    const printed = addresses.get(at)
    return [{ effect, at, isOpened: !evidence.isFailure || printed !== undefined, printed }]
  })
}

/** By the place of the effect. */
function addressesOf(
  printing: readonly { readonly effect: WorkEffect; readonly at: number }[],
  { text, isFailure }: Evidence,
): ReadonlyMap<number, PrintedPullRequest> {
  const opening = printing.filter(({ effect }) => effect.kind === 'pull_request')
  if (opening.length === 0) return new Map()
  const lines = linesOf(opening.length, opening[0]?.effect, text)
  const isAll = lines.length >= printing.length
  // Where something is missing, what failed came last, and what only shows an address may not have.
  const by = isAll || isFailure ? printing : opening
  const last = by.slice(-lines.length)
  const pairs = isFailure && !isAll ? by.slice(0, lines.length) : lines.length === 0 ? [] : last
  const own = lines.slice(-pairs.length)
  return new Map(
    pairs.flatMap(({ at }, index) => {
      const line = own[index]
      return line === undefined ? [] : [[at, line]]
    }),
  )
}

/** A tool that does nothing else may tell its address in a sentence. */
function linesOf(
  opening: number,
  effect: WorkEffect | undefined,
  text: string,
): readonly PrintedPullRequest[] {
  const lines = printedPullRequests(text)
  if (lines.length > 0 || opening !== 1) return lines
  if (effect?.kind !== 'pull_request' || effect.isTool !== true) return []
  const told = [...text.matchAll(/https?:\/\/[^\s<>"'()]+/g)].flatMap(
    ([url]) => pullRequestIn(url) ?? [],
  )
  const [first, ...others] = told
  return first !== undefined && others.every(({ url }) => url === first.url) ? [first] : []
}

/** What is checked out; of a branch, its name is the one that was printed, and sure where it was. */
type BranchStep = BranchEffect | CheckoutEffect | DetachEffect

export interface BranchOutcome {
  /** Where the effect stands among those of the command. */
  readonly at: number
  readonly effect: BranchStep
  readonly isPrinted: boolean
  /** Another one was checked out before. */
  readonly isMove: boolean
}

/** What was checked out: what git says, and of what it says nothing, what succeeded. */
export function branchOutcomes(
  effects: readonly WorkEffect[],
  { text, isFailure }: Evidence,
): readonly BranchOutcome[] {
  let printed = printedBranches(text)
  const refused = refusedBranches(text)
  const found = branchesFoundIn(text)
  const detached = detachedAt(text)
  return effects.flatMap((effect, at): readonly BranchOutcome[] => {
    if (!isOfBranch(effect)) return []
    const { folder } = effect
    const own = folder === undefined ? {} : { folder }
    const told = effect.kind === 'branch' ? effect.branch : undefined
    const line = told === undefined ? 0 : printed.indexOf(told)
    const branch = effect.kind === 'detach' ? undefined : printed[line]
    if (branch !== undefined) {
      printed = printed.slice(line + 1)
      const sure: BranchEffect = { kind: 'branch', branch, isUnsure: false, ...own }
      return [{ at, effect: sure, isPrinted: true, isMove: !found.includes(branch) }]
    }
    if (told !== undefined && detached.some((name) => isSameCommit(name, told))) {
      return [{ at, effect: { kind: 'detach', ...own }, isPrinted: true, isMove: true }]
    }
    const isUnknown = effect.kind === 'checkout' && effect.isBack !== true
    if (isFailure || isUnknown || refused.includes(told ?? BEFORE)) return []
    return [{ at, effect, isPrinted: false, isMove: true }]
  })
}

function isOfBranch(effect: WorkEffect): effect is BranchStep {
  return effect.kind === 'branch' || effect.kind === 'checkout' || effect.kind === 'detach'
}

/** As git calls what was checked out before where there was nothing. */
const BEFORE = '@{-1}'

/** By the same name, or by more or less of its hash. */
function isSameCommit(one: string, other: string): boolean {
  if (one === other) return true
  return looksLikeHash(other) && (one.startsWith(other) || other.startsWith(one))
}

/** Whether a working copy was made: git says so, or nothing failed. */
export function isWorktreeMade({ text, isFailure }: Evidence): boolean {
  return !isFailure || /^Preparing worktree \(/m.test(text)
}
