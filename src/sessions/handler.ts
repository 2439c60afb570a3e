/**
 * The session handler: owns the live sessions in memory, the one queue of work and the one
 * timer. Everything that happens to a session goes through a commit of the store, one at a
 * time; memory changes, and the sender of the records is answered, only after the commit has
 * succeeded. Deadlines live in the store, so a restart takes up where the last process ended.
 */
import type { BudgetAlert, PassedThreshold } from '../domain/budget.ts'
import type { Clock, Timer } from '../domain/clock.ts'
import type { SessionKey } from '../domain/identity.ts'
import type { CloseReason } from '../domain/session-control.ts'
import type { Arrival, Fold, Outcome, SessionStore } from '../domain/session-store.ts'
import { foldSessions } from './fold.ts'
import { createLiveSessions } from './live-sessions.ts'
import type { SessionPolicy } from './policy.ts'
import type { SessionState } from './state.ts'
import {
  type CommitBounds,
  type Control,
  createWorkQueue,
  type Slice,
  type Work,
} from './work-queue.ts'

/** A commit blocks everything else, so it has to be short: some tens of milliseconds. */
const COMMIT_BOUNDS: CommitBounds = { pieces: 500, bytes: 4_000_000, sessions: 100 }
/** Of a state that has to be read back. */
const USUAL_STATE_BYTES = 20_000
/** Rounds of reading that a commit waits at most, as long as each brings more. */
const MAX_GATHERING_ROUNDS = 16
/** Rounds without anything new that it waits for those of the last commit: half a millisecond. */
const MAX_IDLE_ROUNDS = 64
/** The same between two slices of a request that is too long for one commit: others come in there. */
const MIN_IDLE_ROUNDS_BETWEEN_SLICES = 8
/** Sessions ticked or closed in one go. */
const SESSIONS_PER_SWEEP = 100
/** Pause before the timer is tried again after the store refused. */
const RETRY_MS = 1000

export interface SessionHandlerDeps {
  readonly store: SessionStore<SessionState>
  readonly clock: Clock
  readonly policy: SessionPolicy
  /** What one commit takes; by default what others wait for without noticing it. */
  readonly commitBounds?: CommitBounds
  /** Open sessions at once; above it those quiet for longest are closed. */
  readonly maxSessions: number
  /** Runs a callback after the I/O at hand (`setImmediate`). */
  readonly defer: (callback: () => void) => void
  /** Called after each commit that emitted something. */
  readonly onEmitted: () => void
  /** Called after each commit, once others can read it. */
  readonly onCommitted?: (outcome: Outcome<SessionState>) => void
  /** Called with the budget alerts of a commit, once they are durable. */
  readonly onAlerts?: (alerts: readonly BudgetAlert[]) => void
  readonly onError: (message: string, error: unknown) => void
}

export interface SessionHandler {
  /**
   * Resolves once all of the records are durable. Rejects when some of them could not be stored:
   * the rest may be, and is known then when all come again.
   */
  accept(arrivals: readonly Arrival[]): Promise<void>
  /**
   * A budget was found spent behind the commit of a session's records: its trace shows that. Resolves
   * once it is durable; nothing happens for a session that is not known.
   */
  showAlert(key: SessionKey, alert: PassedThreshold): Promise<void>
  /** Arms the timer: deadlines that passed while the bridge was down are due immediately. */
  start(): Promise<void>
  /** Looks for sessions that are due: of another process that shares the store, say. */
  recheck(): void
  /** Closes every open session, summary and scores included. */
  closeAll(reason: CloseReason): Promise<void>
  /**
   * Deletes a session with everything that is stored of it; a record that comes later begins it
   * anew. Resolves to how many records it had, undefined when there was none.
   */
  remove(key: SessionKey): Promise<number | undefined>
  /**
   * Runs a change of what is stored of a session between two commits, which wait for it; what is held
   * of the session in memory is read back after it.
   */
  exclusively<T>(key: SessionKey, change: () => Promise<T>): Promise<T>
  /** Runs a task between two commits, which wait for it: what it reads holds until the next one. */
  betweenCommits<T>(task: () => Promise<T>): Promise<T>
  /** Stops the timer, and what it has begun to look for: the store may be closed. Work that was accepted is still done. */
  stop(): void
}

export function createSessionHandler(deps: SessionHandlerDeps): SessionHandler {
  const { store, clock, policy } = deps
  const live = createLiveSessions()
  const queue = createWorkQueue({
    bounds: deps.commitBounds ?? COMMIT_BOUNDS,
    stateBytes: (key) => live.bytesOf(key) ?? USUAL_STATE_BYTES,
  })
  /** What happens between two commits. None of these rejects. */
  const between: (() => Promise<void>)[] = []
  let running = false
  /** Requests that were answered by the last commit. */
  let expected = 0
  let timer: Timer | undefined
  let timerAtMs = Number.POSITIVE_INFINITY
  let stopped = false

  function enqueue(work: readonly Arrival[] | readonly Control[]): Promise<void> {
    return new Promise((resolve, reject) => {
      queue.add({ work, resolve, reject })
      run()
    })
  }

  function run(): void {
    if (running) return
    running = true
    void drain()
  }

  async function drain(): Promise<void> {
    while (!queue.isEmpty() || between.length > 0) {
      if (!queue.isEmpty()) await gather()
      await between.shift()?.()
      const slices = queue.take()
      if (slices.length > 0) await commit(slices)
      expected = slices.filter(({ isLast, work }) => isLast && work.some(isArrival)).length
    }
    running = false
  }

  /**
   * A commit and its flush to the disk cost nearly the same for one request as for ten. Clients that
   * were answered together come again together, one after the other: the first of them waits for the
   * rest (as PostgreSQL's `commit_siblings`). Who comes alone does not wait.
   */
  async function gather(): Promise<void> {
    const minIdleRounds = queue.hasBegun() ? MIN_IDLE_ROUNDS_BETWEEN_SLICES : 0
    let known = 0
    let rounds = 0
    let idleRounds = 0
    while (rounds < MAX_GATHERING_ROUNDS && idleRounds < MAX_IDLE_ROUNDS) {
      const jobs = queue.newJobs()
      if (jobs > known) rounds += 1
      else if (jobs >= expected && idleRounds >= minIdleRounds) return
      else idleRounds += 1
      known = jobs
      await new Promise<void>((resolve) => deps.defer(resolve))
    }
  }

  /** Between two commits: nothing of the session is under way then. Its rows go beside the next ones. */
  async function removeSession(
    key: SessionKey,
    resolve: (records: Promise<number> | undefined) => void,
    reject: (error: unknown) => void,
  ): Promise<void> {
    try {
      const removal = await store.remove(key)
      resolve(removal?.deleteRows())
    } catch (error) {
      reject(error)
    }
    live.forget([key])
  }

  /** Between two commits, too: nobody else is at the session. */
  async function changeAlone<T>(key: SessionKey, change: () => Promise<T>): Promise<T> {
    try {
      return await change()
    } finally {
      live.forget([key])
    }
  }

  async function commit(slices: readonly Slice[]): Promise<void> {
    const work = slices.flatMap((slice) => slice.work)
    const arrivals = work.filter(isArrival)
    const controls = work.filter(isControl)
    const keys = [...new Set(work.map(({ sessionKey }) => sessionKey))]
    try {
      const fold: Fold<SessionState> = (fresh, states) =>
        foldSessions(fresh, controls, {
          policy,
          known: (key) => states.get(key),
          onFailure: (key, error) => deps.onError(`session ${key} could not be advanced`, error),
        })
      const { outcome, alerts } = await store.commit(arrivals, keys, fold, (key) => live.get(key))
      for (const row of outcome.sessions) live.put(row.state)
      for (const row of outcome.sessions) arm(row.deadlineMs)
      deps.onCommitted?.(outcome)
      if (outcome.emissions.length + alerts.length > 0) deps.onEmitted()
      if (alerts.length > 0) deps.onAlerts?.(alerts)
      if (live.newlyOpened() > 0) void boundSessions()
      for (const { job, isLast } of slices) if (isLast) job.resolve()
    } catch (error) {
      // What the store holds now is for the store to say.
      live.forget(keys)
      queue.drop(slices.map(({ job }) => job))
      for (const { job } of slices) job.reject(error)
    }
  }

  function arm(deadlineMs: number | undefined): void {
    if (deadlineMs === undefined || deadlineMs >= timerAtMs || stopped) return
    timer?.cancel()
    timerAtMs = deadlineMs
    timer = clock.setTimer(() => void onTimer(), Math.max(0, deadlineMs - clock.now()))
  }

  async function onTimer(): Promise<void> {
    timerAtMs = Number.POSITIVE_INFINITY
    timer = undefined
    try {
      const due = await store.dueSessions(clock.now(), SESSIONS_PER_SWEEP)
      if (stopped) return
      const input = { kind: 'tick', atMs: clock.now() } as const
      if (due.length > 0) await enqueue(due.map((sessionKey) => ({ sessionKey, input })))
      arm(await store.nextDeadline())
    } catch (error) {
      if (stopped) return
      deps.onError('deadlines could not be handled, they are tried again', error)
      arm(clock.now() + RETRY_MS)
    }
  }

  async function recheck(): Promise<void> {
    try {
      arm(await store.nextDeadline())
    } catch {
      // Whoever stores something next is told; this is asked again.
    }
  }

  /** Sweeps until no session is left that `next` names. */
  async function closeSessions(
    next: () => Promise<readonly SessionKey[]>,
    reason: CloseReason,
  ): Promise<void> {
    for (let keys = await next(); keys.length > 0; keys = await next()) {
      const input = { kind: 'close', reason, atMs: clock.now() } as const
      await enqueue(keys.map((sessionKey) => ({ sessionKey, input })))
    }
  }

  let bounding = false
  async function boundSessions(): Promise<void> {
    if (bounding) return
    bounding = true
    try {
      await closeSessions(async () => {
        if (stopped) return []
        const excess = (await store.countOpenSessions()) - deps.maxSessions
        return excess > 0 ? store.openSessions(Math.min(excess, SESSIONS_PER_SWEEP)) : []
      }, 'limit')
    } catch (error) {
      if (stopped) return
      deps.onError('sessions over the limit could not be closed', error)
    } finally {
      bounding = false
    }
  }

  return {
    accept: async (arrivals) => {
      if (arrivals.length === 0) return
      if (arrivals.some(({ rank }) => rank !== undefined)) {
        const moved = await store.askedBack(arrivals)
        if (moved.length > 0) await enqueue(moved)
      }
      await enqueue(arrivals)
    },
    showAlert: (sessionKey, alert) => enqueue([{ sessionKey, input: { kind: 'budget', alert } }]),
    start: async () => arm(await store.nextDeadline()),
    recheck: () => void recheck(),
    remove: (key) =>
      new Promise((resolve, reject) => {
        between.push(() => removeSession(key, resolve, reject))
        run()
      }),
    exclusively: (key, change) =>
      new Promise((resolve, reject) => {
        between.push(() => changeAlone(key, change).then(resolve, reject))
        run()
      }),
    betweenCommits: (task) =>
      new Promise((resolve, reject) => {
        between.push(() => task().then(resolve, reject))
        run()
      }),
    closeAll: (reason) => closeSessions(() => store.openSessions(SESSIONS_PER_SWEEP), reason),
    stop: () => {
      stopped = true
      timer?.cancel()
    },
  }
}

function isArrival(piece: Work): piece is Arrival {
  return 'item' in piece
}

function isControl(piece: Work): piece is Control {
  return !isArrival(piece)
}
