/**
 * What a spent budget refuses, and what it is held against: pure. Only spending that agents told
 * themselves stops anybody (docs/decisions/0024): neither estimates nor own prices count here, and
 * a call whose cost is not known counts nowhere.
 */
import { type BudgetDay, type BudgetScope, MAX_BUDGET_NAME_LENGTH } from './budget.ts'
import { addUsd } from './exact-sum.ts'
import type { SessionKey } from './identity.ts'
import { BUDGET_SUBJECTS, type BudgetOf, type HeldSubject } from './budget-subject.ts'
import {
  heldName,
  heldSubject,
  heldWhen,
  isBudgetName,
  isFor,
  type KnownBudget,
} from './managed-budget.ts'
import { err, ok, type Result } from './result.ts'
import { usdText } from './usd-text.ts'

/**
 * What a spent budget does: `tell` raises alerts; `stop` refuses prompts as well; `stop-now` ends a
 * turn before its next tool, too.
 */
export type BudgetAction = 'tell' | 'stop' | 'stop-now'

/** What an override lifts: budgets of a scope, or the managed one of a name (`budget`). */
export type OverrideScope = BudgetScope | BudgetOf | 'budget'

/** Lets through what a budget would refuse, for a while. */
export interface BudgetOverride {
  /** Absent for every budget. */
  readonly scope?: OverrideScope
  /** Absent for all of that scope; the name of a managed budget. */
  readonly subject?: string
  /** Epoch ms; the same below. */
  readonly untilMs: number
  readonly createdMs: number
  /** Who asked for it, as they say themselves. */
  readonly createdBy: string
}

/** What was spent by someone within a quarter of an hour; US dollars. */
export interface SpentRow {
  readonly bucketMs: number
  /** The team of the key that it came under. */
  readonly ownerTeam?: string | undefined
  readonly userId: string | undefined
  readonly team: string | undefined
  readonly project: string | undefined
  readonly agent: string
  readonly model: string
  readonly costUsd: number
  /** The part of it that the agent did not tell itself. */
  readonly estimatedUsd: number
}

/** What a session spent in its whole life, and whose it is. */
export interface KnownSession {
  readonly key: SessionKey
  /** The team of the key that it came under. */
  readonly ownerTeam?: string | undefined
  readonly agent: string
  readonly userId: string | undefined
  readonly team: string | undefined
  readonly project: string | undefined
  readonly costUsd: number
  readonly estimatedUsd: number
  /** What its main agent is set to or called last, as far as that is known. */
  readonly model?: string | undefined
  /** Told by what names it at each change: calls, which are told later, do not replace it. */
  readonly isModelKept?: boolean | undefined
}

/** The model that a session's main agent is set to, as something of the agent names it. */
export interface ToldModel {
  readonly model: string
  /** Told again at each change, so that it is known better than by the calls, which come later. */
  readonly isKept: boolean
}

/** The part of a store that budgets read: at the start, and when rows went behind their back. */
export interface BrakeStore {
  /** Added up by everything that a row names. */
  spending(span: Pick<BudgetDay, 'fromMs' | 'toMs'>): Promise<readonly SpentRow[]>
  /** Open sessions, and those written since then; at most `limit`, the newest first. */
  knownSessions(question: {
    readonly sinceMs: number
    readonly limit: number
  }): Promise<readonly KnownSession[]>
  /** Those that are in force after `nowMs`. */
  overrides(nowMs: number): Promise<readonly BudgetOverride[]>
  addOverride(override: BudgetOverride): Promise<void>
  /** Ends those in force for exactly that, or with `all` every one; resolves to how many they were. */
  endOverrides(
    which: Pick<BudgetOverride, 'scope' | 'subject'> | 'all',
    nowMs: number,
  ): Promise<number>
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
  { scope, subject, budget }: HeldSubject,
  overrides: readonly BudgetOverride[],
  nowMs: number,
): boolean {
  return overrides.some((override) => {
    if (override.untilMs <= nowMs) return false
    if (override.scope === undefined) return true
    if (override.scope === 'budget') return override.subject === budget
    if (override.scope !== scope) return false
    return (
      override.subject === undefined ||
      override.subject === subject ||
      // A user by name is that name in every team.
      (scope === 'user' && subject.startsWith(`${override.subject} (team `))
    )
  })
}

/**
 * `the daily budget of ada is spent: $10.20 of $10.00 on 2026-11-21. …`: what was spent of which
 * budget, and who can raise it.
 */
export function refusalText(
  refused: HeldSubject & { readonly limitUsd: number; readonly spentUsd: number },
  contact: string,
): string {
  const { limitUsd, spentUsd } = refused
  const sums = `${usdText(spentUsd)} of ${usdText(limitUsd)}${heldWhen(refused)}`
  // What the next prompt goes to is known by what the session did before.
  const other = refused.scope === 'model' ? ' Another model can be used in a new session.' : ''
  return (
    `The ${heldName(refused)} is spent: ${sums}.${other} To raise it, ask ${contact}, who can also ` +
    'lift it for a while: claude-telemetry budget override --for 1h'
  )
}

const SCOPES: readonly OverrideScope[] = ['session', 'day', 'budget', ...BUDGET_SUBJECTS]

export const OVERRIDE_RULE =
  'session, day, all, user, team, project, model or agent, one of these by name such as user:ada, or a managed budget such as budget:foo'

/** `day`, `user`, `user:ada` or `budget:foo` as what an override is for; undefined for other text. */
export function readOverriddenBudget(
  text: string,
): Pick<BudgetOverride, 'scope' | 'subject'> | undefined {
  const [, name, subject] = /^([a-z]+)(?::(.+))?$/s.exec(text) ?? []
  const scope = SCOPES.find((each) => each === name)
  if (scope === undefined) return undefined
  if (scope === 'budget') {
    return subject !== undefined && isBudgetName(subject) ? { scope, subject } : undefined
  }
  if (subject === undefined) return { scope }
  if (scope === 'day' || scope === 'all' || subject.length > MAX_OVERRIDE_SUBJECT) return undefined
  return { scope, subject }
}

/**
 * What an override lifts, which some budget has to be for: of a session that is named by its id, or by how
 * it begins, by its key. The error is for a person.
 */
export function liftedBy(
  asked: Pick<BudgetOverride, 'scope' | 'subject'>,
  budgets: readonly KnownBudget[],
  sessions: Iterable<Pick<KnownSession, 'key'>>,
): Result<Pick<BudgetOverride, 'scope' | 'subject'>, string> {
  const { scope, subject } = asked
  if (scope === undefined) return ok(asked)
  if (scope === 'budget') {
    const isOne = budgets.some((budget) => budget.scope === undefined && budget.name === subject)
    return isOne ? ok(asked) : err(`there is no budget ${subject}`)
  }
  const ofScope = budgets.filter((budget) => heldSubject(budget, '', '').scope === scope)
  if (scope === 'session' && subject !== undefined && ofScope.length > 0) {
    return sessionNamed(subject, sessions)
  }
  const isOne = ofScope.some((budget) => subject === undefined || isFor(budget, subject))
  const name = subject === undefined ? scope : `${scope}:${subject}`
  return isOne ? ok(asked) : err(`no budget is for ${name}: see claude-telemetry budget list`)
}

/** What is to be ended as it was stored: a session may be named by the beginning of its id. */
export function endedBy(
  asked: Pick<BudgetOverride, 'scope' | 'subject'>,
  inForce: readonly BudgetOverride[],
): Pick<BudgetOverride, 'scope' | 'subject'> {
  const { scope, subject } = asked
  if (scope !== 'session' || subject === undefined) return asked
  const keys = inForce.flatMap((of) =>
    of.scope === 'session' && of.subject !== undefined ? [{ key: of.subject }] : [],
  )
  const found = sessionNamed(subject, keys)
  return found.ok ? found.value : asked
}

function sessionNamed(
  name: string,
  sessions: Iterable<Pick<KnownSession, 'key'>>,
): Result<Pick<BudgetOverride, 'scope' | 'subject'>, string> {
  const keys = Array.from(sessions, ({ key }) => key)
  const idOf = (key: string): string => key.slice(key.indexOf('/') + 1)
  const whole = keys.filter((key) => key === name || idOf(key) === name)
  const found = whole.length > 0 ? whole : keys.filter((key) => idOf(key).startsWith(name))
  const [key, another] = found
  // Another replica may know it already.
  if (key === undefined && name.includes('/')) return ok({ scope: 'session', subject: name })
  if (key === undefined) return err(`no session id starts with "${name}"`)
  if (another !== undefined) return err(`"${name}" matches more than one session: give its key`)
  return ok({ scope: 'session', subject: key })
}

/** Of a session's key; names of users and teams are shorter. */
const MAX_OVERRIDE_SUBJECT = 5 * MAX_BUDGET_NAME_LENGTH

/** The longest time that a budget can be lifted for. */
export const MAX_OVERRIDE_MS = 31 * 86_400_000
