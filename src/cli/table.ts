/**
 * A table as text that fits the terminal: columns that may shrink do, and what has still no room is
 * left out by rank. In a pipe nothing is cut: a program reads it.
 */
import { cutTo, plainLine, widthOf } from './plain-text.ts'
import { styled, type Style, type Terminal, type TextLine } from './terminal.ts'

export interface Column<R> {
  readonly title: string
  readonly text: (row: R) => string
  /** Columns that the text is moved to the right by. */
  readonly indent?: (row: R) => number
  /** Numbers stand to the right. */
  readonly align?: 'left' | 'right'
  /** How wide it may be on a terminal, however long its texts are. */
  readonly atMost?: number
  /** How narrow it may become; without it, it keeps its width. */
  readonly shrinksTo?: number
  /** Without it the column always stays; else the highest goes first. */
  readonly rank?: number
  readonly colour?: (row: R) => Style | undefined
}

const GAP = '  '

/** A line for the titles, and one for each row. */
export function tableLines<R>(
  columns: readonly Column<R>[],
  rows: readonly R[],
  terminal: Terminal,
): readonly TextLine[] {
  const limit = terminal.isInteractive ? terminal.columns : Number.POSITIVE_INFINITY
  const laid = fitting(columns, rows, limit)
  const titles = laid.map(({ column }) => ({ text: column.title, style: 'bold' as const }))
  const cells = rows.map((row) =>
    laid.map(({ column, cells }) => ({ text: cells.get(row) ?? '', style: column.colour?.(row) })),
  )
  return [titles, ...cells].map((line) => lineOf(laid, line))
}

interface Cell {
  readonly text: string
  readonly style: Style | undefined
}

/** Without space at its end. */
function lineOf<R>(laid: readonly Laid<R>[], cells: readonly Cell[]): TextLine {
  const last = cells.findLastIndex(({ text }) => text !== '')
  return laid.slice(0, last + 1).flatMap(({ column, width }, index) => {
    const { text = '', style } = cells[index] ?? {}
    const cell = padded(text, width, column, index === last)
    const shown = style === undefined ? cell : styled(style, cell)
    return index === 0 ? [shown] : [GAP, shown]
  })
}

interface Laid<R> {
  readonly column: Column<R>
  readonly cells: ReadonlyMap<R, string>
  readonly width: number
}

function fitting<R>(
  columns: readonly Column<R>[],
  rows: readonly R[],
  limit: number,
): readonly Laid<R>[] {
  const laid = columns.map((column): Laid<R> => {
    const indent = (row: R) => ' '.repeat(column.indent?.(row) ?? 0)
    const cells = new Map(rows.map((row) => [row, indent(row) + plainLine(column.text(row))]))
    const widths = [...cells.values(), column.title].map(widthOf)
    return { column, cells, width: widths.reduce((a, b) => Math.max(a, b), 0) }
  })
  if (limit === Number.POSITIVE_INFINITY) return laid
  const told = laid.filter(({ cells }) => !isEmpty(cells))
  const bounded = told.map((one) => ({
    ...one,
    width: Math.min(one.width, one.column.atMost ?? one.width),
  }))
  return shrunk(withoutSurplus(bounded, limit), limit)
}

/** Nothing stands in it: on a terminal that is room for others. */
function isEmpty<R>(cells: ReadonlyMap<R, string>): boolean {
  return cells.size > 0 && [...cells.values()].every((cell) => cell === '')
}

/** Leaves columns out until the rest fits at its narrowest. */
function withoutSurplus<R>(laid: readonly Laid<R>[], limit: number): readonly Laid<R>[] {
  const narrowest = laid.map(({ column, width }) => Math.min(width, column.shrinksTo ?? width))
  if (lineWidth(narrowest) <= limit) return laid
  const ranks = laid.flatMap(({ column }) => column.rank ?? [])
  if (ranks.length === 0) return laid
  const highest = Math.max(...ranks)
  return withoutSurplus(
    laid.filter(({ column }) => column.rank !== highest),
    limit,
  )
}

/** Takes what is too much from the widest that may shrink, column by column. */
function shrunk<R>(laid: readonly Laid<R>[], limit: number): readonly Laid<R>[] {
  const widths = laid.map(({ width }) => width)
  for (let surplus = lineWidth(widths) - limit; surplus > 0; surplus -= 1) {
    const spare = laid.map(({ column }, index) => {
      const width = widths[index] ?? 0
      return width > (column.shrinksTo ?? width) ? width : 0
    })
    const widest = spare.indexOf(Math.max(...spare))
    if ((spare[widest] ?? 0) === 0) break
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  return laid.map((one, index) => ({ ...one, width: widths[index] ?? one.width }))
}

function lineWidth(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, GAP.length * Math.max(0, widths.length - 1))
}

function padded<R>(text: string, width: number, column: Column<R>, isLast: boolean): string {
  const cut = cutTo(text, width)
  const room = ' '.repeat(Math.max(0, width - widthOf(cut)))
  if (column.align === 'right') return `${room}${cut}`
  return isLast ? cut : `${cut}${room}`
}
