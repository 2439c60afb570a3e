/**
 * Budgets that a file or a command defines, beside the four of the settings: for whom, over which
 * window, and how much. Pure.
 */
import { type BudgetLimits, budgetName, MAX_BUDGET_NAME_LENGTH } from './budget.ts'
import {
  BUDGET_SUBJECTS,
  type BudgetCalendar,
  type BudgetOf,
  type BudgetScope,
  type BudgetWindow,
  type CalendarUnit,
  type HeldSubject,
  rollingMs,
  type WindowSpan,
} from './budget-subject.ts'
import { UNITS_PER_USD } from './exact-sum.ts'
import { err, ok, type Result } from './result.ts'
import { bucketEndOf } from './usage.ts'

export interface Budget {
  /** Unique among the managed ones. */
  readonly name: string
  readonly of: BudgetOf
  /** A user, team, project, model or agent by its name; absent for each of them, and for `all`. */
  readonly subject?: string | undefined
  readonly window: BudgetWindow
  /** US dollars, from `MIN_LIMIT_USD` on. */
  readonly limitUsd: number
}

export interface KnownBudget extends Budget {
  readonly source: 'settings' | 'file' | 'command'
  /** Of a budget of the settings: what it is called in alerts and answers. */
  readonly scope?: BudgetScope
}

/** Where managed budgets are kept that a command defined. */
export interface BudgetStore {
  /** By name. */
  list(): Promise<readonly Budget[]>
  /** Stores it. With `replaces`, in the place of one of that name; else false where there is one. */
  put(budget: Budget, options: { readonly replaces: boolean }): Promise<boolean>
  /** False where there is none of that name. */
  remove(name: string): Promise<boolean>
}

/** How many managed budgets there can be: each is looked at on every prompt. */
export const MAX_BUDGETS = 200
/**
 * The least limit in US dollars: sums are exact to a billionth, so that less would be spent before anything
 * is. Nor is 0 a limit: who wants no budget leaves it out. With more than the greatest, cents are not exact.
 */
export const MIN_LIMIT_USD = 1 / UNITS_PER_USD
export const MAX_LIMIT_USD = 1_000_000_000
export const LIMIT_RULE = `a number above 0, from 0.000000001 to ${MAX_LIMIT_USD} US dollars, such as 12.50`
const MAX_NAME = 64

export const NAME_RULE = `1 to ${MAX_NAME} letters, digits, ".", "_" and "-", beginning with a letter or digit`
export function isBudgetName(text: string): boolean {
  return text.length <= MAX_NAME && /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(text)
}

/** A sender's clock may be ahead by as much. */
const AHEAD_MS = 86_400_000

/** Undefined for a session's, which is its whole life. */
export function windowAt(
  window: BudgetWindow,
  nowMs: number,
  calendar: BudgetCalendar,
): WindowSpan | undefined {
  if (window === 'session') return undefined
  const lengthMs = rollingMs(window)
  if (lengthMs === undefined) return calendar(window as CalendarUnit, nowMs)
  // Only what is certainly within: the quarters of an hour that began since then.
  const fromMs = bucketEndOf(nowMs - lengthMs)
  return { fromMs, toMs: bucketEndOf(nowMs) + AHEAD_MS, date: '' }
}

/** What no single field says of a budget. */
export function checkBudget(budget: Budget): Result<Budget, string> {
  if (budget.window === 'session' && budget.of === 'model') {
    return err('a budget for sessions cannot be for a model: choose a day, a week, a month or 5h')
  }
  return ok(budget)
}

/** The budgets of the settings, in the order in which they are looked at. */
export function settingsBudgets(limits: BudgetLimits): readonly KnownBudget[] {
  const of = { day: 'all', session: 'all', user: 'user', team: 'team' } as const
  return (['day', 'session', 'user', 'team'] as const).flatMap((scope): KnownBudget[] => {
    const limitUsd = limits[scope]
    if (limitUsd === undefined) return []
    const window = scope === 'session' ? 'session' : 'day'
    return [{ name: scope, of: of[scope], window, limitUsd, source: 'settings', scope }]
  })
}

/** Whom spending is of, as far as that is known. */
export interface Spender {
  readonly userId?: string | undefined
  /** Of the key that it came under. */
  readonly ownerTeam?: string | undefined
  readonly team?: string | undefined
  readonly project?: string | undefined
  readonly agent: string
  readonly model?: string | undefined
}

/** What is added up: `member` is a user apart by the teams of keys. */
export const SPENDING_KINDS = [...BUDGET_SUBJECTS, 'member'] as const
export type SpendingKind = (typeof SPENDING_KINDS)[number]

/**
 * The sums that a budget is held against. Each user is a member of the team whose keys are sent with:
 * another team may call somebody the same. A user that the budget names is that name in every team.
 */
export function spendingKind({ of, subject }: Pick<Budget, 'of' | 'subject'>): SpendingKind {
  return of === 'user' && subject === undefined ? 'member' : of
}

/** `ada (team red)`; without a team, the user alone. */
export function memberName(user: string, ownerTeam: string | undefined): string {
  return ownerTeam === undefined ? user : `${user}${ofTeam(ownerTeam)}`
}

function ofTeam(team: string): string {
  return ` (team ${team})`
}

/** The name under which it counts for budgets of a kind; undefined where it has none. */
export function spenderOf(of: SpendingKind, who: Spender): string | undefined {
  switch (of) {
    case 'all':
      return ''
    case 'user':
      return who.userId
    case 'member':
      return who.userId === undefined ? undefined : memberName(who.userId, who.ownerTeam)
    case 'team':
      return who.team
    case 'project':
      return who.project
    case 'model':
      return who.model
    case 'agent':
      return who.agent
  }
}

/** Whether a budget is for this user, team, project, model or agent. */
export function isFor(budget: Pick<Budget, 'subject'>, subject: string): boolean {
  return budget.subject === undefined || budget.subject === subject
}

// A budget as it is held against somebody's spending, and how a person reads of it.

/** Of a budget at a window, for those to whom it applies by name. */
export function heldSubject(budget: KnownBudget, subject: string, date: string): HeldSubject {
  const { scope, name, of, window } = budget
  if (scope !== undefined) return { scope, subject, date }
  return { scope: window === 'session' ? 'session' : of, subject, date, budget: name, window }
}

/** `monthly budget "foo" of project bar`; `shown` makes names fit for where they are shown. */
export function heldName(
  held: HeldSubject,
  shown: (name: string) => string = (name) => name,
): string {
  const { scope, subject, date, budget, window } = held
  if (budget === undefined || window === undefined) {
    return budgetName({ scope: scope as BudgetScope, subject, date }, shown)
  }
  const name = shown(subject.slice(0, MAX_BUDGET_NAME_LENGTH).toWellFormed())
  const owner = scope === 'all' ? '' : scope === 'user' ? ` of ${name}` : ` of ${scope} ${name}`
  return `${windowName(window)}budget "${budget}"${owner}`
}

function windowName(window: BudgetWindow): string {
  switch (window) {
    case 'session':
      return ''
    case 'day':
      return 'daily '
    case 'week':
      return 'weekly '
    case 'month':
      return 'monthly '
    default:
      return `rolling ${window} `
  }
}

/** ` on 2026-11-21`, ` in 2026-11`, ` within 5h`: when that was spent; empty for a session's. */
export function heldWhen({ date, window = 'day' }: Pick<HeldSubject, 'date' | 'window'>): string {
  if (rollingMs(window) !== undefined) return ` within ${window}`
  if (date === '') return ''
  return window === 'week'
    ? ` in the week of ${date}`
    : window === 'month'
      ? ` in ${date}`
      : ` on ${date}`
}
