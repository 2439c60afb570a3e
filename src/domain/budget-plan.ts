/**
 * The budgets in force: those of the settings, of the file and of commands. What commands define is in
 * the store, which replicas share, so it is read again with every refresh of what was spent.
 */
import type { BudgetCalendar } from './budget-subject.ts'
import {
  type Budget,
  type BudgetStore,
  type KnownBudget,
  MAX_BUDGETS,
  windowAt,
} from './managed-budget.ts'
import { err, ok, type Result } from './result.ts'

export interface BudgetPlan {
  /** In the order in which they are looked at. */
  current(): readonly KnownBudget[]
  /** Reads what commands defined. */
  reload(): Promise<void>
  /** The error is for a person. */
  add(budget: Budget, options: { readonly replaces: boolean }): Promise<Result<undefined, string>>
  remove(name: string): Promise<Result<undefined, string>>
}

export interface BudgetPlanDeps {
  /** Of the settings and the file. */
  readonly fixed: readonly KnownBudget[]
  readonly store: BudgetStore
}

export function createBudgetPlan({ fixed, store }: BudgetPlanDeps): BudgetPlan {
  let current = fixed

  async function reload(): Promise<void> {
    current = allBudgets(fixed, await store.list())
  }

  return {
    current: () => current,
    reload,
    add: async (budget, options) => {
      const added = await addBudgetTo({ fixed, store }, budget, options)
      if (added.ok) await reload()
      return added
    },
    remove: async (name) => {
      const removed = await removeBudgetFrom({ fixed, store }, name)
      if (removed.ok) await reload()
      return removed
    },
  }
}

/** Those of commands behind the others. A name that the file has since counts as the file says. */
export function allBudgets(
  fixed: readonly KnownBudget[],
  stored: readonly Budget[],
): readonly KnownBudget[] {
  const ofFile = managedNames(fixed)
  const others = stored.filter(({ name }) => !ofFile.has(name))
  return [...fixed, ...others.map((budget) => ({ ...budget, source: 'command' }) as const)]
}

/** Stores a budget, unless its name is taken. */
export async function addBudgetTo(
  { fixed, store }: BudgetPlanDeps,
  budget: Budget,
  options: { readonly replaces: boolean },
): Promise<Result<undefined, string>> {
  const { name } = budget
  const ofFile = managedNames(fixed)
  if (ofFile.has(name)) return err(`the budget ${name} stands in BUDGETS_FILE: change it there`)
  const stored = await store.list()
  const isNew = stored.every((each) => each.name !== name)
  if (isNew && stored.length + ofFile.size >= MAX_BUDGETS) {
    return err(`there are ${MAX_BUDGETS} budgets already: remove one first`)
  }
  const isStored = await store.put(budget, options)
  return isStored
    ? ok(undefined)
    : err(`there is a budget ${name} already: choose another name, or replace it (--replace)`)
}

export async function removeBudgetFrom(
  { fixed, store }: BudgetPlanDeps,
  name: string,
): Promise<Result<undefined, string>> {
  if (await store.remove(name)) return ok(undefined)
  return managedNames(fixed).has(name)
    ? err(`the budget ${name} stands in BUDGETS_FILE: remove it there`)
    : err(`there is no budget ${name}`)
}

function managedNames(fixed: readonly KnownBudget[]): ReadonlySet<string> {
  return new Set(fixed.flatMap(({ name, scope }) => (scope === undefined ? [name] : [])))
}

/** From when on spending has to be known for these budgets: now, where there are none but sessions'. */
export function earliestOf(
  budgets: readonly KnownBudget[],
  nowMs: number,
  calendar: BudgetCalendar,
): number {
  const starts = budgets.map(({ window }) => windowAt(window, nowMs, calendar)?.fromMs ?? nowMs)
  return Math.min(nowMs, ...starts)
}
