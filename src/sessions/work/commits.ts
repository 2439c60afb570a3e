/**
 * Commits and pull requests of a session. What was spent before a commit counts for it: the segments of
 * its repository that no commit came of yet. An amended commit takes the place of the one before, with
 * what was spent since.
 */
import { isTrunk, type WorkPullRequest } from '../../domain/work.ts'
import type { Draft } from '../draft.ts'
import type { SessionState } from '../state.ts'
import { type FolderRepository, repositoryIn, withWorktree } from './folders.ts'
import {
  changeSegments,
  isUsed,
  MAX_SEGMENTS,
  openSegment,
  replaceSegments,
  segmentAt,
  segmentBehind,
  workOf,
} from './segments.ts'
import type { PrintedCommit } from './tool-output.ts'
import type { KeyedCommit, Place, Segment, Work } from './work-state.ts'

/** What a tool, or a metric, tells of a commit. */
export interface ToldCommit {
  readonly key: string
  readonly atMs: number
  readonly turn?: string | undefined
  /** As the command names it; undefined is where the session works. */
  readonly folder?: string | undefined
  /** The folder in which the command was begun, where that is known. */
  readonly cwd?: string | undefined
  readonly isAmend: boolean
  /** No metric counts it. */
  readonly isCopy?: true | undefined
  readonly isCounted?: true
  readonly printed?: PrintedCommit | undefined
}

/**
 * Somebody works elsewhere from a time on. Undefined fields are not known there. `isMove`: by a step from
 * another branch, so that what was spent before is not of this one, if it was of none that is known.
 */
export function movePlace(draft: Draft, place: Place, atMs: number, isMove = false): void {
  const work = workOf(draft.state)
  const current = work.segments.at(-1)
  if (current === undefined || isSamePlace(current, place)) return
  const isNew = ({ repository, branch }: Place): boolean =>
    (repository !== undefined && repository !== place.repository) ||
    (branch !== undefined && branch !== place.branch)
  // What is known better, and what no time lies in, is put right in its place. That nothing counts in it
  // yet says nothing: hooks come at once, calls some seconds later.
  const isEmpty = current.fromMs >= atMs && !isUsed(work, current)
  const isOther = isNew(current) || (isMove && current.branch !== place.branch)
  if (!isOther || (isEmpty && current.pullRequest === undefined)) {
    changeSegments(draft, (each) => (each === current ? { ...each, ...place } : each))
  } else openSegment(draft, Math.max(atMs, current.fromMs), place)
}

/** A branch is called otherwise from now on, and so is what was spent on it. */
export function renameBranch(
  draft: Draft,
  { repository, branch: before }: Place,
  branch: string,
): void {
  changeSegments(draft, (segment) => {
    const isIt = segment.branch === before && isOfRepository(segment, repository)
    return isIt ? { ...segment, branch } : segment
  })
}

function isSamePlace(a: Place, b: Place): boolean {
  return (
    a.repository === b.repository && a.branch === b.branch && a.repositoryUrl === b.repositoryUrl
  )
}

export function noteCommit(draft: Draft, told: ToldCommit): void {
  const { state } = draft
  const work = workOf(state)
  const mayBeCounted = told.isCounted === undefined && told.isCopy === undefined
  if (mayBeCounted && claimCounted(draft, told)) return
  work.commits += 1
  if (work.next >= MAX_SEGMENTS) return
  const before = told.isAmend ? lastCommit(state, told) : undefined
  const commit = commitOf(state, told, before)
  const current = segmentAt(work, told.atMs)
  const { repository, isHere, worktree } = repositoryOf(work, told)
  const now = segmentBehind(work, told.atMs) ?? current
  const branch = told.printed?.branch ?? (isHere ? now.branch : worktree?.branch)
  if (worktree !== undefined && branch !== worktree.branch)
    work.worktrees = withWorktree(work.worktrees ?? [], { ...worktree, branch })
  const isItsOwn = (segment: Segment): boolean =>
    (segment.commit === undefined &&
      segment.fromMs < told.atMs &&
      isOfRepository(segment, repository)) ||
    (before !== undefined && segment.commit?.key === before.key)
  const closes = work.segments.some((segment) => segment.commit === undefined && isItsOwn(segment))
  // What its own command left did not end with it.
  const last = isHere && now.branch === current.branch ? current : undefined
  changeSegments(draft, (segment) => {
    if (!isItsOwn(segment)) return segment
    const known = { ...segment, commit, repository: segment.repository ?? repository }
    return onBranch(known, branch, segment === last)
  })
  if (!closes && before === undefined) addCommitAlone(draft, { commit, repository, branch })
  if (!closes || segmentAt(work, told.atMs).commit?.key !== commit.key) return
  // Elsewhere, it says nothing of where the session goes on.
  const goesOn = isHere ? { ...now, branch } : now
  openSegment(draft, told.atMs, { ...placeOf(goesOn), openedBy: commit.key })
}

/**
 * A stretch that a commit on a branch came of. What was spent on another branch with a name or a pull
 * request of its own stays there; `isLast`: it ended with the commit, which knows better where that was.
 */
function onBranch(segment: Segment, branch: string | undefined, isLast: boolean): Segment {
  const { branch: before, pullRequest } = segment
  const isNamed = (before !== undefined && !isTrunk(before)) || pullRequest !== undefined
  return branch === undefined || (isNamed && !isLast) ? segment : { ...segment, branch }
}

/** Where a commit was made. */
function repositoryOf(
  work: Work,
  { atMs, folder, cwd, printed }: Omit<ToldCommit, 'key' | 'isAmend'>,
): FolderRepository {
  const { folders = [], worktrees } = work
  return repositoryIn({
    place: segmentAt(work, atMs),
    folders,
    worktrees,
    cwd,
    folder,
    branch: printed?.branch,
  })
}

/** Of a repository in which nothing was spent: it stands by itself. */
function addCommitAlone(
  draft: Draft,
  { commit, ...place }: Place & { readonly commit: KeyedCommit },
): void {
  const work = workOf(draft.state)
  const goesOn = segmentAt(work, commit.atMs)
  const alone: Segment = { ...placeOf(place), commit, segment: work.next, fromMs: goesOn.fromMs }
  work.next += 1
  // Before the one that goes on, so that no time lies in it.
  replaceSegments(draft, work.segments.toSpliced(work.segments.indexOf(goesOn), 0, alone))
}

function placeOf({ repository, repositoryUrl, branch }: Place): Place {
  return {
    ...(repository !== undefined && { repository }),
    ...(repositoryUrl !== undefined && { repositoryUrl }),
    ...(branch !== undefined && { branch }),
  }
}

function commitOf(
  { key: session, work }: SessionState,
  { key, atMs, turn, printed, isCounted }: ToldCommit,
  before: KeyedCommit | undefined,
): KeyedCommit {
  const name = printed?.hash ?? before?.name
  return {
    key,
    // Groups of several sessions go by the name: ids of sessions may begin alike.
    name: name ?? `commit ${work?.commits ?? 1} of ${session}`,
    isHash: printed !== undefined,
    atMs,
    ...(turn !== undefined && { turn }),
    ...(isCounted === true && { isCounted }),
  }
}

/** The last one of that repository. */
function lastCommit(state: SessionState, told: ToldCommit): KeyedCommit | undefined {
  const work = workOf(state)
  const { atMs } = told
  const { repository } = repositoryOf(work, told)
  return work.segments
    .filter((segment) => segment.commit !== undefined && segment.commit.atMs <= atMs)
    .filter((segment) => isOfRepository(segment, repository))
    .at(-1)?.commit
}

/** A tool tells of a commit that a metric has counted already. */
function claimCounted(draft: Draft, told: ToldCommit): boolean {
  const counted = workOf(draft.state).segments.find(
    ({ commit }) => commit?.isCounted === true && commit.atMs >= told.atMs,
  )?.commit
  if (counted === undefined) return false
  renameCommit(draft, counted.key, {
    key: told.key,
    isCounted: undefined,
    ...(told.turn !== undefined && { turn: told.turn }),
  })
  moveCommit(draft, told.key, told.atMs)
  if (told.printed !== undefined) namePrinted(draft, told, told.printed)
  // The metric counted this tool, not another one.
  const work = workOf(draft.state)
  if (work.explained !== undefined) work.explained -= 1
  return true
}

/**
 * It turned out that nothing was committed; what was spent before counts for the next one. False where its
 * hash proves it.
 */
export function dropCommit(draft: Draft, key: string): boolean {
  const work = workOf(draft.state)
  const isOne = work.segments.some(({ commit }) => commit?.key === key && !commit.isHash)
  if (!isOne) return false
  work.commits -= 1
  changeSegments(draft, (segment) => {
    if (segment.commit?.key !== key) return segment
    const { commit: _, ...rest } = segment
    return rest
  })
  return true
}

function renameCommit(
  draft: Draft,
  before: string,
  known: Pick<KeyedCommit, 'key'> & Partial<KeyedCommit>,
): void {
  changeSegments(draft, (segment) => {
    const { commit, openedBy } = segment
    const isIt = commit?.key === before
    if (!isIt && openedBy !== before) return segment
    return {
      ...segment,
      ...(isIt && { commit: { ...commit, ...known } }),
      ...(openedBy === before && { openedBy: known.key }),
    }
  })
}

/** Its time is known better. */
export function moveCommit(draft: Draft, key: string, atMs: number): void {
  changeSegments(draft, (segment) => {
    if (segment.openedBy === key && segment.fromMs !== atMs) return { ...segment, fromMs: atMs }
    if (segment.commit?.key !== key || segment.commit.atMs === atMs) return segment
    return { ...segment, commit: { ...segment.commit, atMs } }
  })
}

/** An output that came later says what a commit is called, and on which branch it is. */
export function namePrinted(
  draft: Draft,
  told: Omit<ToldCommit, 'isAmend'>,
  { hash, branch }: PrintedCommit,
): void {
  const work = workOf(draft.state)
  const { key } = told
  const { isHere } = repositoryOf(work, told)
  const last = isHere ? work.segments.findLast(({ commit }) => commit?.key === key) : undefined
  changeSegments(draft, (segment) => {
    const { commit, openedBy } = segment
    if (commit?.key === key && (!commit.isHash || commit.name.length < hash.length)) {
      const named = { ...segment, commit: { ...commit, name: hash, isHash: true } }
      return onBranch(named, branch, segment === last)
    }
    // What goes on behind it goes on on its branch.
    const isSilent = openedBy === key && branch !== undefined && segment.branch === undefined
    return isSilent ? { ...segment, branch } : segment
  })
}

export interface ToldPullRequest {
  readonly key: string
  readonly atMs: number
  readonly turn?: string | undefined
  readonly url?: string | undefined
  readonly repository?: string | undefined
  readonly repositoryUrl?: string | undefined
  readonly branch?: string | undefined
}

export function notePullRequest(draft: Draft, told: ToldPullRequest): void {
  const { state } = draft
  const work = workOf(state)
  const { key, atMs, url, branch } = told
  const isKnown = work.segments.some(
    ({ pullRequest }) =>
      pullRequest?.key === key || (url !== undefined && pullRequest?.name === url),
  )
  if (!isKnown) work.pullRequests += 1
  const current = segmentAt(work, atMs)
  const target =
    work.segments.find(({ pullRequest }) => pullRequest?.key === key) ??
    (isKnown ? undefined : current)
  if (target === undefined || (target.pullRequest?.isUrl === true && url === undefined)) return
  const pullRequest: WorkPullRequest & { readonly key: string } = {
    key,
    name: url ?? `pull request ${work.pullRequests} of ${state.key}`,
    isUrl: url !== undefined,
    atMs: target.pullRequest?.atMs ?? atMs,
    ...(branch !== undefined && { branch }),
    ...((told.turn ?? target.pullRequest?.turn) !== undefined && {
      turn: told.turn ?? target.pullRequest?.turn,
    }),
  }
  const isMore = isAnother(target.pullRequest, pullRequest)
  // Where it was not known in which repository somebody worked, it is now.
  const place = { repository: told.repository, repositoryUrl: told.repositoryUrl }
  changeSegments(draft, (segment) => {
    const isUnknown = segment.repository === undefined && told.repository !== undefined
    const isSame = segment.repository === told.repository && segment.repositoryUrl === undefined
    const known =
      isUnknown || (isSame && told.repositoryUrl !== undefined) ? { ...segment, ...place } : segment
    return segment === target && !isMore ? { ...known, pullRequest } : known
  })
  // The work goes on for the new one.
  const { segment } = target
  const now = work.segments.find((each) => each.segment === segment) ?? target
  if (isMore) openSegment(draft, atMs, { ...placeOf(now), pullRequest })
}

type KeyedPullRequest = NonNullable<Segment['pullRequest']>

/** Whether there was one that is not only called better now. */
function isAnother(
  before: KeyedPullRequest | undefined,
  now: KeyedPullRequest,
): before is KeyedPullRequest {
  if (before === undefined || before.key === now.key) return false
  const isOfOther = now.branch !== undefined && before.branch !== undefined
  return before.isUrl || (isOfOther && now.branch !== before.branch)
}

/** Where it is not known in which repository something was spent, the next commit has it. */
function isOfRepository({ repository: of }: Segment, repository: string | undefined): boolean {
  if (of === undefined || of === repository) return true
  if (repository === undefined) return false
  return of.endsWith(`/${repository}`) || repository.endsWith(`/${of}`)
}
