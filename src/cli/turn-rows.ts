/**
 * One prompt of a session as the rows of its page: what was called, with what, how long and for how
 * much. Pure.
 */
import type { TurnHead, WaterfallItem } from '../api/contract/turn.ts'
import { type Row, rowsOf, runFigures, saidBy, waitingOf } from '../api/contract/turn-rows.ts'
import { usdText } from '../domain/usd-text.ts'
import { countOfText, durationText, exactCountText } from '../domain/figure-text.ts'
import { plainLine } from './plain-text.ts'
import { type Column, tableLines } from './table.ts'
import { styled, type Style, type Terminal, type TextLine } from './terminal.ts'

const MAX_INDENT = 6

const KINDS: Readonly<Record<WaterfallItem['kind'], string>> = {
  call: 'call',
  tool: 'tool',
  subagent: 'subagent',
  waiting: 'waiting',
  note: 'event',
}

const STYLES: Readonly<Record<WaterfallItem['level'], Style | undefined>> = {
  default: undefined,
  warning: 'yellow',
  error: 'red',
}

export function turnLines(
  turn: TurnHead,
  items: readonly WaterfallItem[],
  omitted: number,
  terminal: Terminal,
): readonly TextLine[] {
  const rows = rowsOf(items)
  const { prompt, answer } = turn
  return [
    [styled('bold', plainLine(`Prompt ${turn.ordinal}  ${prompt.text ?? prompt.note ?? ''}`))],
    '',
    ...(rows.length === 0 ? ['Nothing happened yet.'] : tableLines(columns(turn), rows, terminal)),
    ...(omitted > 0 ? [`(${omitted} more rows; --json has all)`] : []),
    ...(answer.text === null ? [] : ['', plainLine(`Answer  ${answer.text}`)]),
  ]
}

function columns(turn: TurnHead): readonly Column<Row>[] {
  return [
    {
      title: 'AFTER',
      align: 'right',
      text: (row) => durationText(Math.max(0, firstOf(row).startMs - turn.startMs)),
      rank: 2,
    },
    { title: 'WHAT', text: (row) => KINDS[row.kind === 'run' ? 'tool' : row.item.kind], rank: 1 },
    {
      title: 'NAME',
      text: nameOf,
      indent: ({ depth }) => 2 * Math.min(depth, MAX_INDENT),
      shrinksTo: 20,
      colour: (row) => STYLES[firstOf(row).level],
    },
    { title: 'TOOK', align: 'right', text: tookOf },
    { title: 'WAITED', align: 'right', text: waitedOf, rank: 4 },
    { title: 'COST', align: 'right', text: costOf },
    {
      title: 'STATUS',
      text: (row) => firstOf(row).statusMessage ?? '',
      shrinksTo: 12,
      colour: (row) => STYLES[firstOf(row).level],
      rank: 3,
    },
  ]
}

/** None of a run failed, so the first says of all what is not a figure. */
function firstOf(row: Row): Pick<WaterfallItem, 'startMs' | 'level' | 'statusMessage'> {
  if (row.kind === 'item') return row.item
  const [first] = row.items
  return first ?? { startMs: 0, level: 'default', statusMessage: null }
}

function nameOf(row: Row): string {
  if (row.kind === 'item') {
    const { name, summary } = row.item
    return [name, summary, saidBy(row.item)].filter((part) => part !== null).join('  ')
  }
  const { name, tools, calls, subjects } = runFigures(row)
  const between = calls === 0 ? '' : ` with ${countOfText(calls, 'call')}`
  return [`${name} × ${exactCountText(tools)}${between}`, subjects.join(' … ')]
    .filter((part) => part !== '')
    .join('  ')
}

/** Without the time that it waited for a person. */
function tookOf(row: Row): string {
  if (row.kind === 'run') return durationText(runFigures(row).workedMs)
  const { startMs, endMs } = row.item
  return endMs > startMs ? durationText(waitingOf(row.item)?.workedMs ?? endMs - startMs) : ''
}

function waitedOf(row: Row): string {
  const waiting = row.kind === 'item' ? waitingOf(row.item) : null
  return waiting === null ? '' : durationText(waiting.waitedMs)
}

function costOf(row: Row): string {
  const costUsd = row.kind === 'run' ? runFigures(row).costUsd : row.item.costUsd
  return costUsd === null ? '' : usdText(costUsd)
}
