/**
 * What a spent budget refuses, and what it is held against: pure. Only spending that agents told
 * themselves stops anybody (docs/decisions/0024): neither estimates nor own prices count here, and
 * a call whose cost is not known counts nowhere.
 */
import {
  type BudgetDay,
  type BudgetScope,
  type BudgetSubject,
  budgetName,
  MAX_BUDGET_NAME_LENGTH,
} from './budget.ts'
import { addUsd } from './exact-sum.ts'
import type { SessionKey } from './identity.ts'
import { usdText } from './usd-text.ts'

/**
 * What a spent budget does: `tell` raises alerts; `stop` refuses prompts as well; `stop-now` ends a
 * turn before its next tool, too.
 */
export type BudgetAction = 'tell' | 'stop' | 'stop-now'

/** Lets through what a budget would refuse, for a while. */
export interface BudgetOverride {
  /** Absent for every budget. */
  readonly scope?: BudgetScope
  /** Absent for all of that scope. */
  readonly subject?: string
  /** Epoch ms; the same below. */
  readonly untilMs: number
  readonly createdMs: number
  /** Who asked for it, as they say themselves. */
  readonly createdBy: string
}

/** What agents told of a day, by all and by each user and team; US dollars. */
export interface ToldSpending {
  readonly totalUsd: number
  readonly users: ReadonlyMap<string, number>
  readonly teams: ReadonlyMap<string, number>
}

/** What an agent told of a session in its whole life, and whose it is. */
export interface ToldSession {
  readonly key: SessionKey
  readonly userId: string | undefined
  readonly team: string | undefined
  readonly toldUsd: number
}

/** The part of a store that the brake reads: at the start, and when rows went behind its back. */
export interface BrakeStore {
  toldOn(day: Pick<BudgetDay, 'fromMs' | 'toMs'>): Promise<ToldSpending>
  /** Open sessions, and those written since then; at most `limit`. */
  toldSessions(question: {
    readonly sinceMs: number
    readonly limit: number
  }): Promise<readonly ToldSession[]>
  /** Those that are in force after `nowMs`. */
  overrides(nowMs: number): Promise<readonly BudgetOverride[]>
  addOverride(override: BudgetOverride): Promise<void>
}

/** The part of a cost that the agent told itself. */
export function toldUsd({
  costUsd,
  estimatedUsd,
}: {
  readonly costUsd: number
  readonly estimatedUsd: number
}): number {
  return addUsd(costUsd, -estimatedUsd)
}

export function isOverridden(
  { scope, subject }: BudgetSubject,
  overrides: readonly BudgetOverride[],
  nowMs: number,
): boolean {
  return overrides.some(
    (override) =>
      override.untilMs > nowMs &&
      (override.scope === undefined || override.scope === scope) &&
      (override.subject === undefined || override.subject === subject),
  )
}

/**
 * `the daily budget of ada is spent: $10.20 of $10.00 on 2026-11-21. …`: what was spent of which
 * budget, and who can raise it.
 */
export function refusalText(
  refused: BudgetSubject & { readonly limitUsd: number; readonly spentUsd: number },
  contact: string,
): string {
  const { date, limitUsd, spentUsd } = refused
  const when = date === '' ? '' : ` on ${date}`
  const sums = `${usdText(spentUsd)} of ${usdText(limitUsd)}${when}`
  return (
    `The ${budgetName(refused)} is spent: ${sums}. To raise it, ask ${contact}, who can also ` +
    'lift it for a while: claude-telemetry budget override --for 1h'
  )
}

const SCOPES: readonly BudgetScope[] = ['session', 'day', 'user', 'team']

/** `day`, `user` or `user:ada` as the budget that an override is for; undefined for other text. */
export function readOverriddenBudget(
  text: string,
): Pick<BudgetOverride, 'scope' | 'subject'> | undefined {
  const [, name, subject] = /^([a-z]+)(?::(.+))?$/s.exec(text) ?? []
  const scope = SCOPES.find((each) => each === name)
  if (scope === undefined || (subject !== undefined && scope === 'day')) return undefined
  if (subject === undefined) return { scope }
  return subject.length > MAX_OVERRIDE_SUBJECT ? undefined : { scope, subject }
}

/** Of a session's key; names of users and teams are shorter. */
const MAX_OVERRIDE_SUBJECT = 5 * MAX_BUDGET_NAME_LENGTH

/** The longest time that a budget can be lifted for. */
export const MAX_OVERRIDE_MS = 31 * 86_400_000
