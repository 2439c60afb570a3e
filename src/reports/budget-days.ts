/**
 * The days, weeks and months that budgets go by, in a time zone. The last one is remembered: most records
 * are of the same day as the one before.
 */
import type { BudgetDay } from '../domain/budget.ts'
import type { BudgetCalendar, CalendarUnit, WindowSpan } from '../domain/budget-subject.ts'
import { calendarSpan, dayOf } from './time-buckets.ts'

/** The day of a moment, which must be one that dates can have. */
export function createBudgetDays(timeZone: string): (ms: number) => BudgetDay {
  let last: BudgetDay | undefined

  return (ms) => {
    if (last === undefined || ms < last.fromMs || ms >= last.toMs) last = dayOf(ms, timeZone)
    return last
  }
}

/** The same for weeks and months as well. */
export function createBudgetCalendar(timeZone: string): BudgetCalendar {
  const last = new Map<CalendarUnit, WindowSpan>()

  return (unit, ms) => {
    const known = last.get(unit)
    if (known !== undefined && ms >= known.fromMs && ms < known.toMs) return known
    const span = calendarSpan(ms, unit, timeZone)
    last.set(unit, span)
    return span
  }
}
