/** What sessions wasted as a section of a report, in each of its formats. Pure. */
import type { WasteInRange } from '../api/contract/waste.ts'
import { isWorthShowing, wasteWords } from '../api/contract/waste-words.ts'
import { usdText } from '../domain/usd-text.ts'
import { countOfText, countText, durationText, shareText } from '../domain/figure-text.ts'
import { markdownTable, markdownText } from './row-format.ts'
import { type Column, tableLines } from './table.ts'
import { styled, type Terminal, type TextLine } from './terminal.ts'
import { wrapped } from './wrapped-text.ts'

const TITLE = 'Waste'

type Kind = WasteInRange['kinds'][number]

/** Nothing where nothing worth a habit was found. */
export function wasteSectionLines(
  waste: WasteInRange | undefined,
  terminal: Terminal,
): readonly TextLine[] {
  const kinds = kindsIn(waste)
  if (waste === undefined || kinds.length === 0) return []
  return [
    '',
    [styled('bold', TITLE)],
    ...wrapped(summaryOf(waste), terminal, 0),
    ...tableLines(
      columnsOf((text) => text),
      kinds,
      terminal,
    ),
    ...kinds.flatMap(({ kind }) =>
      wrapped(adviceOf(kind), terminal, 2).map((line) => [styled('gray', line)]),
    ),
  ]
}

export function wasteSectionMarkdown(waste: WasteInRange | undefined): readonly string[] {
  const kinds = kindsIn(waste)
  if (waste === undefined || kinds.length === 0) return []
  const columns = columnsOf(markdownText)
  const titles = columns.map(({ title }) => title)
  const cells = kinds.map((row) => columns.map(({ text }) => text(row)))
  return [
    `## ${TITLE}\n${summaryOf(waste)}`,
    markdownTable(titles, cells),
    kinds.map(({ kind }) => `- ${adviceOf(kind)}`).join('\n'),
  ]
}

/** All kinds, with what to do about each. */
export function wasteJson({ sessions, costUsd, usd, kinds }: WasteInRange) {
  return {
    sessions,
    costUsd,
    usd,
    kinds: kinds.map((kind) => ({ ...kind, advice: wasteWords[kind.kind].advice })),
  }
}

function kindsIn(waste: WasteInRange | undefined): readonly Kind[] {
  return waste?.kinds.filter(isWorthShowing) ?? []
}

function adviceOf(kind: Kind['kind']): string {
  const { title, advice } = wasteWords[kind]
  return `${title}: ${advice}`
}

/** `$2.09 in the 30 most expensive of 812 sessions, which have 70 % of the cost`. */
function summaryOf({ usd, sessions, costUsd }: WasteInRange): string {
  if (sessions.looked >= sessions.all) {
    return `${usdText(usd)} in ${countOfText(sessions.all, 'session')}.`
  }
  const share = costUsd.all > 0 ? costUsd.looked / costUsd.all : 0
  const looked = `the ${countText(sessions.looked)} most expensive of ${countOfText(sessions.all, 'session')}`
  return `${usdText(usd)} in ${looked}, which have ${shareText(share)} of the cost.`
}

function columnsOf(shown: (name: string) => string): readonly Column<Kind>[] {
  return [
    { title: 'WASTE', text: ({ kind }) => wasteWords[kind].title },
    { title: 'TIMES', align: 'right', text: ({ count }) => countText(count) },
    { title: 'COST', align: 'right', text: ({ usd }) => (usd === null ? '–' : usdText(usd)) },
    {
      title: 'TIME',
      align: 'right',
      text: ({ ms }) => (ms === null ? '–' : durationText(ms)),
      rank: 1,
    },
    { title: 'SESSIONS', align: 'right', text: ({ sessions }) => countText(sessions) },
    {
      title: 'MOST IN',
      text: ({ worst: [first] }) =>
        shown(first === undefined ? '' : (first.title ?? first.sessionId)),
      shrinksTo: 16,
    },
  ]
}
