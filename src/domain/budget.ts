/**
 * What may be spent, and when that is told: the decisions, pure. A budget is for each session, or
 * for a day's spending by all, by each user or by each team; it is told at 80 % and at 100 %.
 */

export type BudgetScope = 'session' | 'day' | 'user' | 'team'

/** Budgets that are set, in US dollars, each more than 0. */
export type BudgetLimits = Readonly<Partial<Record<BudgetScope, number>>>

/** Percent of a budget at which it is told, in order. */
export const THRESHOLDS = [80, 100] as const
export type Threshold = (typeof THRESHOLDS)[number]

/** A day of the calendar that daily budgets go by, from `fromMs` up to and without `toMs`. */
export interface BudgetDay {
  /** `2026-11-21`. */
  readonly date: string
  readonly fromMs: number
  readonly toMs: number
}

/** What one budget was spent on. */
export interface BudgetSubject {
  readonly scope: BudgetScope
  /** The session's key, the user or the team; empty for the whole day. */
  readonly subject: string
  /** The day; empty for a session's, which is for its whole life. */
  readonly date: string
}

/** A threshold that spending has passed. */
export interface BudgetAlert extends BudgetSubject {
  readonly threshold: Threshold
  readonly limitUsd: number
  readonly spentUsd: number
  /** When it was found, epoch ms. */
  readonly atMs: number
}

/** Spending on one subject: before a step, and with it. */
export interface Spending {
  readonly beforeUsd: number
  readonly afterUsd: number
}

/** Sums of cents do not hit a limit to the last bit. */
const TOLERANCE_USD = 1e-9

/** The highest threshold that spending has reached. */
export function reachedThreshold(spentUsd: number, limitUsd: number): Threshold | undefined {
  return THRESHOLDS.findLast((threshold) => spentUsd >= lineOf(threshold, limitUsd))
}

/**
 * The thresholds a step has passed that are to be noted now, in order; the last one is told.
 *
 * A threshold is noted once for a subject and a limit. After the limit was raised it is noted again
 * only when spending crosses its new line: what had been passed by then was told already. Where
 * nothing was noted of it yet (the budget is new, or lower now), having passed it is enough.
 */
export function passedThresholds(
  { beforeUsd, afterUsd }: Spending,
  limitUsd: number,
  noted: readonly Pick<BudgetAlert, 'threshold' | 'limitUsd'>[],
): readonly Threshold[] {
  return THRESHOLDS.filter((threshold) => {
    const line = lineOf(threshold, limitUsd)
    if (!(afterUsd >= line)) return false
    const before = noted.filter((alert) => alert.threshold === threshold)
    if (before.length === 0) return true
    return beforeUsd < line && before.every((alert) => alert.limitUsd < limitUsd)
  })
}

function lineOf(threshold: Threshold, limitUsd: number): number {
  return (limitUsd * threshold) / 100 - TOLERANCE_USD
}
