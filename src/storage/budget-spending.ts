/** What a commit spends, to be held against the budgets of the settings: what both engines decide alike. */
import {
  type BudgetAlert,
  type BudgetDay,
  type BudgetSubject,
  type BudgetWatch,
  passedThresholds,
  reachedThreshold,
} from '../domain/budget.ts'
import { addUsd } from '../domain/exact-sum.ts'
import type { SessionUsage } from '../domain/session-store.ts'
import type { ModelUsage } from '../domain/usage.ts'
import type { StoreLog } from './store-log.ts'

/** A sender's clock is not ahead by more. */
export const MAX_AHEAD_MS = 86_400_000
/** What waits for channels; beyond it alerts are only recorded. */
const MAX_WAITING = 1000

/** What a subject has spent, and the last step's part in it. */
export interface Spent {
  readonly subject: BudgetSubject
  readonly spentUsd: number
  readonly costUsd: number
  readonly sessionRef?: number
}

/** What cost something, or took a cost back. */
export function costsOf({ usage }: SessionUsage): readonly ModelUsage[] {
  return usage.models.filter(({ costUsd }) => Number.isFinite(costUsd) && costUsd !== 0)
}

export function spentBySession(
  { session: { key, costUsd } }: SessionUsage,
  costs: readonly ModelUsage[],
  sessionRef: number,
): Spent {
  return {
    subject: { scope: 'session', subject: key, date: '' },
    spentUsd: costUsd,
    costUsd: costs.reduce((sum, cost) => addUsd(sum, cost.costUsd), 0),
    sessionRef,
  }
}

/** What was spent on each day. */
export function byDay(
  costs: readonly ModelUsage[],
  dayOf: BudgetWatch<unknown>['dayOf'],
): Iterable<readonly [BudgetDay, number]> {
  const found = new Map<number, readonly [BudgetDay, number]>()
  for (const { bucketMs, costUsd } of costs) {
    const day = dayOf(bucketMs)
    found.set(day.fromMs, [day, addUsd(found.get(day.fromMs)?.[1] ?? 0, costUsd)])
  }
  return found.values()
}

export function hasDailyLimit({ day, user, team }: BudgetWatch<unknown>['limits']): boolean {
  return [day, user, team].some((limit) => limit !== undefined)
}

/** The limit that is reached, so that it pays to look at what was noted; undefined where none is. */
export function reachedLimit(
  limits: BudgetWatch<unknown>['limits'],
  { subject, spentUsd }: Spent,
): number | undefined {
  const limitUsd = limits[subject.scope]
  const isReached = limitUsd !== undefined && reachedThreshold(spentUsd, limitUsd) !== undefined
  return isReached ? limitUsd : undefined
}

/** Several thresholds at once are all noted, and the last one, the highest, is told. */
export function alertsOf(
  { subject, spentUsd, costUsd }: Spent,
  limitUsd: number,
  noted: Parameters<typeof passedThresholds>[2],
  atMs: number,
): BudgetAlert[] {
  const spending = { beforeUsd: addUsd(spentUsd, -costUsd), afterUsd: spentUsd }
  return passedThresholds(spending, limitUsd, noted).map((threshold) => {
    return { ...subject, threshold, limitUsd, spentUsd, atMs }
  })
}

/** Whether one more alert may wait for channels beside these. */
export function mayWait(waiting: number, log: StoreLog): boolean {
  if (waiting < MAX_WAITING) return true
  log.error({ waiting }, 'too many budget alerts are waiting, dropped this one')
  return false
}
