/** What `top` shows of what goes on, on a terminal of any width. Pure. */
import type { BudgetState } from '../api/contract/budgets.ts'
import { usdText } from '../domain/usd-text.ts'
import { countOfText, durationText } from '../domain/figure-text.ts'
import { cutTo, plainLine } from './plain-text.ts'
import { shortId } from './session-table.ts'
import { tableLines } from './table.ts'
import { styled, type Style, type Terminal, type TextLine } from './terminal.ts'
import type { TopSession, TopView } from './top-state.ts'

/** Fullest first; more of them would push the sessions away. */
const MAX_BUDGETS = 3
/** Between the times of two records a session is at work. */
const QUIET_MS = 10_000
/** The head, what is missing, a line below, the titles of the table, and how many more there are. */
const OTHER_ROWS = 5

const NO_BRIDGE = 'No bridge runs here, so nothing new arrives: claude-telemetry start'

/** `hint` says how to leave, at the right end of the first line. */
export function topLines(view: TopView, terminal: Terminal, hint = ''): readonly TextLine[] {
  const budgets = budgetLines(view.budgets, terminal)
  const room = hint === '' ? view.sessions.length : terminal.rows - OTHER_ROWS - budgets.length
  const shown = ordered(view).slice(0, Math.max(1, room))
  const hidden = view.sessions.length - shown.length
  return [
    headLine(view, terminal, hint),
    ...(view.hasBridge ? [] : [[styled('yellow', NO_BRIDGE)]]),
    '',
    ...(shown.length === 0
      ? ['No session is open.']
      : tableLines(columns(view.atMs), shown, terminal)),
    ...(hidden > 0
      ? [styled('gray', `and ${countOfText(hidden, 'more session')}`)].map((line) => [line])
      : []),
    ...budgets,
  ]
}

/** Those at work stay where they are; the others follow by how long they have been idle. */
function ordered({ sessions, atMs }: TopView): readonly TopSession[] {
  const [working = [], idle = []] = [true, false].map((is) =>
    sessions.filter((session) => isWorking(session, atMs) === is),
  )
  return [
    ...working.toSorted((a, b) => b.row.firstMs - a.row.firstMs),
    ...idle.toSorted((a, b) => b.row.lastMs - a.row.lastMs),
  ]
}

function headLine(view: TopView, { columns: width }: Terminal, hint: string): TextLine {
  const { sessions, usdPerMinute, callsPerMinute, errors } = view
  const working = sessions.filter((session) => isWorking(session, view.atMs)).length
  const parts = [
    `${countOfText(sessions.length, 'open session')}, ${working} at work`,
    `${usdText(usdPerMinute)}/min`,
    `${Math.round(callsPerMinute * 10) / 10} calls/min`,
    ...(errors === 0 ? [] : [countOfText(errors, 'error')]),
  ]
  let text = ''
  for (const part of parts) {
    const longer = text === '' ? part : `${text}  ${part}`
    if (longer.length > width) break
    text = longer
  }
  const gap = width - text.length - hint.length
  return gap < 2 || hint === ''
    ? [styled('bold', cutTo(text, width))]
    : [styled('bold', text), ' '.repeat(gap), styled('gray', hint)]
}

function isWorking({ tools, row }: TopSession, nowMs: number): boolean {
  return tools.length > 0 || nowMs - row.lastMs < QUIET_MS
}

function columns(nowMs: number) {
  return [
    { title: 'ID', text: ({ row }: TopSession) => shortId(row.sessionId) },
    {
      title: 'COST',
      align: 'right',
      text: ({ row }: TopSession) => (row.costUsd === null ? '?' : usdText(row.costUsd)),
    },
    {
      title: '$/MIN',
      align: 'right',
      text: ({ usdPerMinute }: TopSession) =>
        usdPerMinute === null ? '?' : usdPerMinute === 0 ? '-' : usdText(usdPerMinute),
      rank: 2,
    },
    {
      title: 'ERRORS',
      align: 'right',
      text: ({ row }: TopSession) => (row.errors === 0 ? '-' : String(row.errors)),
      colour: ({ row }: TopSession): Style | undefined => (row.errors > 0 ? 'yellow' : undefined),
      rank: 4,
    },
    {
      title: 'NOW',
      text: (session: TopSession) => nowText(session, nowMs),
      colour: (session: TopSession): Style | undefined =>
        isWorking(session, nowMs) ? 'green' : 'gray',
      atMost: 24,
      shrinksTo: 18,
    },
    {
      title: 'PROJECT',
      text: ({ row }: TopSession) => row.project ?? '',
      atMost: 24,
      shrinksTo: 8,
      rank: 3,
    },
    { title: 'TITLE', text: ({ row }: TopSession) => row.title ?? '', shrinksTo: 10, rank: 5 },
  ] as const
}

/** `Bash 12s`, `Bash 12s, 2 more`, `claude-opus-5-5`, `idle 3m`. */
function nowText({ tools, row, last }: TopSession, nowMs: number): string {
  const [first] = tools
  if (first !== undefined) {
    const more = tools.length === 1 ? '' : `, ${tools.length - 1} more`
    return `${plainLine(first.tool)} ${wholeSeconds(nowMs - first.sinceMs)}${more}`
  }
  const quietMs = nowMs - row.lastMs
  if (quietMs >= QUIET_MS) return `idle ${wholeSeconds(quietMs)}`
  return plainLine(last?.subject ?? last?.kind ?? 'at work')
}

/** Tenths of seconds would only flicker. */
function wholeSeconds(ms: number): string {
  return ms < 1000 ? '0s' : durationText(Math.floor(ms / 1000) * 1000)
}

function budgetLines(budgets: readonly BudgetState[], terminal: Terminal): readonly TextLine[] {
  if (budgets.length === 0) return []
  const shown = budgets.slice(0, MAX_BUDGETS)
  const lines = tableLines(
    [
      { title: 'BUDGET', text: budgetName, atMost: 32, shrinksTo: 8 },
      { title: 'SPENT', align: 'right', text: ({ spentUsd }) => usdText(spentUsd) },
      { title: 'LIMIT', align: 'right', text: ({ limitUsd }) => usdText(limitUsd), rank: 1 },
      {
        title: 'LEFT',
        align: 'right',
        text: ({ leftUsd, limitUsd, spentUsd }) =>
          usdText(leftUsd ?? Math.max(0, limitUsd - spentUsd)),
        colour: ({ level }) => (level === 'over' ? 'red' : level === 'near' ? 'yellow' : undefined),
      },
    ],
    shown,
    terminal,
  )
  const rest = budgets.length - shown.length
  return [
    '',
    ...lines,
    ...(rest > 0 ? [[styled('gray', `and ${countOfText(rest, 'more budget')}`)]] : []),
  ]
}

function budgetName({ budget, name, scope, window, sessionKey }: BudgetState): string {
  if (budget !== null && budget !== undefined) return budget
  if (sessionKey !== null) return `session ${name ?? sessionKey}`
  const whom = name ?? (scope === 'day' ? 'all' : scope)
  return `${whom} per ${window ?? scope}`
}
