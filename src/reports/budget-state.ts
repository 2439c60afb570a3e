/** What was meant to be spent in the windows of budgets and in each session, and what was. */
import type { Visible } from '../domain/access.ts'
import { reachedThreshold, THRESHOLDS } from '../domain/budget.ts'
import type { SpentRow } from '../domain/budget-brake.ts'
import { allBudgets } from '../domain/budget-plan.ts'
import { addUsd } from '../domain/exact-sum.ts'
import { forecastOf } from '../domain/forecast.ts'
import {
  budgetOfText,
  OF_RULE,
  readBudgetOf,
  readBudgetWindow,
  rollingMs,
  WINDOW_RULE,
  type WindowSpan,
} from '../domain/budget-subject.ts'
import {
  type Budget,
  checkBudget,
  isFor,
  type KnownBudget,
  spenderOf,
  spendingKind,
  windowAt,
} from '../domain/managed-budget.ts'
import { err, type Result } from '../domain/result.ts'
import type { StoreReader } from '../storage/store-reader.ts'
import type { BudgetBody, Budgets, BudgetState, DefinedBudget } from '../api/contract/budgets.ts'
import { cutName } from './answer-bounds.ts'
import { createBudgetCalendar } from './budget-days.ts'
import { createSpendingMemo, type SpendingMemo } from './spending-memo.ts'
import { dayOf } from './time-buckets.ts'

/** Of one budget: the fullest windows of so many users or teams, and sessions. */
const MAX_WINDOWS = 100
const MAX_SESSIONS = 20
/** Of all budgets. Windows come first, since many sessions at their limit say less than a month at its. */
const MAX_STATES = 1000

export interface BudgetStateDeps {
  readonly reader: Pick<StoreReader, 'budgets'>
  /** Of the settings and the file; what commands defined is in the store. */
  readonly fixed: readonly KnownBudget[]
  readonly timeZone: string
  readonly visible: Visible
  readonly now: () => number
  /** What was asked before; by default nothing. */
  readonly memo?: SpendingMemo
}

/**
 * The budgets that say something to one who does not see everything: those that are held against what
 * others spend as well do not.
 */
export function visibleBudgets(
  budgets: readonly KnownBudget[],
  visible: Visible,
): readonly KnownBudget[] {
  if (visible === 'all') return budgets
  const { team, user } = visible
  return budgets.filter(({ of, subject, window }) => {
    if (of === 'user') return user === undefined || subject === undefined || subject === user
    if (of === 'team') {
      return user === undefined && (team === undefined || subject === undefined || subject === team)
    }
    return window === 'session'
  })
}

/** As `WebQueries.budgets`. */
export function createBudgetStates(deps: BudgetStateDeps): () => Promise<Budgets> {
  return async () => {
    const { reader, fixed, timeZone, visible, now } = deps
    const budgets = visibleBudgets(allBudgets(fixed, await reader.budgets.defined()), visible)
    const calendar = createBudgetCalendar(timeZone)
    const { memo = createSpendingMemo() } = deps
    const nowMs = now()
    const todayMs = calendar('day', nowMs).fromMs
    const spending = memo.reading(reader, visible, { todayMs, nowMs })
    const ofWindows: BudgetState[] = []
    const ofSessions: BudgetState[] = []
    for (const budget of budgets) {
      const span = windowAt(budget.window, now(), calendar)
      if (span === undefined) ofSessions.push(...(await sessionStates(deps, budget)))
      else {
        const states = windowStates(deps, budget, span, await spending(span))
        ofWindows.push(...fullestFirst(states).slice(0, MAX_WINDOWS))
      }
    }
    const shown = [...fullestFirst(ofWindows), ...fullestFirst(ofSessions)].slice(0, MAX_STATES)
    return { budgets: fullestFirst(shown), defined: budgets.map(definedBudgetOf) }
  }
}

function fullestFirst(states: readonly BudgetState[]): BudgetState[] {
  const fullness = ({ spentUsd, limitUsd }: BudgetState) => spentUsd / limitUsd
  return states.toSorted((a, b) => fullness(b) - fullness(a))
}

/** As it is told. */
export function definedBudgetOf(budget: KnownBudget): DefinedBudget {
  const { scope, name, window, limitUsd, source } = budget
  return {
    name: scope === undefined ? name : null,
    for: budgetOfText(budget),
    window,
    limitUsd,
    source,
  }
}

function windowStates(
  { visible, now }: BudgetStateDeps,
  budget: KnownBudget,
  span: WindowSpan,
  rows: readonly SpentRow[],
): BudgetState[] {
  const { of, subject, window, limitUsd } = budget
  const sums = new Map<string, number>()
  // What is for one, or for all together, is told before anything is spent.
  if (of === 'all') sums.set('', 0)
  if (subject !== undefined && visible === 'all') sums.set(subject, 0)
  for (const row of rows) {
    const spender = spenderOf(spendingKind(budget), row)
    if (spender === undefined || !isFor(budget, spender)) continue
    sums.set(spender, addUsd(sums.get(spender) ?? 0, row.costUsd))
  }
  const isRolling = rollingMs(window) !== undefined
  return Array.from(sums, ([name, spentUsd]) => {
    const forecast = isRolling
      ? undefined
      : forecastOf({ spentUsd, limitUsd, ...span, nowMs: now() })
    return {
      ...commonOf(budget, spentUsd),
      name: of === 'all' ? null : cutName(name),
      sessionKey: null,
      resetsMs: isRolling ? null : span.toMs,
      windowFromMs: span.fromMs,
      forecast:
        forecast === undefined
          ? null
          : { projectedUsd: forecast.projectedUsd, spentAtMs: forecast.spentAtMs ?? null },
    }
  })
}

async function sessionStates(
  { reader, timeZone, now }: BudgetStateDeps,
  budget: KnownBudget,
): Promise<BudgetState[]> {
  const { of, subject, limitUsd } = budget
  const sessions = await reader.budgets.sessions({
    sinceMs: dayOf(now(), timeZone).fromMs,
    leastUsd: (limitUsd * THRESHOLDS[0]) / 100,
    limit: MAX_SESSIONS,
    ...(of !== 'all' && of !== 'model' && { of, ...(subject !== undefined && { subject }) }),
  })
  return sessions.map(({ key, title, costUsd }) => ({
    ...commonOf(budget, costUsd),
    name: cutName(title ?? key),
    sessionKey: key,
    resetsMs: null,
    windowFromMs: null,
    forecast: null,
  }))
}

function commonOf(budget: KnownBudget, spentUsd: number) {
  const { scope, name, of, window, limitUsd } = budget
  return {
    scope: scope ?? (window === 'session' ? 'session' : of),
    budget: scope === undefined ? name : null,
    window,
    limitUsd,
    spentUsd,
    leftUsd: Math.max(0, addUsd(limitUsd, -spentUsd)),
    level: levelOf(spentUsd, limitUsd),
  } as const
}

function levelOf(spentUsd: number, limitUsd: number): BudgetState['level'] {
  const reached = reachedThreshold(spentUsd, limitUsd)
  if (reached === undefined) return 'ok'
  return reached < 100 ? 'near' : 'over'
}

/** The budget that a request or a command defines; the error is for a person. */
export function budgetOfBody(body: BudgetBody): Result<Budget, string> {
  const of = readBudgetOf(body.for ?? 'all')
  const window = readBudgetWindow(body.window)
  if (of === undefined) return err(`for: expected ${OF_RULE}`)
  if (window === undefined) return err(`window: expected ${WINDOW_RULE}`)
  return checkBudget({ name: body.name, ...of, window, limitUsd: body.limitUsd })
}
