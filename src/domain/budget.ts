/**
 * What may be spent, and when that is told: the decisions, pure. A budget is for each session, or
 * for a day's spending by all, by each user or by each team; it is told at 80 % and at 100 %.
 */
import type { BudgetScope, HeldSubject } from './budget-subject.ts'
import { roundUsd } from './exact-sum.ts'
import type { Emission } from './emission.ts'

export type { BudgetScope } from './budget-subject.ts'

/** Budgets that are set, in US dollars, each from a billionth on. */
export type BudgetLimits = Readonly<Partial<Record<BudgetScope, number>>>

/** Percentages of a budget that raise an alert, in ascending order. */
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

/** The same of any budget, managed ones included. */
export interface PassedThreshold extends HeldSubject, Omit<BudgetAlert, keyof BudgetSubject> {}

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

// What a person reads of a budget.

/** Ids of agents can be of any length. */
export const MAX_BUDGET_NAME_LENGTH = 200

/** `daily budget of team red`. */
export function budgetName(
  { scope, subject }: BudgetSubject,
  shown: (name: string) => string = (name) => name,
): string {
  const name = shown(subject.slice(0, MAX_BUDGET_NAME_LENGTH).toWellFormed())
  switch (scope) {
    case 'session':
      return `budget of session ${name}`
    case 'day':
      return 'daily budget'
    case 'user':
      return `daily budget of ${name}`
    case 'team':
      return `daily budget of team ${name}`
  }
}

// What a store needs to know to watch over budgets inside its commits. All of it is pure.

/**
 * What a commit spends is held against the limits; a threshold that was passed is recorded with the
 * commit, once, together with what is to be said of it.
 */
export interface BudgetWatch<S> {
  readonly limits: BudgetLimits
  /** The day that a time counts for. */
  dayOf(timeMs: number): BudgetDay
  /** What the session whose spending passed the threshold says of it, by its state. */
  events(state: S, alert: BudgetAlert): readonly Emission[]
  /** Alerts wait for channels that tell them (`AlertStore.adopt`). */
  readonly hasChannels: boolean
}
