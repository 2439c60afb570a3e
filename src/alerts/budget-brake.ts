/**
 * Whether a budget stands in the way of an agent's next step, answered from memory: what agents told
 * of today and of each session is read from the store at the start and kept up commit by commit.
 *
 * It errs on the user's side. What is not known stops nobody: a session that no commit has told of
 * yet, a user or a team that no record of the session has named, sums that could not be read.
 */
import type { BudgetDay, BudgetLimits, BudgetSubject } from '../domain/budget.ts'
import {
  type BrakeStore,
  type BudgetAction,
  type BudgetOverride,
  isOverridden,
  refusalText,
  type ToldSession,
  toldUsd,
} from '../domain/budget-brake.ts'
import type { BrakedStep, BudgetRefusal } from '../domain/budget-refusal.ts'
import type { Clock, Timer } from '../domain/clock.ts'
import { addUsd, roundUsd } from '../domain/exact-sum.ts'
import type { SessionKey } from '../domain/identity.ts'
import type { Outcome, SessionUsage } from '../domain/session-store.ts'
import type { DeliveryLog } from '../exporters/limits.ts'

export interface BudgetBrake {
  /** Reads what was spent; resolves when it is known, or could not be read and is tried again. */
  start(): Promise<void>
  stop(): void
  /** Why this step of a session may not be taken. Asks nothing but memory. */
  refusal(sessionKey: SessionKey, step: BrakedStep): BudgetRefusal | undefined
  /** To be told of each commit before its records are answered. */
  committed(outcome: Outcome<unknown>): void
  /** Sessions were deleted or changed: reads what is left. */
  deleted(): void
  /** Stores an override, which is in force when this resolves. */
  override(override: BudgetOverride): Promise<void>
  /** Those that are in force, the oldest first. */
  overrides(): readonly BudgetOverride[]
}

export interface BudgetBrakeDeps {
  readonly action: BudgetAction
  readonly limits: BudgetLimits
  /** Who can raise a budget, for the person who is refused. */
  readonly contact: string
  readonly dayOf: (ms: number) => BudgetDay
  readonly store: BrakeStore
  /** Runs a task while no commit is under way, so that what it reads holds until the next one. */
  readonly betweenCommits: <T>(task: () => Promise<T>) => Promise<T>
  readonly clock: Clock
  readonly log: DeliveryLog
}

interface DaySums {
  readonly day: BudgetDay
  totalUsd: number
  readonly users: Map<string, number>
  readonly teams: Map<string, number>
}

/** Other replicas spend, too, and rows go by other ways than a commit. */
const REFRESH_MS = 60_000
/** Sessions that are remembered, and how far back they are looked for at the start. */
const MAX_SESSIONS = 20_000
const SESSIONS_SINCE_MS = 31 * 86_400_000

export function createBudgetBrake(deps: BudgetBrakeDeps): BudgetBrake {
  const { action, limits, contact, dayOf, store, clock, log } = deps
  const sessions = new Map<SessionKey, ToldSession>()
  let today: DaySums | undefined
  /** What commits told of the day after, by a sender whose clock is ahead. */
  let tomorrow: DaySums | undefined
  let lifted: readonly BudgetOverride[] = []
  /** Spending moved to another user or team: only the sum of all is right until it is read again. */
  let isMoved = false
  let needsSessions = true
  let timer: Timer | undefined
  let isQueued = false
  let isStopped = false

  async function load(): Promise<void> {
    isQueued = false
    if (isStopped) return
    const nowMs = clock.now()
    if (needsSessions) {
      const sinceMs = nowMs - SESSIONS_SINCE_MS
      const known = await store.toldSessions({ sinceMs, limit: MAX_SESSIONS })
      sessions.clear()
      // The newest are forgotten last.
      for (const session of known.toReversed()) sessions.set(session.key, session)
      needsSessions = false
    }
    const day = dayOf(nowMs)
    const { totalUsd, users, teams } = await store.toldOn(day)
    today = { day, totalUsd, users: new Map(users), teams: new Map(teams) }
    if (tomorrow !== undefined && tomorrow.day.fromMs <= day.fromMs) tomorrow = undefined
    lifted = await store.overrides(nowMs)
    isMoved = false
  }

  async function refresh(): Promise<void> {
    if (isQueued) return
    isQueued = true
    timer?.cancel()
    try {
      await deps.betweenCommits(load)
    } catch (error) {
      log.error(
        { err: error },
        'what was spent of the budgets could not be read; it is tried again',
      )
    }
    if (isStopped) return
    timer?.cancel()
    timer = clock.setTimer(() => void refresh(), REFRESH_MS)
  }

  function sumsOf(nowMs: number): DaySums {
    if (today !== undefined && nowMs < today.day.toMs) return today
    if (tomorrow !== undefined && nowMs >= tomorrow.day.fromMs && nowMs < tomorrow.day.toMs) {
      today = tomorrow
      tomorrow = undefined
      return today
    }
    // Before the first read nothing is known; after it, a day that begins has no spending.
    const next = emptyDay(dayOf(nowMs))
    if (today !== undefined) today = next
    return next
  }

  /** Of what a commit told at this time; undefined for days that are over. */
  function sumsAt(atMs: number): DaySums | undefined {
    if (today === undefined || atMs < today.day.fromMs) return undefined
    if (atMs < today.day.toMs) return today
    if (tomorrow === undefined || atMs >= tomorrow.day.toMs) tomorrow = emptyDay(dayOf(atMs))
    return atMs >= tomorrow.day.fromMs ? tomorrow : undefined
  }

  function held(sessionKey: SessionKey, nowMs: number): readonly Held[] {
    const session = sessions.get(sessionKey)
    const { day, totalUsd, users, teams } = sumsOf(nowMs)
    const { userId, team } = session ?? {}
    const held: Held[] = [{ scope: 'day', subject: '', date: day.date, spentUsd: totalUsd }]
    if (session !== undefined) {
      held.push({ scope: 'session', subject: sessionKey, date: '', spentUsd: session.toldUsd })
    }
    if (isMoved) return held
    if (userId !== undefined) {
      const spentUsd = users.get(userId) ?? 0
      held.push({ scope: 'user', subject: userId, date: day.date, spentUsd })
    }
    if (team !== undefined) {
      held.push({ scope: 'team', subject: team, date: day.date, spentUsd: teams.get(team) ?? 0 })
    }
    return held
  }

  function remember(session: ToldSession): void {
    sessions.delete(session.key)
    sessions.set(session.key, session)
    for (const oldest of sessions.keys()) {
      if (sessions.size <= MAX_SESSIONS) break
      sessions.delete(oldest)
    }
  }

  function addUsage({ session, usage, isMoved: moves }: SessionUsage): void {
    if (moves) isMoved = true
    // So that what comes now is added to the day that it is of.
    sumsOf(clock.now())
    for (const row of usage.models) {
      const costUsd = toldUsd(row)
      const isCost = Number.isFinite(costUsd) && costUsd !== 0
      const sums = isCost ? sumsAt(row.bucketMs) : undefined
      if (sums !== undefined) add(sums, session, costUsd)
    }
  }

  return {
    start: refresh,
    stop: () => {
      isStopped = true
      timer?.cancel()
    },
    refusal: (sessionKey, step) => {
      if (action === 'tell' || (action === 'stop' && step === 'tool')) return undefined
      const nowMs = clock.now()
      for (const { spentUsd, ...subject } of held(sessionKey, nowMs)) {
        const limitUsd = limits[subject.scope]
        if (limitUsd === undefined || roundUsd(spentUsd) < roundUsd(limitUsd)) continue
        if (isOverridden(subject, lifted, nowMs)) continue
        const reason = refusalText({ ...subject, limitUsd, spentUsd }, contact)
        return { ...subject, step, limitUsd, spentUsd, reason }
      }
      return undefined
    },
    committed: (outcome) => {
      for (const { key, userId, team, ...costs } of outcome.sessions) {
        remember({ key, userId, team, toldUsd: toldUsd(costs) })
      }
      for (const used of outcome.usage) addUsage(used)
      if (isMoved) void refresh()
    },
    deleted: () => {
      // What is remembered of a session that is gone would stop its successor.
      needsSessions = true
      sessions.clear()
      void refresh()
    },
    override: async (override) => {
      await store.addOverride(override)
      lifted = [...lifted, override]
    },
    overrides: () => {
      const nowMs = clock.now()
      return lifted.filter(({ untilMs }) => untilMs > nowMs)
    },
  }
}

/** What a budget is held against. */
type Held = BudgetSubject & { readonly spentUsd: number }

function emptyDay(day: BudgetDay): DaySums {
  return { day, totalUsd: 0, users: new Map(), teams: new Map() }
}

function add(
  sums: DaySums,
  { userId, team }: { readonly userId: string | undefined; readonly team: string | undefined },
  costUsd: number,
): void {
  sums.totalUsd = addUsd(sums.totalUsd, costUsd)
  if (userId !== undefined) sums.users.set(userId, addUsd(sums.users.get(userId) ?? 0, costUsd))
  if (team !== undefined) sums.teams.set(team, addUsd(sums.teams.get(team) ?? 0, costUsd))
}
