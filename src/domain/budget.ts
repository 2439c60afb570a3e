/**
 * What may be spent, and when that is told: the decisions, pure. A budget is for each session, or
 * for a day's spending by all, by each user or by each team; it is told at 80 % and at 100 %.
 */
import { roundUsd } from './exact-sum.ts'

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

/** The highest threshold that spending has reached. */
export function reachedThreshold(spentUsd: number, limitUsd: number): Threshold | undefined {
  return THRESHOLDS.findLast((threshold) => isReached(spentUsd, threshold, limitUsd))
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
    if (!isReached(afterUsd, threshold, limitUsd)) return false
    const before = noted.filter((alert) => alert.threshold === threshold)
    if (before.length === 0) return true
    return (
      !isReached(beforeUsd, threshold, limitUsd) &&
      before.every((alert) => alert.limitUsd < limitUsd)
    )
  })
}

function isReached(spentUsd: number, threshold: Threshold, limitUsd: number): boolean {
  return roundUsd(spentUsd) >= roundUsd((limitUsd * threshold) / 100)
}
