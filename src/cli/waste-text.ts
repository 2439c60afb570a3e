/** Findings of waste as a table, and what to do about each kind. Pure. */
import type { WasteFinding } from '../api/contract/waste.ts'
import { usdText } from '../domain/usd-text.ts'
import { wasteWords } from '../api/contract/waste-words.ts'
import { countText, durationText } from '../domain/figure-text.ts'
import { type Column, tableLines } from './table.ts'
import { styled, type Terminal, type TextLine } from './terminal.ts'
import { wrapped } from './wrapped-text.ts'

/** Rows for a person. */
const MAX_ROWS = 20

/** The table; `sessions` has a column where findings are of more than one. */
export function wasteLines<F extends WasteFinding & { readonly sessions?: number }>(
  findings: readonly F[],
  terminal: Terminal,
): readonly TextLine[] {
  const shown = findings.slice(0, MAX_ROWS)
  const kinds = [...new Set(shown.map(({ kind }) => kind))]
  const more = findings.length - shown.length
  return [
    ...tableLines(columnsOf(shown), shown, terminal),
    ...(more > 0 ? [`(${more} more: --json has all)`] : []),
    '',
    ...kinds.flatMap((kind) => {
      const { title, advice } = wasteWords[kind]
      return wrapped(`${title}: ${advice}`, terminal, 2).map((line) => [styled('gray', line)])
    }),
  ]
}

function columnsOf<F extends WasteFinding & { readonly sessions?: number }>(
  findings: readonly F[],
): readonly Column<F>[] {
  return [
    { title: 'WASTE', text: ({ kind }) => wasteWords[kind].title },
    { title: 'WHAT', text: ({ subject }) => subject, shrinksTo: 16 },
    { title: 'TIMES', align: 'right', text: ({ count }) => countText(count) },
    {
      title: 'COST',
      align: 'right',
      text: ({ usd }) => (usd === null ? '–' : usdText(usd)),
    },
    {
      title: 'TOKENS',
      align: 'right',
      text: ({ tokens }) => (tokens === null ? '–' : countText(tokens)),
      rank: 1,
    },
    {
      title: 'TIME',
      align: 'right',
      text: ({ ms }) => (ms === null ? '–' : durationText(ms)),
      rank: 2,
    },
    ...(findings.some(({ sessions }) => sessions !== undefined)
      ? [
          {
            title: 'SESSIONS',
            align: 'right' as const,
            text: ({ sessions = 1 }: F) => countText(sessions),
          },
        ]
      : []),
  ]
}
