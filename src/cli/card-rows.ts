/** What the tools of a session's last prompts did, in a few lines each, for its card. Pure. */
import type { OutlineRow, OutlineTurn } from '../reports/session-outline.ts'
import { plainLine } from './plain-text.ts'
import { type Column, tableLines } from './table.ts'
import type { Style, Terminal, TextLine } from './terminal.ts'

/** Prompts, and lines of each. */
const MAX_TURNS = 5
const MAX_LINES = 6

interface CardRow {
  /** Of the prompt; on its first line alone. */
  readonly number: string
  readonly what: string
  readonly summary: string
  readonly level: OutlineRow['level']
}

export function cardRows(turns: readonly OutlineTurn[], terminal: Terminal): readonly TextLine[] {
  const rows = turns.slice(-MAX_TURNS).flatMap(rowsOfTurn)
  return rows.length === 0 ? [] : tableLines(columns, rows, terminal)
}

const styles: Readonly<Record<OutlineRow['level'], Style | undefined>> = {
  default: undefined,
  warning: 'yellow',
  error: 'red',
}

const columns: readonly Column<CardRow>[] = [
  { title: '#', align: 'right', text: ({ number }) => number },
  { title: 'DID', text: ({ what }) => what, colour: ({ level }) => styles[level], shrinksTo: 10 },
  { title: 'WITH', text: ({ summary }) => summary, shrinksTo: 20 },
]

/** Tools of one name in a row are one line; what failed is among the lines that are shown. */
function rowsOfTurn({ head, rows }: OutlineTurn): readonly CardRow[] {
  const runs: OutlineRow[][] = []
  for (const { item } of rows) {
    if (item.kind !== 'tool' && item.level !== 'error') continue
    const run = runs.at(-1)
    const [first] = run ?? []
    const isAlike =
      first?.name === item.name && first.level === 'default' && item.level === 'default'
    if (isAlike) run?.push(item)
    else runs.push([item])
  }
  const failed = runs.filter(([first]) => first?.level !== 'default').slice(0, MAX_LINES)
  const others = runs.filter((run) => !failed.includes(run)).slice(0, MAX_LINES - failed.length)
  const shown = runs.filter((run) => failed.includes(run) || others.includes(run))
  const left = runs.length - shown.length
  const lines = shown.map(lineOf)
  if (left > 0) {
    const summary = `see --turn ${head.ordinal}`
    lines.push({ what: `… ${left} more`, summary, level: 'default' })
  }
  return lines.map((line, index) => ({ ...line, number: index === 0 ? String(head.ordinal) : '' }))
}

function lineOf(run: readonly OutlineRow[]): Omit<CardRow, 'number'> {
  const [first] = run
  const subjects = [first?.summary, run.at(-1)?.summary].filter((text) => typeof text === 'string')
  const message = first?.level === 'default' ? null : first?.statusMessage
  const summary = [...new Set(subjects)].join(' … ')
  return {
    what: `${first?.name ?? ''}${run.length > 1 ? ` × ${run.length}` : ''}`,
    summary: plainLine([summary, message].filter((text) => text).join(': ')),
    level: first?.level ?? 'default',
  }
}
