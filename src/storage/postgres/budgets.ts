/**
 * Holds what a commit spends against the budgets, inside its transaction, for all replicas together.
 *
 * What was spent on a day stands in `budget_days`, summed up from the usage once and kept up by every
 * commit since. Commits that spend something while a daily budget is set come one after the other from
 * here to their end, so that each threshold is passed by one of them. The rows are dropped, to be summed
 * up again, when a session is deleted or its spending moves to another user or team.
 */
import { randomUUID } from 'node:crypto'
import type { BudgetAlert, BudgetDay, BudgetScope, BudgetWatch } from '../../domain/budget.ts'
import { ownerOfSession } from '../../domain/identity.ts'
import { memberName } from '../../domain/managed-budget.ts'
import type { SessionUsage } from '../../domain/session-store.ts'
import type { ModelUsage } from '../../domain/usage.ts'
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
import type { StoreLog } from '../store-log.ts'
import type { Database, Statements } from './connection.ts'
import { KEY_TEAM } from './queries/spending.ts'
import { changeOfNanoUsd, keyText, plainText, usdOf } from './stored-values.ts'
import { insertRows, type Row } from './values-list.ts'

/** Any number will do, as long as it stays. */
const BUDGETS_LOCK = 7_251_403_118_600_004n

export interface UsedBySession {
  readonly used: SessionUsage
  readonly sessionRef: number
}

export interface Budgets {
  /**
   * Notes what sessions spend, and the thresholds that are passed by it. Comes after the rows of the
   * sessions are written and before their usage is. Resolves to what is to be told, by session.
   */
  spend(
    statements: Statements,
    used: readonly UsedBySession[],
    nowMs: number,
  ): Promise<ReadonlyMap<UsedBySession, readonly BudgetAlert[]>>
}

interface BudgetsDeps {
  readonly watch: Pick<BudgetWatch<unknown>, 'limits' | 'dayOf' | 'hasChannels'>
  readonly log: StoreLog
}

export function createBudgets({ watch, log }: BudgetsDeps): Budgets {
  const { limits } = watch
  const hasDaily = hasDailyLimit(limits)

  async function spendOne(
    statements: Statements,
    { used, sessionRef }: UsedBySession,
    nowMs: number,
  ): Promise<readonly BudgetAlert[]> {
    const costs = costsOf(used)
    if (costs.length === 0) return []
    const spent = [spentBySession(used, costs, sessionRef)]
    if (hasDaily) spent.push(...(await daily(statements, used, costs)))
    const alerts: BudgetAlert[] = []
    for (const one of spent) alerts.push(...(await passed(statements, one, nowMs)))
    return alerts
  }

  async function daily(
    statements: Statements,
    { session: { key, userId, team } }: SessionUsage,
    costs: readonly ModelUsage[],
  ): Promise<Spent[]> {
    const spent: Spent[] = []
    for (const [day, costUsd] of byDay(costs, watch.dayOf)) {
      const subjects: (readonly [Exclude<BudgetScope, 'session'>, string])[] = [['day', '']]
      if (userId !== undefined) {
        subjects.push(['user', memberName(userId, ownerOfSession(key)?.team)])
      }
      if (team !== undefined) subjects.push(['team', team])
      await sumUp(statements, day)
      for (const [scope, subject] of subjects) {
        const [row] = await statements.query<{ readonly spent_nanousd: number }>(
          `insert into budget_days (from_ms, to_ms, scope, subject, spent_nanousd)
           values ($1, $2, $3, $4, $5)
           on conflict (from_ms, to_ms, scope, subject) do update
             set spent_nanousd = budget_days.spent_nanousd + excluded.spent_nanousd
           returning spent_nanousd`,
          [day.fromMs, day.toMs, scope, keyText(subject), changeOfNanoUsd(costUsd)],
        )
        const spentUsd = usdOf(row?.spent_nanousd ?? 0)
        spent.push({ subject: { scope, subject, date: day.date }, spentUsd, costUsd })
      }
    }
    return spent
  }

  /** Several thresholds at once are all noted, and the highest is told. */
  async function passed(
    statements: Statements,
    spent: Spent,
    atMs: number,
  ): Promise<readonly BudgetAlert[]> {
    const limitUsd = reachedLimit(limits, spent)
    if (limitUsd === undefined) return []
    const { scope, date, subject } = spent.subject
    const noted = await statements.query<Pick<BudgetAlert, 'threshold' | 'limitUsd'>>(
      `select threshold, limit_usd as "limitUsd" from budget_alerts
       where scope = $1 and date = $2 and md5(subject) = md5($3)`,
      [scope, date, plainText(subject)],
    )
    const alerts = alertsOf(spent, limitUsd, noted, atMs)
    const told = alerts.slice(-1)
    const isSent = told.length > 0 && watch.hasChannels && mayWait(await waiting(statements), log)
    await insertRows(
      statements,
      'budget_alerts',
      ALERT_COLUMNS,
      alerts.map((alert): Row => {
        const notBeforeMs = isSent && told.includes(alert) ? 0 : null
        const name = [randomUUID(), scope, plainText(subject), date, alert.threshold]
        const sums = [limitUsd, spent.spentUsd, atMs]
        return [...name, ...sums, spent.sessionRef ?? null, 0, notBeforeMs]
      }),
    )
    return told
  }

  return {
    spend: async (statements, all, nowMs) => {
      const spending = all.filter(({ used }) => costsOf(used).length > 0)
      const isMoved = all.some(({ used }) => used.isMoved)
      if (hasDaily && (isMoved || spending.length > 0)) {
        await statements.query('select pg_advisory_xact_lock($1)', [BUDGETS_LOCK])
      }
      if (isMoved) await statements.run('delete from budget_days')
      const told = new Map<UsedBySession, readonly BudgetAlert[]>()
      for (const one of spending) told.set(one, await spendOne(statements, one, nowMs))
      return told
    },
  }
}

const ALERT_COLUMNS = [
  'id',
  'scope',
  'subject',
  'date',
  'threshold',
  'limit_usd',
  'spent_usd',
  'created_ms',
  'session_ref',
  'webhook_attempts',
  'webhook_not_before_ms',
]

/** The sums of a day by its usage, unless they stand there already. */
async function sumUp(statements: Statements, { fromMs, toMs }: BudgetDay): Promise<void> {
  const there = await statements.query(
    `select 1 from budget_days where from_ms = $1 and to_ms = $2 and scope = 'day'`,
    [fromMs, toMs],
  )
  if (there.length > 0) return
  const rows = await statements.query<{
    readonly user_id: string | null
    readonly key_team: string | null
    readonly team: string | null
    readonly nanousd: number
  }>(
    `select user_id, ${KEY_TEAM} as key_team, team, sum(u.cost_nanousd) as nanousd
     from model_usage u join sessions s on s.id = u.session_ref
     where bucket_ms >= $1 and bucket_ms < $2 group by user_id, key_team, team`,
    [fromMs, toMs],
  )
  const sums = new Map<string, Row>()
  const add = (scope: Exclude<BudgetScope, 'session'>, subject: string, nanousd: number): void => {
    const name = `${scope} ${subject}`
    const before = Number(sums.get(name)?.[4] ?? 0)
    sums.set(name, [fromMs, toMs, scope, subject, before + nanousd])
  }
  add('day', '', 0)
  for (const { user_id, key_team, team, nanousd } of rows) {
    add('day', '', nanousd)
    if (user_id !== null) {
      add('user', keyText(memberName(user_id, key_team ?? undefined)), nanousd)
    }
    if (team !== null) add('team', keyText(team), nanousd)
  }
  const columns = ['from_ms', 'to_ms', 'scope', 'subject', 'spent_nanousd']
  await insertRows(statements, 'budget_days', columns, [...sums.values()])
}

/** What stands there may be of a time without daily budgets, in which nobody kept it up. */
export async function resetDays(database: Database): Promise<void> {
  await database.transaction(async (statements) => {
    await statements.query('select pg_advisory_xact_lock($1)', [BUDGETS_LOCK])
    await statements.run('delete from budget_days')
  })
}

/** A session was deleted that was last written then: sums that it may be part of are void. */
export async function forgetDays(statements: Statements, writtenMs: number): Promise<void> {
  await statements.query('select pg_advisory_xact_lock($1)', [BUDGETS_LOCK])
  await statements.run('delete from budget_days where from_ms <= $1', [writtenMs + MAX_AHEAD_MS])
}

/** Alerts that wait to be given to channels. */
async function waiting(statements: Statements): Promise<number> {
  const [row] = await statements.query<{ readonly waiting: number }>(
    'select count(*) as waiting from budget_alerts where webhook_not_before_ms is not null',
  )
  return row?.waiting ?? 0
}
