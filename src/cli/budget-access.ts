/**
 * Budgets that commands define: changed through the bridge while one runs on the configured data, else in
 * the store itself.
 */
import type { BudgetBody, DefinedBudgets } from '../api/contract/budgets.ts'
import { readFixedBudgets } from '../config/budgets-file.ts'
import type { Config } from '../config/config.ts'
import { addBudgetTo, allBudgets, removeBudgetFrom } from '../domain/budget-plan.ts'
import { budgetOfText } from '../domain/budget-subject.ts'
import type { Budget } from '../domain/managed-budget.ts'
import { ok, type Result } from '../domain/result.ts'
import { definedBudgetOf } from '../reports/budget-state.ts'
import { explainUse, openMaintenance } from '../storage/beside.ts'
import {
  configuredBridge,
  failedAtBridge,
  failedToOpen,
  findBridge,
  otherStore,
} from './folder-bridge.ts'
import { failed, type Failure } from './outcome.ts'

/** What is defined then. */
export function addBudget(
  config: Config,
  budget: Budget,
  options: { readonly replaces: boolean },
): Promise<Result<DefinedBudgets, Failure>> {
  const { name, window, limitUsd } = budget
  const body: BudgetBody = {
    ...{ name, for: budgetOfText(budget), window, limitUsd },
    replace: options.replaces,
  }
  return changed(config, {
    inStore: (plan) => addBudgetTo(plan, budget, options),
    byBridge: (bridge) => bridge.addBudget(body),
  })
}

export function removeBudget(
  config: Config,
  name: string,
): Promise<Result<DefinedBudgets, Failure>> {
  return changed(config, {
    inStore: (plan) => removeBudgetFrom(plan, name),
    byBridge: (bridge) => bridge.removeBudget(name),
  })
}

interface Change {
  readonly inStore: (plan: Parameters<typeof addBudgetTo>[0]) => Promise<Result<undefined, string>>
  readonly byBridge: (
    bridge: ReturnType<typeof configuredBridge>,
  ) => Promise<Result<DefinedBudgets, string>>
}

async function changed(
  config: Config,
  { inStore, byBridge }: Change,
): Promise<Result<DefinedBudgets, Failure>> {
  const fixed = readFixedBudgets(config.budgets)
  if (!fixed.ok) return failed(fixed.error)
  const opened = await openMaintenance(config, { migrates: true })
  if (!opened.ok) {
    if (opened.error.reason === 'in_use') return throughBridge(config, byBridge)
    return failedToOpen(opened.error, config)
  }
  const store = opened.value.budgets
  try {
    const done = await inStore({ fixed: fixed.value, store })
    if (!done.ok) return failed(done.error)
    const defined = allBudgets(fixed.value, await store.list())
    return ok({ defined: defined.map(definedBudgetOf) })
  } catch (error) {
    const expected = await explainUse(error, config)
    if (expected === undefined) throw error
    return failed(expected)
  } finally {
    await opened.value.close()
  }
}

async function throughBridge(
  config: Config,
  ask: Change['byBridge'],
): Promise<Result<DefinedBudgets, Failure>> {
  const bridge = configuredBridge(config)
  const failure = (error: string) => failedAtBridge(config, bridge, error)
  const found = await findBridge(bridge, config)
  if (!found.ok) return failure(found.error)
  if (found.value.folder === 'other') return failure(otherStore(config))
  const answer = await ask(bridge)
  return answer.ok ? answer : failure(answer.error)
}
