/** What a status line shows of a session's cost, and of the budgets that it is held against. */
import type { Visible } from '../domain/access.ts'
import { allBudgets } from '../domain/budget-plan.ts'
import { addUsd } from '../domain/exact-sum.ts'
import { ownerOfSession } from '../domain/identity.ts'
import {
  isFor,
  type KnownBudget,
  spenderOf,
  spendingKind,
  windowAt,
} from '../domain/managed-budget.ts'
import type { StatusBudget, StatusFigures } from '../domain/status-line.ts'
import type { StoreReader } from '../storage/store-reader.ts'
import { createBudgetCalendar } from './budget-days.ts'
import { visibleBudgets } from './budget-state.ts'
import type { SpendingMemo } from './spending-memo.ts'

export interface StatusFiguresDeps {
  readonly reader: Pick<StoreReader, 'budgets' | 'details'>
  readonly fixed: readonly KnownBudget[]
  readonly timeZone: string
  readonly visible: Visible
  readonly now: () => number
  readonly memo: SpendingMemo
}

/** Undefined for a session that is not stored. */
export function createStatusFigures(deps: StatusFiguresDeps) {
  const { reader, fixed, timeZone, visible, now, memo } = deps
  return async (sessionKey: string): Promise<StatusFigures | undefined> => {
    const session = await reader.details.find(sessionKey)
    if (session === undefined) return undefined
    const { userId, costUsd } = session
    const who = { ...session, ownerTeam: ownerOfSession(sessionKey)?.team }
    const member = spenderOf('member', who)
    const calendar = createBudgetCalendar(timeZone)
    const nowMs = now()
    const day = calendar('day', nowMs)
    const spending = memo.reading(reader, visible, { todayMs: day.fromMs, nowMs })
    const today = await spending(day)
    const todayUsd = today
      .filter((row) => userId === undefined || spenderOf('member', row) === member)
      .reduce((sum, row) => addUsd(sum, row.costUsd), 0)
    const known = visibleBudgets(allBudgets(fixed, await reader.budgets.defined()), visible)
    const budgets: StatusBudget[] = []
    for (const budget of known) {
      // Which model a session calls next is not known.
      const kind = spendingKind(budget)
      const subject = kind === 'model' ? undefined : spenderOf(kind, who)
      if (subject === undefined || !isFor(budget, subject)) continue
      const span = windowAt(budget.window, nowMs, calendar)
      const rows = span === undefined ? [] : await spending(span)
      const spentUsd =
        span === undefined
          ? costUsd
          : rows
              .filter((row) => spenderOf(kind, row) === subject)
              .reduce((sum, row) => addUsd(sum, row.costUsd), 0)
      budgets.push({ ...namesOf(budget), limitUsd: budget.limitUsd, spentUsd })
    }
    return { sessionUsd: costUsd, todayUsd, budgets }
  }
}

function namesOf({
  scope,
  name,
  of,
  window,
}: KnownBudget): Omit<StatusBudget, 'limitUsd' | 'spentUsd'> {
  if (scope !== undefined) return { scope }
  return { scope: window === 'session' ? 'session' : of, budget: name }
}
