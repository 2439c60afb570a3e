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
    const texts = textsOf(part, input, figures, nowMs)
    return texts.length === 0 ? [] : [{ part, texts }]
  })
  const lineOf = () => shown.map(({ texts }) => texts[0]).join(SEPARATOR)
  for (const least of LEAST_WANTED) {
    if (columnsOf(lineOf()) <= width) break
    if (shown.length > 1) shown = shown.filter(({ part }) => part !== least)
  }
  if (columnsOf(lineOf()) <= width) return lineOf()
  // One part is left. A figure is never cut: half of it is another one.
  return shown[0]?.texts.find((text) => columnsOf(text) <= width) ?? ''
}

/** Columns that a text takes at most: beyond U+1100 come the wide characters, and narrow ones among them. */
function columnsOf(text: string): number {
  let columns = 0
  for (const char of text) columns += (char.codePointAt(0) ?? 0) < 0x1100 || char === '…' ? 1 : 2
  return columns
}

/** What a part reads, and in fewer columns; nothing when it is not known. */
function textsOf(
  part: StatusPart,
  { costUsd, contextPercent, cache, windows, pullRequest }: StatusInput,
  figures: StatusFigures | undefined,
  nowMs: number,
): readonly string[] {
  switch (part) {
    case 'session': {
      if (costUsd === undefined && figures === undefined) return []
      // The agent knows its own process at once; the bridge, those before it as well.
      return labelled('session', usdText(Math.max(costUsd ?? 0, figures?.sessionUsd ?? 0)))
    }
    case 'today':
      return figures === undefined ? [] : labelled('today', usdText(figures.todayUsd))
    case 'budget':
      return budgetTexts(figures?.budgets ?? [])
    case 'context':
      return contextPercent === undefined ? [] : labelled('context', percentText(contextPercent))
    case 'cache':
      return cache === undefined ? [] : labelled('cache', cacheText(cache, nowMs))
    case 'plan':
      return planTexts(windows, nowMs)
    case 'pr':
      return pullRequest === undefined ? [] : labelled('PR', `#${pullRequest}`)
  }
}

function labelled(label: string, value: string): readonly string[] {
  return [`${label} ${value}`, value]
}

const MAX_BUDGET_COLUMNS = 20

/** So that a long name leaves room for what is left. */
function shortName(name: string): string {
  if (columnsOf(name) <= MAX_BUDGET_COLUMNS) return name
  let short = ''
  for (const char of name) {
    if (columnsOf(short + char) >= MAX_BUDGET_COLUMNS) break
    short += char
  }
  return `${short}…`
}

/** Of the budget that has the least left, by its share. */
function budgetTexts(budgets: readonly StatusBudget[]): readonly string[] {
  const [fullest] = budgets.toSorted((a, b) => b.spentUsd / b.limitUsd - a.spentUsd / a.limitUsd)
  if (fullest === undefined) return []
  const leftUsd = fullest.limitUsd - fullest.spentUsd
  const { scope, budget = scope === 'day' ? 'daily' : scope } = fullest
  const name = shortName(budget)
  const left = leftUsd > 0 ? `${usdText(leftUsd)} left` : 'spent'
  return [`${name} budget ${left}`, `budget ${left}`, left]
}

function cacheText(
  { isWarm, expiresMs }: NonNullable<StatusInput['cache']>,
  nowMs: number,
): string {
  if (!isWarm || (expiresMs !== undefined && expiresMs <= nowMs)) return 'cold'
  return expiresMs === undefined ? 'warm' : timeText(expiresMs - nowMs)
}

/** Fewer and fewer windows, and at last the first without its time. */
function planTexts(windows: readonly PlanWindow[], nowMs: number): readonly string[] {
  const texts = windows.map((window) => windowText(window, nowMs))
  const [first] = windows
  if (first === undefined) return []
  const fewer = texts.map((_, at) => texts.slice(0, texts.length - at).join(' '))
  return [...fewer, `${first.name} ${percentText(first.usedPercent)}`]
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
