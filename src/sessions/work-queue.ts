/**
 * Work that waits for the next commit. One commit takes what has come together while the one before
 * it ran, so concurrent requests share it; bounds keep each commit short. A job that is too long for
 * one commit is taken in slices: what comes meanwhile goes before its next slice, and several such
 * jobs take turns. The order within a job is kept.
 */
import type { SessionKey } from '../domain/identity.ts'
import type { Arrival } from '../domain/session-store.ts'
import type { SessionInput } from './reduce.ts'

/** Something to be done to a session that no record asks for: a tick, a close, or an alert to be shown. */
export interface Control {
  readonly sessionKey: SessionKey
  readonly input: SessionInput
}

/** A record, or something to be done without one. */
export type Work = Arrival | Control

/** What one caller wants done, in order. */
export interface Job {
  readonly work: readonly Work[]
  /** All of it was committed. */
  readonly resolve: () => void
  /** Part of it could not be. */
  readonly reject: (error: unknown) => void
}

/** What one commit takes of a job. */
export interface Slice {
  readonly job: Job
  readonly work: readonly Work[]
  /** Nothing of the job is left. */
  readonly isLast: boolean
}

/** What one commit takes at most; a single piece of work is taken whatever it weighs. */
export interface CommitBounds {
  /** Pieces of work. */
  readonly pieces: number
  /** Of records, and of the states of their sessions; about. */
  readonly bytes: number
  readonly sessions: number
}

export interface WorkQueue {
  add(job: Job): void
  isEmpty(): boolean
  /** Jobs of which nothing was taken yet. */
  newJobs(): number
  /** Whether some jobs were taken in part. */
  hasBegun(): boolean
  /** Takes what the next commit does. */
  take(): readonly Slice[]
  /** Forgets what is left of jobs. */
  drop(jobs: readonly Job[]): void
}

export interface WorkQueueDeps {
  readonly bounds: CommitBounds
  /** Bytes of a session's state, about. */
  readonly stateBytes: (key: SessionKey) => number
}

/** A job and how much of it was taken. */
interface Waiting {
  readonly job: Job
  taken: number
}

/** Share of a commit that a job gets at a time while others wait, and that is left for those begun. */
const TURN_SHARE = 0.25

export function createWorkQueue({ bounds, stateBytes }: WorkQueueDeps): WorkQueue {
  /** In order of arrival. */
  let fresh: Waiting[] = []
  /** Taken in part; the one whose turn it is stands first. */
  let begun: Waiting[] = []
  /** The last commit had no room for the next piece of those begun. */
  let isOverdue = false
  const turn = shareOf(bounds, TURN_SHARE)

  function takeFresh(commit: Commit): void {
    const limit = begun.length > 0 ? shareOf(bounds, 1 - TURN_SHARE) : bounds
    const left: Waiting[] = []
    for (const waiting of fresh) {
      if (!commit.take(waiting, limit, turn)) left.push(waiting)
      else if (isLeft(waiting)) begun.push(waiting)
    }
    fresh = left
  }

  /** One turn of the job whose turn it is; false when its next piece has no room. */
  function takeTurn(commit: Commit): boolean {
    const next = begun[0]
    if (next === undefined || !commit.take(next, bounds, turn)) return false
    begun.shift()
    if (isLeft(next)) begun.push(next)
    return true
  }

  return {
    add: (job) => {
      fresh.push({ job, taken: 0 })
    },
    isEmpty: () => fresh.length + begun.length === 0,
    newJobs: () => fresh.length,
    hasBegun: () => begun.length > 0,
    take: () => {
      const commit = createCommit(stateBytes)
      const wasWaiting = begun.length > 0
      let turns = isOverdue && takeTurn(commit) ? 1 : 0
      takeFresh(commit)
      while (takeTurn(commit)) turns += 1
      isOverdue = wasWaiting && turns === 0
      return commit.slices()
    },
    drop: (jobs) => {
      const dropped = new Set(jobs)
      const isLeftOver = ({ job }: Waiting) => !dropped.has(job)
      fresh = fresh.filter(isLeftOver)
      begun = begun.filter(isLeftOver)
    },
  }
}

/** What is being taken for one commit. */
interface Commit {
  /** Takes a job's next pieces, as far as `limit` and the job's `turn` allow; false for none. */
  take(waiting: Waiting, limit: CommitBounds, turn: CommitBounds): boolean
  slices(): readonly Slice[]
}

function createCommit(stateBytes: (key: SessionKey) => number): Commit {
  /** Where the slice of each job begins. */
  const begins = new Map<Waiting, number>()
  const sessions = new Set<SessionKey>()
  /** Records of one session stand together. */
  let lastKey: SessionKey | undefined
  let pieces = 0
  let bytes = 0

  function hasRoom(moreBytes: number, isNew: boolean, limit: CommitBounds): boolean {
    if (pieces === 0) return true
    const isWithin = pieces < limit.pieces && bytes + moreBytes <= limit.bytes
    return isWithin && (!isNew || sessions.size < limit.sessions)
  }

  return {
    take: (waiting, limit, turn) => {
      const from = waiting.taken
      const { work } = waiting.job
      let turnBytes = 0
      for (let piece = work[from]; piece !== undefined; piece = work[waiting.taken]) {
        const { sessionKey } = piece
        const isNew = sessionKey !== lastKey && !sessions.has(sessionKey)
        const moreBytes = bytesOf(piece) + (isNew ? stateBytes(sessionKey) : 0)
        const taken = waiting.taken - from
        turnBytes += moreBytes
        const isInTurn = taken === 0 || (taken < turn.pieces && turnBytes <= turn.bytes)
        if (!isInTurn || !hasRoom(moreBytes, isNew, limit)) break
        if (isNew) sessions.add(sessionKey)
        lastKey = sessionKey
        pieces += 1
        bytes += moreBytes
        waiting.taken += 1
      }
      if (waiting.taken === from) return false
      if (!begins.has(waiting)) begins.set(waiting, from)
      return true
    },
    slices: () =>
      [...begins].map(([waiting, from]) => ({
        job: waiting.job,
        work: waiting.job.work.slice(from, waiting.taken),
        isLast: !isLeft(waiting),
      })),
  }
}

function shareOf({ pieces, bytes, sessions }: CommitBounds, share: number): CommitBounds {
  return { pieces: pieces * share, bytes: bytes * share, sessions: sessions * share }
}

function isLeft({ job, taken }: Waiting): boolean {
  return taken < job.work.length
}

function bytesOf(piece: Work): number {
  return 'item' in piece ? roughBytes(piece.stored.record) : 0
}

/** Of a decoded record: its texts are what makes it large. */
function roughBytes(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  let bytes = 0
  for (const key in value) bytes += key.length + roughBytes((value as Record<string, unknown>)[key])
  return bytes
}
