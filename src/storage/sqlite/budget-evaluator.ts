/**
 * Holds what a commit spends against the budgets, inside its transaction.
 *
 * The sums of a day are read off the usage rows once and then kept up in memory, so that a commit
 * costs a few additions. They are dropped, to be read again, whenever rows may have gone behind
 * their back: after a rollback, after a deletion that may concern them, and when a session's spending moves to another
 * user or team. A restart, another time zone or another limit therefore need nothing.
 */
import type { BudgetAlert, BudgetDay, BudgetScope, BudgetWatch } from '../../domain/budget.ts'
import { ownerOfSession } from '../../domain/identity.ts'
import { memberName } from '../../domain/managed-budget.ts'
import type { SessionUsage } from '../../domain/session-store.ts'
import type { ModelUsage } from '../../domain/usage.ts'
import { createBoundedMap } from '../bounded-map.ts'
import {
  alertsOf,
  byDay,
  costsOf,
  hasDailyLimit,
  MAX_AHEAD_MS,
  mayWait,
  reachedLimit,
  type Spent,
  spentBySession,
} from '../budget-spending.ts'
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

/** Records come late, seldom by more than a day. */
const MAX_DAYS = 4

export function createBudgetEvaluator(deps: BudgetEvaluatorDeps): BudgetEvaluator {
  const { connection, watch, log } = deps
  const { limits } = watch
  const hasDaily = hasDailyLimit(limits)
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
    const costs = costsOf(used)
    if (costs.length === 0) return []
    const ofSession = spentBySession(used, costs, sessionRef)
    const spent = hasDaily ? [ofSession, ...daily(used, costs)] : [ofSession]
    return spent.flatMap((one) => passed(one, atMs))
  }

  function daily({ session }: SessionUsage, costs: readonly ModelUsage[]): Spent[] {
    const { key, userId, team } = session
    const ownerTeam = ownerOfSession(key)?.team
    const user = userId === undefined ? undefined : memberName(userId, ownerTeam)
    return [...byDay(costs, watch.dayOf)].flatMap(([day, costUsd]) => {
      const spending = spendingOf(day)
      addSpending(spending, { userId, ownerTeam, team }, costUsd)
      const on = (scope: BudgetScope, subject: string, spentUsd = 0): Spent => {
        return { subject: { scope, subject, date: day.date }, spentUsd, costUsd }
      }
      const spent = [on('day', '', spending.totalUsd)]
      if (user !== undefined) spent.push(on('user', user, spending.users.get(user)))
      if (team !== undefined) spent.push(on('team', team, spending.teams.get(team)))
      return spent
    })
  }

  /** Several thresholds at once are all noted, and the highest is told. */
  function passed(spent: Spent, atMs: number): BudgetAlert[] {
    const limitUsd = reachedLimit(limits, spent)
    if (limitUsd === undefined) return []
    const alerts = alertsOf(spent, limitUsd, rows.noted(spent.subject), atMs)
    const told = alerts.slice(-1)
    for (const alert of alerts) {
      const isSent = told.includes(alert) && watch.hasChannels && mayWait(rows.waiting(), log)
      rows.insert(alert, { sessionRef: spent.sessionRef, isSent })
    }
    return told
  }

  return {
    spend,
    deleted: (writtenMs) => {
      if (writtenMs + MAX_AHEAD_MS >= earliestMs) forget()
    },
    forget,
  }
}
