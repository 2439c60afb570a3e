/** Defining budgets, and lifting them for a while, for the API: who lifted one is stored, and said in the log. */
import type { BudgetBrake } from '../alerts/budget-brake.ts'
import type {
  BudgetBody,
  BudgetOverrideAsked,
  BudgetOverrideEnded,
  BudgetOverrides,
  DefinedBudgets,
} from '../api/contract/budgets.ts'
import { nothingIsLifted, type WebFailure } from '../api/failure.ts'
import { type BudgetOverride, readOverriddenBudget } from '../domain/budget-brake.ts'
import type { BudgetPlan } from '../domain/budget-plan.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { budgetOfBody, definedBudgetOf } from '../reports/budget-state.ts'
import type { Clock } from '../domain/clock.ts'
import type { Log } from '../observability/logger.ts'

export interface Overrides {
  /** In force when it resolves. */
  add(asked: BudgetOverrideAsked): Promise<Result<BudgetOverrides, WebFailure>>
  /** At once here, at other replicas within seconds; an error where none of that is in force. */
  end(asked: BudgetOverrideEnded): Promise<Result<BudgetOverrides, WebFailure>>
  list(): BudgetOverrides
}

export function createOverrides(
  brake: Pick<BudgetBrake, 'override' | 'overrides' | 'endOverrides'>,
  maskText: (text: string) => string,
  clock: Clock,
  log: Log,
): Overrides {
  /** As it is stored. */
  function liftedBy(budget: string): Pick<BudgetOverride, 'scope' | 'subject'> {
    // The contract lets through only what can be read.
    const { scope, subject } = readOverriddenBudget(budget) ?? {}
    return {
      ...(scope !== undefined && { scope }),
      ...(subject !== undefined && { subject: maskText(subject) }),
    }
  }

  const list = (): BudgetOverrides => ({ overrides: brake.overrides().map(shown) })
  return {
    add: async ({ forMs, budget, by }) => {
      const createdMs = clock.now()
      const override: BudgetOverride = {
        ...(budget !== undefined && liftedBy(budget)),
        untilMs: createdMs + forMs,
        createdMs,
        createdBy: maskText(by ?? 'unknown'),
      }
      const added = await brake.override(override)
      if (!added.ok) return err({ code: 'conflict', message: added.error })
      log.warn({ override: added.value }, 'budget override granted')
      return ok(list())
    },
    end: async ({ budget, by }) => {
      const ended = await brake.endOverrides(budget === undefined ? 'all' : liftedBy(budget))
      if (ended === 0) return err(nothingIsLifted(budget))
      log.warn(
        { budget: budget ?? null, by: maskText(by ?? 'unknown'), ended },
        'budget overrides ended',
      )
      return ok(list())
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
