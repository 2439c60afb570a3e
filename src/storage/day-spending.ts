/** What was spent within a day, added up by everyone that it counts for. */
import { addUsd } from '../domain/exact-sum.ts'

/** US dollars. */
export interface DaySpending {
  totalUsd: number
  readonly users: Map<string, number>
  readonly teams: Map<string, number>
}

/** Adds to the sums of everyone that the cost counts for. */
export function addSpending(
  day: DaySpending,
  who: { readonly userId: string | undefined; readonly team: string | undefined },
  costUsd: number,
): void {
  day.totalUsd = addUsd(day.totalUsd, costUsd)
  if (who.userId !== undefined) add(day.users, who.userId, costUsd)
  if (who.team !== undefined) add(day.teams, who.team, costUsd)
}

function add(sums: Map<string, number>, name: string, costUsd: number): void {
  sums.set(name, addUsd(sums.get(name) ?? 0, costUsd))
}
