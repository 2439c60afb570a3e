/** One prompt of a session as the rows of its page: what was called, with what, how long and for how much. Pure. */
import type { TurnHead, WaterfallItem } from '../api/contract/turn.ts'
import { type PlacedItem, placedItems } from '../api/contract/turn-tree.ts'
import { usdText } from '../domain/usd-text.ts'
import { durationText } from '../domain/figure-text.ts'
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
  const rows = placedItems(items)
  const { prompt, answer } = turn
  return [
    [styled('bold', plainLine(`Prompt ${turn.ordinal}  ${prompt.text ?? prompt.note ?? ''}`))],
    '',
    ...(rows.length === 0 ? ['Nothing happened yet.'] : tableLines(columns(turn), rows, terminal)),
    ...(omitted > 0 ? [`(${omitted} more rows; --json has all)`] : []),
    ...(answer.text === null ? [] : ['', plainLine(`Answer  ${answer.text}`)]),
  ]
}

function columns(turn: TurnHead): readonly Column<PlacedItem>[] {
  return [
    {
      title: 'AFTER',
      align: 'right',
      text: ({ item }) => durationText(Math.max(0, item.startMs - turn.startMs)),
      rank: 2,
    },
    { title: 'WHAT', text: ({ item }) => KINDS[item.kind], rank: 1 },
    {
      title: 'NAME',
      text: ({ item, depth }) =>
        `${'  '.repeat(Math.min(depth, MAX_INDENT))}${[item.name, item.summary].filter((part) => part !== null).join('  ')}`,
      shrinksTo: 20,
      colour: ({ item }) => STYLES[item.level],
    },
    {
      title: 'TOOK',
      align: 'right',
      text: ({ item }) =>
        item.endMs > item.startMs ? durationText(item.endMs - item.startMs) : '',
    },
    {
      title: 'COST',
      align: 'right',
      text: ({ item }) => (item.costUsd === null ? '' : usdText(item.costUsd)),
    },
    {
      title: 'STATUS',
      text: ({ item }) => item.statusMessage ?? '',
      shrinksTo: 12,
      colour: ({ item }) => STYLES[item.level],
      rank: 3,
    },
  ]
}
