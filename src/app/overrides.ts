/** Defining budgets, and lifting them for a while, for the API: who lifted one is stored, and said in the log. */
import type { BudgetBrake } from '../alerts/budget-brake.ts'
import type {
  BudgetBody,
  BudgetOverrideAsked,
  BudgetOverrides,
  DefinedBudgets,
} from '../api/contract/budgets.ts'
import type { WebFailure } from '../api/failure.ts'
import { type BudgetOverride, readOverriddenBudget } from '../domain/budget-brake.ts'
import type { BudgetPlan } from '../domain/budget-plan.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { budgetOfBody, definedBudgetOf } from '../reports/budget-state.ts'
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
      log.warn({ override }, 'budget override granted')
      return list()
    },
    list,
  }
}

function shown({ scope, subject, untilMs, createdMs, createdBy }: BudgetOverride) {
  const budget = subject === undefined ? (scope ?? null) : `${scope}:${subject}`
  return { budget, untilMs, createdMs, by: createdBy }
}

export interface BudgetChanges {
  add(body: BudgetBody): Promise<Result<DefinedBudgets, WebFailure>>
  remove(name: string): Promise<Result<DefinedBudgets, WebFailure>>
}

export function createBudgetChanges(plan: BudgetPlan, log: Log): BudgetChanges {
  const defined = () => ok({ defined: plan.current().map(definedBudgetOf) })
  const conflict = (message: string) => err({ code: 'conflict', message } as const)
  return {
    add: async (body): Promise<Result<DefinedBudgets, WebFailure>> => {
      const budget = budgetOfBody(body)
      if (!budget.ok) return err({ code: 'malformed', message: budget.error })
      const added = await plan.add(budget.value, { replaces: body.replace ?? false })
      if (!added.ok) return conflict(added.error)
      log.info({ budget: budget.value }, 'budget created')
      return defined()
    },
    remove: async (name) => {
      const removed = await plan.remove(name)
      if (!removed.ok) return conflict(removed.error)
      log.info({ budget: name }, 'budget removed')
      return defined()
    },
  }
}
