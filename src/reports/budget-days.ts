/**
 * The days that daily budgets go by, in a time zone. Remembers the last one: most records are of
 * the same day as the one before.
 */
import type { BudgetDay } from '../domain/budget.ts'
import { dayOf } from './time-buckets.ts'

/** The day of a moment, which must be one that dates can have. */
export function createBudgetDays(timeZone: string): (ms: number) => BudgetDay {
  let last: BudgetDay | undefined

  return (ms) => {
    if (last === undefined || ms < last.fromMs || ms >= last.toMs) last = dayOf(ms, timeZone)
    return last
  }
}
