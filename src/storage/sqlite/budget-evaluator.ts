/**
 * Holds what a commit spends against the budgets, inside its transaction.
 *
 * The sums of a day are read off the usage rows once and then kept up in memory, so that a commit
 * costs a few additions. They are dropped, to be read again, whenever rows may have gone behind
 * their back: after a rollback, after a deletion that may concern them, and when a session's spending moves to another
 * user or team. A restart, another time zone or another limit therefore need nothing.
 */
import {
  type BudgetAlert,
  type BudgetDay,
  type BudgetScope,
  type BudgetSubject,
  type BudgetWatch,
  passedThresholds,
  reachedThreshold,
} from '../../domain/budget.ts'
import { addUsd } from '../../domain/exact-sum.ts'
import type { SessionUsage } from '../../domain/session-store.ts'
import type { ModelUsage } from '../../domain/usage.ts'
import { createBoundedMap } from '../bounded-map.ts'
import { createBudgetAlertRows } from './budget-alert-rows.ts'
import type { Connection } from './connection.ts'
import type { StoreLog } from '../store-log.ts'
import { addSpending, type DaySpending } from '../day-spending.ts'
import { createSpentGroups } from './queries/spent-groups.ts'

export interface BudgetEvaluator {
  /**
   * Notes what a session spends, and the thresholds that are passed by it. Comes after the
   * session's row is written and before its usage is. Returns what is to be told.
   */
  spend(used: SessionUsage, sessionRef: number, nowMs: number): readonly BudgetAlert[]
  /** A session was deleted that was last written then. */
  deleted(writtenMs: number): void
  forget(): void
}

interface BudgetEvaluatorDeps {
  readonly connection: Connection
  readonly watch: Pick<BudgetWatch<unknown>, 'limits' | 'dayOf' | 'hasChannels'>
  readonly log: StoreLog
}

/** What a subject has spent, and the last step's part in it. */
interface Spent {
  readonly subject: BudgetSubject
  readonly spentUsd: number
  readonly costUsd: number
  readonly sessionRef?: number
}

/** Records come late, seldom by more than a day. */
const MAX_DAYS = 4
/** Nor is a sender's clock ahead by more. */
const MAX_AHEAD_MS = 86_400_000
/** What waits for channels; beyond it alerts are only recorded. */
const MAX_WAITING = 1000

export function createBudgetEvaluator(deps: BudgetEvaluatorDeps): BudgetEvaluator {
  const { connection, watch, log } = deps
  const { limits } = watch
  const hasDaily = [limits.day, limits.user, limits.team].some((limit) => limit !== undefined)
  const rows = createBudgetAlertRows(connection)
  const read = createSpentGroups(connection, 'span')
  const days = createBoundedMap<number, DaySpending>(MAX_DAYS)
  /** Where the first of them begins. */
  let earliestMs = Number.POSITIVE_INFINITY

  function spendingOf(day: BudgetDay): DaySpending {
    const known = days.get(day.fromMs)
    if (known !== undefined) return known
    const spending: DaySpending = { totalUsd: 0, users: new Map(), teams: new Map() }
    for (const row of read(day)) addSpending(spending, row, row.costUsd)
    days.set(day.fromMs, spending)
    earliestMs = Math.min(earliestMs, day.fromMs)
    return spending
  }

  function forget(): void {
    days.clear()
    earliestMs = Number.POSITIVE_INFINITY
  }

  function spend(used: SessionUsage, sessionRef: number, atMs: number): readonly BudgetAlert[] {
    if (used.isMoved) forget()
    const costs = used.usage.models.filter(({ costUsd }) => isCost(costUsd))
    if (costs.length === 0) return []
    const { key, costUsd } = used.session
    const ofSession = {
      subject: { scope: 'session', subject: key, date: '' },
      spentUsd: costUsd,
      costUsd: sumOf(costs),
      sessionRef,
    } as const
    const spent = hasDaily ? [ofSession, ...daily(used, costs)] : [ofSession]
    return spent.flatMap((one) => passed(one, atMs))
  }

  function daily({ session }: SessionUsage, costs: readonly ModelUsage[]): Spent[] {
    const { userId, team } = session
    return [...byDay(costs)].flatMap(([day, costUsd]) => {
      const spending = spendingOf(day)
      addSpending(spending, session, costUsd)
      const on = (scope: BudgetScope, subject: string, spentUsd = 0): Spent => {
        return { subject: { scope, subject, date: day.date }, spentUsd, costUsd }
      }
      const spent = [on('day', '', spending.totalUsd)]
      if (userId !== undefined) spent.push(on('user', userId, spending.users.get(userId)))
      if (team !== undefined) spent.push(on('team', team, spending.teams.get(team)))
      return spent
    })
  }

  /** Several thresholds at once are all noted, and the highest is told. */
  function passed({ subject, spentUsd, costUsd, sessionRef }: Spent, atMs: number): BudgetAlert[] {
    const limitUsd = limits[subject.scope]
    if (limitUsd === undefined || reachedThreshold(spentUsd, limitUsd) === undefined) return []
    const spending = { beforeUsd: addUsd(spentUsd, -costUsd), afterUsd: spentUsd }
    const alerts = passedThresholds(spending, limitUsd, rows.noted(subject)).map((threshold) => {
      return { ...subject, threshold, limitUsd, spentUsd, atMs }
    })
    const told = alerts.slice(-1)
    for (const alert of alerts) {
      rows.insert(alert, { sessionRef, isSent: told.includes(alert) && mayWait() })
    }
    return told
  }

  function mayWait(): boolean {
    if (!watch.hasChannels) return false
    const waiting = rows.waiting()
    if (waiting < MAX_WAITING) return true
    log.error({ waiting }, 'too many budget alerts are waiting, dropped this one')
    return false
  }

  function byDay(costs: readonly ModelUsage[]): Iterable<[BudgetDay, number]> {
    const found = new Map<number, [BudgetDay, number]>()
    for (const { bucketMs, costUsd } of costs) {
      const day = watch.dayOf(bucketMs)
      found.set(day.fromMs, [day, addUsd(found.get(day.fromMs)?.[1] ?? 0, costUsd)])
    }
    return found.values()
  }

  return {
    spend,
    deleted: (writtenMs) => {
      if (writtenMs + MAX_AHEAD_MS >= earliestMs) forget()
    },
    forget,
  }
}

function isCost(costUsd: number): boolean {
  return Number.isFinite(costUsd) && costUsd !== 0
}

function sumOf(costs: readonly ModelUsage[]): number {
  return costs.reduce((sum, { costUsd }) => addUsd(sum, costUsd), 0)
}
