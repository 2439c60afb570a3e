/** Lifting a budget for a while, for the API: who asked for it is stored, and said in the log. */
import type { BudgetBrake } from '../alerts/budget-brake.ts'
import type { BudgetOverrideAsked, BudgetOverrides } from '../api/contract/budgets.ts'
import { type BudgetOverride, readOverriddenBudget } from '../domain/budget-brake.ts'
import type { Clock } from '../domain/clock.ts'
import type { Log } from '../observability/logger.ts'

export interface Overrides {
  /** In force when it resolves. */
  add(asked: BudgetOverrideAsked): Promise<BudgetOverrides>
  list(): BudgetOverrides
}

export function createOverrides(
  brake: Pick<BudgetBrake, 'override' | 'overrides'>,
  maskText: (text: string) => string,
  clock: Clock,
  log: Log,
): Overrides {
  const list = (): BudgetOverrides => ({ overrides: brake.overrides().map(shown) })
  return {
    add: async ({ forMs, budget, by }) => {
      const createdMs = clock.now()
      // The contract lets through only what can be read.
      const { scope, subject } = budget === undefined ? {} : (readOverriddenBudget(budget) ?? {})
      const override: BudgetOverride = {
        ...(scope !== undefined && { scope }),
        ...(subject !== undefined && { subject: maskText(subject) }),
        untilMs: createdMs + forMs,
        createdMs,
        createdBy: maskText(by ?? 'unknown'),
      }
      await brake.override(override)
      log.warn({ override }, 'a budget was lifted for a while')
      return list()
    },
    list,
  }
}

function shown({ scope, subject, untilMs, createdMs, createdBy }: BudgetOverride) {
  const budget = subject === undefined ? (scope ?? null) : `${scope}:${subject}`
  return { budget, untilMs, createdMs, by: createdBy }
}
