/** What a status line shows of a session's cost, and of the budgets that it is held against. */
import type { BudgetLimits } from '../domain/budget.ts'
import type { StatusBudget, StatusFigures } from '../domain/status-line.ts'
import type { StoreReader } from '../storage/store-reader.ts'
import { dayOf } from './time-buckets.ts'

export interface StatusFiguresDeps {
  readonly reader: Pick<StoreReader, 'budgets' | 'details'>
  readonly limits: BudgetLimits
  readonly timeZone: string
  readonly now: () => number
}

/** Undefined for a session that is not stored. */
export function createStatusFigures({ reader, limits, timeZone, now }: StatusFiguresDeps) {
  return async (sessionKey: string): Promise<StatusFigures | undefined> => {
    const session = await reader.details.find(sessionKey)
    if (session === undefined) return undefined
    const { userId, team, costUsd } = session
    const { totalUsd, users, teams } = await reader.budgets.spendingOf(dayOf(now(), timeZone))
    const userUsd = userId === undefined ? undefined : (users.get(userId) ?? 0)
    const teamUsd = team === undefined ? undefined : (teams.get(team) ?? 0)
    const spent = { session: costUsd, day: totalUsd, user: userUsd, team: teamUsd }
    const budgets = (['session', 'day', 'user', 'team'] as const).flatMap(
      (scope): StatusBudget[] => {
        const [limitUsd, spentUsd] = [limits[scope], spent[scope]]
        return limitUsd === undefined || spentUsd === undefined
          ? []
          : [{ scope, limitUsd, spentUsd }]
      },
    )
    return { sessionUsd: costUsd, todayUsd: userUsd ?? totalUsd, budgets }
  }
}
