/**
 * Whose spending a budget is held against, and over which window: the words of budgets, which everything
 * else about them is made of. Pure.
 */
/** The budgets of the settings. */
export type BudgetScope = 'session' | 'day' | 'user' | 'team'

/** Whose spending is added up. */
export const BUDGET_SUBJECTS = ['all', 'user', 'team', 'project', 'model', 'agent'] as const
export type BudgetOf = (typeof BUDGET_SUBJECTS)[number]

export type CalendarUnit = 'day' | 'week' | 'month'
const UNITS: readonly string[] = ['day', 'week', 'month'] satisfies CalendarUnit[]

/** `session`, a unit of the calendar, or a rolling window such as `5h` or `7d`. */
export type BudgetWindow = 'session' | CalendarUnit | `${number}${'h' | 'd'}`

/** A user, team, project, model or agent by its name; without one, each of them, or all. */
interface Subject {
  readonly of: BudgetOf
  readonly subject?: string | undefined
}

/** A window as it lies around a moment. */
export interface WindowSpan {
  /** Of the first quarter of an hour that counts, epoch ms. */
  readonly fromMs: number
  /** Without it; of a rolling window, as far ahead as anything may be. */
  readonly toMs: number
  /** What the window is called: `2026-11-21`, `2026-11`, the Monday of a week; empty where it rolls. */
  readonly date: string
}

/** The day, week or month that a moment lies in. */
export type BudgetCalendar = (unit: CalendarUnit, ms: number) => WindowSpan

const MAX_SUBJECT = 200
const MAX_ROLLING_MS = 31 * 86_400_000

export const OF_RULE =
  'all, user, team, project, model or agent, or one of the latter by name such as user:ada'
export const WINDOW_RULE = 'session, day, week, month, or 1h to 31d such as 5h or 7d'

/** `all`, `user` or `user:ada`; undefined for other text. */
export function readBudgetOf(text: string): Subject | undefined {
  const [, kind, subject] = /^([a-z]+)(?::([^\p{Cc}]+))?$/u.exec(text) ?? []
  const of = BUDGET_SUBJECTS.find((each) => each === kind)
  if (of === undefined || (subject?.length ?? 0) > MAX_SUBJECT) return undefined
  if (subject === undefined) return { of }
  return of === 'all' ? undefined : { of, subject }
}

/** The inverse of `readBudgetOf`. */
export function budgetOfText({ of, subject }: Subject): string {
  return subject === undefined ? of : `${of}:${subject}`
}

export function readBudgetWindow(text: string): BudgetWindow | undefined {
  if (text === 'session' || UNITS.includes(text)) return text as BudgetWindow
  if (!/^[1-9]\d{0,3}[hd]$/.test(text)) return undefined
  const window = text as BudgetWindow
  return (rollingMs(window) ?? 0) <= MAX_ROLLING_MS ? window : undefined
}

/** The length of a rolling window; undefined for others. */
export function rollingMs(window: BudgetWindow): number | undefined {
  const [, count, unit] = /^(\d+)([hd])$/.exec(window) ?? []
  if (count === undefined) return undefined
  return Number(count) * (unit === 'h' ? 3_600_000 : 86_400_000)
}

/** What was spent on: of a budget of the settings as in `BudgetSubject`. */
export interface HeldSubject {
  readonly scope: BudgetScope | BudgetOf
  /** The session's key, or the name of the user, team, project, model or agent; empty for all. */
  readonly subject: string
  /** See `WindowSpan`; empty for a session's. */
  readonly date: string
  /** The name of a managed budget, and its window. */
  readonly budget?: string | undefined
  readonly window?: BudgetWindow | undefined
}
