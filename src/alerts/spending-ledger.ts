/**
 * What was spent, by days and by everyone that a budget can be for, in memory: read from the store at the
 * start and kept up commit by commit, so that a question about it asks nothing but memory.
 *
 * A day's sums are replaced as a whole between two commits, so nothing counts twice. Today is read again
 * every minute, and every day every hour, since other replicas spend as well. What may be wrong meanwhile
 * is not told: days of a session that was deleted, or whose spending counts for another name now.
 */
import type { BrakeStore, KnownSession, SpentRow, ToldModel } from '../domain/budget-brake.ts'
import { isSideCall, isSubagentCall } from '../domain/call-dimensions.ts'
import type { Clock, Timer } from '../domain/clock.ts'
import { addUsd } from '../domain/exact-sum.ts'
import { ownerOfSession, type SessionKey } from '../domain/identity.ts'
import type { BudgetCalendar, WindowSpan } from '../domain/budget-subject.ts'
import { SPENDING_KINDS, type SpendingKind, spenderOf } from '../domain/managed-budget.ts'
import type { Outcome, SessionRow, SessionUsage } from '../domain/session-store.ts'
import type { DeliveryLog } from '../exporters/limits.ts'

/** US dollars. */
export interface Spent {
  readonly costUsd: number
  /** The part of it that agents did not tell themselves. */
  readonly estimatedUsd: number
}

/** How far back the ledger has to go, epoch ms. */
export interface LedgerNeeds {
  readonly daysFromMs: number
  /** From when on quarters of an hour are kept apart, too. */
  readonly quartersFromMs: number
}

export interface SpendingLedger {
  /** Reads what was spent; resolves when it is known, or could not be read and is tried again. */
  start(): Promise<void>
  stop(): void
  /** Reads again what is not known, also what is needed from now on; resolves as `start`. */
  refresh(): Promise<void>
  /** To be told of each commit before its records are answered. */
  committed(outcome: Outcome<unknown>): void
  /** Sessions were deleted or changed: reads what is left. */
  deleted(): void
  /** Spending in a window; undefined while it is not known for certain. */
  spentIn(of: SpendingKind, subject: string, span: WindowSpan): Spent | undefined
  /** Those who spent something in a window, as far as that is known. */
  subjectsIn(of: SpendingKind, span: WindowSpan): ReadonlySet<string>
  /** Quarters of an hour in which something was spent, by when they begin. */
  quartersOf(of: SpendingKind, subject: string): ReadonlyMap<number, number>
  /** The model that a session's main agent is set to, as a hook named it. */
  told(key: SessionKey, model: ToldModel): void
  /** A session as the last commit left it. */
  session(key: SessionKey): KnownSession | undefined
  sessions(): Iterable<KnownSession>
}

export interface SpendingLedgerDeps {
  readonly store: Pick<BrakeStore, 'spending' | 'knownSessions'>
  readonly calendar: BudgetCalendar
  /** Asked at each refresh; undefined while nothing is to be known. */
  readonly needs: (nowMs: number) => LedgerNeeds | undefined
  /** Runs before each refresh. */
  readonly prepare?: () => Promise<void>
  /** Runs after each refresh. */
  readonly onRefreshed?: () => void
  /** Runs a task while no commit is under way, so that what it reads holds until the next one. */
  readonly betweenCommits: <T>(task: () => Promise<T>) => Promise<T>
  readonly clock: Clock
  readonly log: DeliveryLog
}

type Cells = ReadonlyMap<SpendingKind, Map<string, Spent>>

interface LedgerDay {
  readonly fromMs: number
  readonly toMs: number
  /** Whether its sums are those of the store; not before they were read, nor after a deletion. */
  isRead: boolean
  /** Kinds of which some spending counts for another name by now. */
  readonly moved: Set<SpendingKind>
  cells: Cells
  /** By when they begin; undefined where they are not kept. */
  quarters: Map<number, Cells> | undefined
}

const REFRESH_MS = 60_000
/** Rounds after which every day is read again. */
const ROUNDS_PER_FULL = 60
/** Sessions that are remembered, and how far back they are looked for at the start. */
const MAX_SESSIONS = 20_000
const SESSIONS_SINCE_MS = 31 * 86_400_000
/** A sender's clock may be ahead by as much. */
const AHEAD_MS = 86_400_000

export function createSpendingLedger(deps: SpendingLedgerDeps): SpendingLedger {
  const { store, calendar, needs, betweenCommits, clock, log } = deps
  const sessions = new Map<SessionKey, KnownSession>()
  /** The oldest first. */
  let days = new Map<number, LedgerDay>()
  let needsSessions = true
  let round = 0
  let timer: Timer | undefined
  let running: Promise<void> | undefined
  let isAskedAgain = false
  let isStopped = false

  function refresh(): Promise<void> {
    if (running !== undefined) {
      isAskedAgain = true
      return running
    }
    timer?.cancel()
    running = rounds().finally(() => {
      running = undefined
      timer?.cancel()
      if (!isStopped) timer = clock.setTimer(() => void refresh(), REFRESH_MS)
    })
    return running
  }

  async function rounds(): Promise<void> {
    for (let isAsked = true; isAsked && !isStopped; isAsked = isAskedAgain) {
      isAskedAgain = false
      try {
        await deps.prepare?.()
        await load()
        deps.onRefreshed?.()
      } catch (error) {
        const message = 'what was spent of the budgets could not be read; it is tried again'
        log.error({ err: error }, message)
        return
      }
    }
  }

  async function load(): Promise<void> {
    const nowMs = clock.now()
    const asked = needs(nowMs)
    if (asked === undefined) {
      days = new Map()
      needsSessions = true
      return
    }
    await loadSessions(nowMs)
    const today = calendar('day', nowMs)
    days = wanted(asked, today)
    const isFull = round % ROUNDS_PER_FULL === 0
    round += 1
    for (const day of [...days.values()]) {
      const hasQuarters = day.quarters !== undefined || day.toMs <= asked.quartersFromMs
      const isRight = day.isRead && day.moved.size === 0
      const isKnown = isRight && hasQuarters && day.fromMs < today.fromMs
      if (isStopped) return
      if (isFull || !isKnown) await betweenCommits(() => read(day, asked))
    }
  }

  async function loadSessions(nowMs: number): Promise<void> {
    if (!needsSessions) return
    await betweenCommits(async () => {
      const sinceMs = nowMs - SESSIONS_SINCE_MS
      const known = await store.knownSessions({ sinceMs, limit: MAX_SESSIONS })
      const before = new Map(sessions)
      sessions.clear()
      // The newest are forgotten last.
      for (const each of known.toReversed()) {
        const { model, isModelKept } = before.get(each.key) ?? {}
        const ownerTeam = ownerOfSession(each.key)?.team
        sessions.set(each.key, { ...each, ownerTeam, model: each.model ?? model, isModelKept })
      }
      needsSessions = false
    })
  }

  /** Every day from the first that is needed on, and those ahead that commits told of. */
  function wanted({ daysFromMs }: LedgerNeeds, today: WindowSpan): Map<number, LedgerDay> {
    const spans: WindowSpan[] = []
    for (let day = today; ; day = calendar('day', day.fromMs - 1)) {
      spans.unshift(day)
      if (day.fromMs <= daysFromMs) break
    }
    const ahead = [...days.values()].filter((day) => day.fromMs >= today.toMs)
    const all = spans.map(({ fromMs, toMs }) => days.get(fromMs) ?? emptyDay(fromMs, toMs, false))
    return new Map([...all, ...ahead].map((day) => [day.fromMs, day]))
  }

  async function read(day: LedgerDay, { quartersFromMs }: LedgerNeeds): Promise<void> {
    const rows = await store.spending(day)
    day.cells = emptyCells()
    day.quarters = day.toMs > quartersFromMs ? new Map() : undefined
    for (const row of rows) add(day, row)
    day.isRead = true
    day.moved.clear()
  }

  /** The day of a record that a commit told of; undefined for one that is not kept. */
  function dayOf(bucketMs: number): LedgerDay | undefined {
    const newest = lastOf(days)
    // Nothing was read yet, or is needed.
    if (newest === undefined || bucketMs > clock.now() + AHEAD_MS) return undefined
    const { fromMs, toMs } = calendar('day', bucketMs)
    const known = days.get(fromMs)
    if (known !== undefined || fromMs < newest.fromMs) return known
    const day = emptyDay(fromMs, toMs, true)
    day.quarters = newest.quarters && new Map()
    days.set(fromMs, day)
    return day
  }

  function remember(row: SessionRow<unknown>): void {
    const { key, agent, userId, team, project, costUsd, estimatedUsd } = row
    const before = sessions.get(key)
    const { model, isModelKept = false } = before ?? {}
    const ownerTeam = ownerOfSession(key)?.team
    const who = { key, agent, userId, ownerTeam, team, project }
    const now = { ...who, costUsd, estimatedUsd, model, isModelKept }
    sessions.delete(key)
    sessions.set(key, now)
    for (const oldest of sessions.keys()) {
      if (sessions.size <= MAX_SESSIONS) break
      sessions.delete(oldest)
    }
    if (before === undefined || before.costUsd === 0) return
    const moved: SpendingKind[] = []
    if (before.userId !== userId) moved.push('user', 'member')
    if (before.team !== team) moved.push('team')
    if (before.project !== project) moved.push('project')
    if (moved.length > 0) markMoved(moved, row.firstMs)
  }

  /** Spending since then counts for another user, team or project. */
  function markMoved(kinds: readonly SpendingKind[], sinceMs: number): void {
    for (const day of days.values()) {
      if (day.toMs > sinceMs) for (const of of kinds) day.moved.add(of)
    }
    void refresh()
  }

  function addUsage({ session, usage }: SessionUsage): void {
    const known = sessions.get(session.key)
    for (const row of usage.models) {
      if (known !== undefined && !known.isModelKept && isOfConversation(row)) {
        sessions.set(session.key, { ...known, model: row.model })
      }
      const { bucketMs, model, dimensions, costUsd, estimatedUsd } = row
      if (!Number.isFinite(costUsd) || costUsd === 0) continue
      const day = dayOf(bucketMs)
      const { key, agent, userId, team } = session
      const ownerTeam = ownerOfSession(key)?.team
      // As the store reads it: what a call itself does not name is its session's.
      const project = dimensions.project ?? known?.project
      const who = { agent, userId, ownerTeam, team, project, model }
      if (day !== undefined) add(day, { ...who, bucketMs, costUsd, estimatedUsd })
    }
  }

  /** The days that a window touches; undefined where one of them is not known for this. */
  function daysIn(of: SpendingKind, { fromMs, toMs }: WindowSpan): LedgerDay[] | undefined {
    const [first] = days.values()
    if (first === undefined || first.fromMs > fromMs) return undefined
    const found: LedgerDay[] = []
    for (const day of days.values()) {
      if (day.toMs <= fromMs || day.fromMs >= toMs) continue
      if (!day.isRead || day.moved.has(of)) return undefined
      if (day.fromMs < fromMs && day.quarters === undefined) return undefined
      found.push(day)
    }
    return found
  }

  return {
    start: refresh,
    refresh,
    stop: () => {
      isStopped = true
      timer?.cancel()
    },
    committed: ({ sessions: rows, usage }) => {
      // Nobody asks: what is remembered would only take room.
      if (days.size === 0) return
      for (const { session, isMoved } of usage) {
        // Of a session that is remembered, it shows below what of it is another one.
        const isUnknown = isMoved && !sessions.has(session.key)
        if (isUnknown) markMoved(['user', 'member', 'team', 'project'], Number.NEGATIVE_INFINITY)
      }
      for (const row of rows) remember(row)
      for (const used of usage) addUsage(used)
    },
    deleted: () => {
      // What is remembered of a session that is gone would stop its successor.
      needsSessions = true
      sessions.clear()
      for (const day of days.values()) day.isRead = false
      void refresh()
    },
    spentIn: (of, subject, span) => {
      const found = daysIn(of, span)
      if (found === undefined) return undefined
      let sum = NOTHING
      for (const day of found) {
        for (const cells of cellsIn(day, span)) {
          const cell = cells.get(of)?.get(subject)
          if (cell !== undefined) sum = plus(sum, cell)
        }
      }
      return sum
    },
    subjectsIn: (of, span) => {
      const subjects = new Set<string>()
      for (const day of daysIn(of, span) ?? []) {
        for (const cells of cellsIn(day, span)) {
          for (const subject of cells.get(of)?.keys() ?? []) subjects.add(subject)
        }
      }
      return subjects
    },
    quartersOf: (of, subject) => {
      const found = new Map<number, number>()
      for (const { quarters, isRead, moved } of days.values()) {
        if (!isRead || moved.has(of)) continue
        for (const [bucketMs, cells] of quarters ?? []) {
          const costUsd = cells.get(of)?.get(subject)?.costUsd
          if (costUsd !== undefined) found.set(bucketMs, costUsd)
        }
      }
      return found
    },
    told: (key, { model, isKept }) => {
      const known = sessions.get(key)
      if (known === undefined || (known.isModelKept === true && !isKept)) return
      sessions.set(key, { ...known, model, isModelKept: isKept })
    },
    session: (key) => sessions.get(key),
    sessions: () => sessions.values(),
  }
}

/** Titles, summaries and subagents may be of another model than what the next prompt goes to. */
function isOfConversation({
  isSubagent,
  dimensions,
}: SessionUsage['usage']['models'][number]): boolean {
  const { querySource } = dimensions
  return !isSubagent && !isSubagentCall(querySource) && !isSideCall(querySource)
}

const NOTHING: Spent = { costUsd: 0, estimatedUsd: 0 }

function plus(a: Spent, b: Spent): Spent {
  return {
    costUsd: addUsd(a.costUsd, b.costUsd),
    estimatedUsd: addUsd(a.estimatedUsd, b.estimatedUsd),
  }
}

function emptyCells(): Cells {
  return new Map(SPENDING_KINDS.map((of) => [of, new Map<string, Spent>()]))
}

function emptyDay(fromMs: number, toMs: number, isRead: boolean): LedgerDay {
  return { fromMs, toMs, isRead, moved: new Set(), cells: emptyCells(), quarters: undefined }
}

function add(day: LedgerDay, row: SpentRow): void {
  addTo(day.cells, row)
  if (day.quarters === undefined) return
  const known = day.quarters.get(row.bucketMs)
  const cells = known ?? emptyCells()
  if (known === undefined) day.quarters.set(row.bucketMs, cells)
  addTo(cells, row)
}

function addTo(cells: Cells, row: SpentRow): void {
  for (const [of, sums] of cells) {
    const subject = spenderOf(of, row)
    if (subject !== undefined) sums.set(subject, plus(sums.get(subject) ?? NOTHING, row))
  }
}

/** The sums of a day, or of its quarters of an hour where only some of it lie in the window. */
function cellsIn(day: LedgerDay, { fromMs }: WindowSpan): Iterable<Cells> {
  if (day.fromMs >= fromMs) return [day.cells]
  return Array.from(day.quarters ?? []).flatMap(([bucketMs, cells]) =>
    bucketMs >= fromMs ? [cells] : [],
  )
}

function lastOf<T>(map: ReadonlyMap<unknown, T>): T | undefined {
  let last: T | undefined
  for (const value of map.values()) last = value
  return last
}
