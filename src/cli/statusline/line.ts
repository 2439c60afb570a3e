/** The line itself, from what the agent and the bridge tell. Pure. */
import type { StatusBudget, StatusFigures } from '../../domain/status-line.ts'
import type { PlanWindow, StatusInput } from './input.ts'

/** What a line can show, in the order in which it does unless told otherwise. */
export const STATUS_PARTS = [
  'session',
  'today',
  'budget',
  'context',
  'cache',
  'plan',
  'pr',
] as const
export type StatusPart = (typeof STATUS_PARTS)[number]

/** Columns of the line. */
export const MAX_STATUS_WIDTH = 80
export const MIN_STATUS_WIDTH = 10

/** Those that go first when there is no room: what is shown elsewhere, and what changes least. */
const LEAST_WANTED: readonly StatusPart[] = [
  'pr',
  'cache',
  'context',
  'today',
  'plan',
  'session',
  'budget',
]

export interface StatusLineOptions {
  readonly parts: readonly StatusPart[]
  readonly width: number
  readonly nowMs: number
}

const SEPARATOR = ' · '

/** At most `width` columns; empty when nothing is known. */
export function statusLine(
  input: StatusInput,
  figures: StatusFigures | undefined,
  { parts, width, nowMs }: StatusLineOptions,
): string {
  let shown = parts.flatMap((part) => {
    const text = textOf(part, input, figures, nowMs)
    return text === undefined ? [] : [{ part, text }]
  })
  const lineOf = () => shown.map(({ text }) => text).join(SEPARATOR)
  for (const least of LEAST_WANTED) {
    if (lineOf().length <= width) break
    if (shown.length > 1) shown = shown.filter(({ part }) => part !== least)
  }
  return lineOf().slice(0, width)
}

function textOf(
  part: StatusPart,
  { costUsd, contextPercent, cache, windows, pullRequest }: StatusInput,
  figures: StatusFigures | undefined,
  nowMs: number,
): string | undefined {
  switch (part) {
    case 'session': {
      // The agent knows its own process at once; the bridge, those before it as well.
      const usd = Math.max(costUsd ?? 0, figures?.sessionUsd ?? 0)
      return costUsd === undefined && figures === undefined ? undefined : `session ${usdText(usd)}`
    }
    case 'today':
      return figures && `today ${usdText(figures.todayUsd)}`
    case 'budget':
      return budgetText(figures?.budgets ?? [])
    case 'context':
      return contextPercent === undefined ? undefined : `context ${percentText(contextPercent)}`
    case 'cache':
      return cache && cacheText(cache, nowMs)
    case 'plan':
      return windows.length === 0
        ? undefined
        : windows.map((window) => windowText(window, nowMs)).join(' ')
    case 'pr':
      return pullRequest === undefined ? undefined : `PR #${pullRequest}`
  }
}

/** So that a long name leaves room for what is left. */
function shortName(name: string): string {
  return name.length <= MAX_BUDGET_NAME ? name : `${name.slice(0, MAX_BUDGET_NAME - 1)}…`
}

const MAX_BUDGET_NAME = 20

/** Of the budget that has the least left, by its share. */
function budgetText(budgets: readonly StatusBudget[]): string | undefined {
  const [fullest] = budgets.toSorted((a, b) => b.spentUsd / b.limitUsd - a.spentUsd / a.limitUsd)
  if (fullest === undefined) return undefined
  const leftUsd = fullest.limitUsd - fullest.spentUsd
  const { scope, budget = scope === 'day' ? 'daily' : scope } = fullest
  const name = shortName(budget)
  return leftUsd > 0 ? `${name} budget ${usdText(leftUsd)} left` : `${name} budget spent`
}

function cacheText(
  { isWarm, expiresMs }: NonNullable<StatusInput['cache']>,
  nowMs: number,
): string {
  if (!isWarm || (expiresMs !== undefined && expiresMs <= nowMs)) return 'cache cold'
  return expiresMs === undefined ? 'cache warm' : `cache ${timeText(expiresMs - nowMs)}`
}

/** `5h 62% 1h20m`: what is used, and when it begins anew. */
function windowText({ name, usedPercent, resetsMs }: PlanWindow, nowMs: number): string {
  const used = `${name} ${percentText(usedPercent)}`
  return resetsMs === undefined || resetsMs <= nowMs
    ? used
    : `${used} ${timeText(resetsMs - nowMs)}`
}

function percentText(percent: number): string {
  return `${Math.min(999, Math.round(percent))}%`
}

const MINUTE_MS = 60_000
const HOUR_MINUTES = 60
const DAY_MINUTES = 24 * HOUR_MINUTES

/** The two largest units: `3d4h`, `1h20m`, `4m`. */
function timeText(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / MINUTE_MS))
  if (minutes < HOUR_MINUTES) return `${minutes}m`
  if (minutes < DAY_MINUTES) {
    return twoUnits(Math.floor(minutes / HOUR_MINUTES), 'h', minutes % HOUR_MINUTES, 'm')
  }
  const hours = Math.floor((minutes % DAY_MINUTES) / HOUR_MINUTES)
  return twoUnits(Math.floor(minutes / DAY_MINUTES), 'd', hours, 'h')
}

function twoUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return `${large}${largeUnit}${small === 0 ? '' : `${small}${smallUnit}`}`
}

/**
 * `$0.42`, `$1234`. Not `usdText` of the domain: what formats numbers by locale takes a quarter of the
 * time that a status line has.
 */
function usdText(usd: number): string {
  if (usd === 0 || usd >= 0.01) return `$${usd >= 1000 ? Math.round(usd) : usd.toFixed(2)}`
  return '<$0.01'
}
