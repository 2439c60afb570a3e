/** What was spent within a day, added up by everyone that it counts for. */
import type { SpentRow } from '../domain/budget-brake.ts'
import { addUsd } from '../domain/exact-sum.ts'
import { memberName } from '../domain/managed-budget.ts'

/** US dollars. */
export interface DaySpending {
  totalUsd: number
  /** By `memberName`. */
  readonly users: Map<string, number>
  readonly teams: Map<string, number>
}

/** Adds to the sums of everyone that the cost counts for. */
export function addSpending(
  day: DaySpending,
  who: Pick<SpentRow, 'userId' | 'ownerTeam' | 'team'>,
  costUsd: number,
): void {
  day.totalUsd = addUsd(day.totalUsd, costUsd)
  if (who.userId !== undefined) add(day.users, memberName(who.userId, who.ownerTeam), costUsd)
  if (who.team !== undefined) add(day.teams, who.team, costUsd)
}

function add(sums: Map<string, number>, name: string, costUsd: number): void {
  sums.set(name, addUsd(sums.get(name) ?? 0, costUsd))
}
