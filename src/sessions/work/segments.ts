/**
 * The stretches of a session's work, by time. What comes closes them, splits them, and tells what they
 * were for; nothing is counted anew, since calls count in a stretch and not under a commit. Plain data
 * within the session's state, bounded; what changes is told to the store as rows.
 */
import type { CallDimensions } from '../../domain/call-dimensions.ts'
import type { Identity } from '../../domain/identity.ts'
import type { Draft } from '../draft.ts'
import type { SessionState } from '../state.ts'
import type { Segment, Work } from './work-state.ts'

/** Kept in the state: what comes late belongs to one of them. */
const MAX_KEPT = 40
/** Of a session; what follows is not told apart. */
export const MAX_SEGMENTS = 1000
const ALWAYS_MS = Number.MIN_SAFE_INTEGER

/** The work of a session, begun with the first thing that is told of it. */
export function workOf(state: SessionState): Work {
  if (state.work !== undefined) return state.work
  const { modelCalls, modelErrors, metricsUsd, metricsUsage } = state.totals
  const isUsed = modelCalls + modelErrors + metricsUsd + metricsUsage.input > 0
  state.work = {
    segments: [{ segment: 0, fromMs: ALWAYS_MS }],
    next: 1,
    used: isUsed ? [0] : [],
    told: {},
    placeMs: ALWAYS_MS,
    tools: {},
    commits: 0,
    pullRequests: 0,
    countedCommits: 0,
    countedPullRequests: 0,
  }
  return state.work
}

/** Where in the list the segment of a time is. */
function placeAt(segments: readonly Segment[], timeMs: number): number {
  const at = segments.findLastIndex(({ fromMs }) => fromMs < timeMs)
  return Math.max(at, 0)
}

export function segmentAt({ segments }: Work, timeMs: number): Segment {
  return segments[placeAt(segments, timeMs)] ?? { segment: 0, fromMs: ALWAYS_MS }
}

/** Where somebody is behind a moment, at which a command may have checked out something. */
export function segmentBehind({ segments }: Work, timeMs: number): Segment | undefined {
  return segments.findLast(({ fromMs }) => fromMs <= timeMs)
}

/**
 * The segment that something of this time counts in, as dimensions have it, and its project; the segment
 * is noted as used. `own` are the labels of its record: where that comes late, the session may be of another
 * project by now.
 */
export function countedSegment(
  { work, identity }: SessionState,
  timeMs: number,
  own: Identity['labels'] = {},
): Pick<CallDimensions, 'segment' | 'project'> {
  const { labels = {} } = identity
  const named = own.project ?? labels.project
  if (work === undefined) return named === undefined ? {} : { project: named }
  const { segment, repository } = segmentAt(work, timeMs)
  if (!work.used.includes(segment)) work.used = [...work.used, segment].slice(-MAX_KEPT)
  // As `rowOf` names the project of a session, but at that time. A folder alone names none.
  const project = named ?? (labels.repository === undefined ? undefined : repository)
  return {
    ...(segment !== 0 && { segment: String(segment) }),
    ...(project !== undefined && { project }),
  }
}

/** Puts other segments in the place of those that are known, and tells the store of what is new. */
export function replaceSegments(draft: Draft, segments: readonly Segment[]): void {
  const work = workOf(draft.state)
  const known = new Set(work.segments)
  for (const segment of segments) {
    if (known.has(segment)) continue
    const { fromMs: _, openedBy: __, commit, pullRequest, ...rest } = segment
    draft.usage.work.set(segment.segment, {
      ...rest,
      ...(commit !== undefined && { commit: withoutKey(commit) }),
      ...(pullRequest !== undefined && { pullRequest: withoutKey(pullRequest) }),
    })
  }
  work.segments = segments.toSorted((a, b) => a.fromMs - b.fromMs).slice(-MAX_KEPT)
}

function withoutKey<T extends { readonly key: string }>(told: T): Omit<T, 'key' | 'isCounted'> {
  const { key: _, isCounted: __, ...rest } = told as T & { readonly isCounted?: true }
  return rest
}

/** Changes those for which `change` has something else. */
export function changeSegments(draft: Draft, change: (segment: Segment) => Segment): void {
  const { segments } = workOf(draft.state)
  const changed = segments.map(change)
  if (changed.some((segment, at) => segment !== segments[at])) replaceSegments(draft, changed)
}

/** Begins a segment behind a time, in the place of which another one goes on until then. */
export function openSegment(
  draft: Draft,
  fromMs: number,
  of: Omit<Segment, 'segment' | 'fromMs'>,
): void {
  const work = workOf(draft.state)
  if (work.next >= MAX_SEGMENTS) return
  const at = placeAt(work.segments, fromMs)
  const behind = work.segments.findIndex((segment, index) => index > at && segment.fromMs > fromMs)
  const opened = { ...of, segment: work.next, fromMs }
  work.next += 1
  const place = behind < 0 ? work.segments.length : behind
  replaceSegments(draft, work.segments.toSpliced(place, 0, opened))
}

/** Whether something counts in a segment. */
export function isUsed({ used }: Work, { segment }: Segment): boolean {
  return used.includes(segment)
}
