/** Tables at the widths of terminals, and in pipes. */
import { describe, expect, test } from 'vitest'
import { cutTo, plainLine, widthOf } from '../../../src/cli/plain-text.ts'
import { type Column, tableLines } from '../../../src/cli/table.ts'
import type { Terminal } from '../../../src/cli/terminal.ts'
import { printed, terminalOf } from './printed.ts'

interface Row {
  readonly id: string
  readonly cost: string
  readonly title: string
}

const columns: readonly Column<Row>[] = [
  { title: 'ID', text: ({ id }) => id },
  { title: 'COST', align: 'right', text: ({ cost }) => cost, rank: 1 },
  { title: 'TITLE', text: ({ title }) => title, shrinksTo: 6 },
]
const rows: readonly Row[] = [
  { id: '3f2a', cost: '$4.20', title: 'Fix the login test' },
  { id: '77', cost: '$12.00', title: '漢字の題名' },
]

const terminal = (columns: number, isTTY = true) => terminalOf({ columns, isTTY })
const linesAt = (to: Terminal) => printed(tableLines(columns, rows, to)).split('\n')

test.each([
  [
    'wide: as it is',
    terminal(80),
    ['ID      COST  TITLE', '3f2a   $4.20  Fix the login test', '77    $12.00  漢字の題名'],
  ],
  [
    'narrower: the title is cut, by what it takes on the screen',
    terminal(22),
    ['ID      COST  TITLE', '3f2a   $4.20  Fix the…', '77    $12.00  漢字の…'],
  ],
  [
    'too narrow: the cost goes',
    terminal(19),
    ['ID    TITLE', '3f2a  Fix the logi…', '77    漢字の題名'],
  ],
  [
    'a pipe: nothing is cut',
    terminal(10, false),
    ['ID      COST  TITLE', '3f2a   $4.20  Fix the login test', '77    $12.00  漢字の題名'],
  ],
])('%s', (_, to, lines) => {
  expect(linesAt(to)).toEqual(lines)
})

test('no line is wider than any terminal that has room for what cannot shrink', () => {
  for (let width = 12; width <= 60; width += 1) {
    const widest = Math.max(...linesAt(terminal(width)).map(widthOf))
    expect([width, widest <= width]).toEqual([width, true])
  }
})

test('colours take no room', () => {
  const coloured = columns.map((column) => ({ ...column, colour: () => 'red' as const }))
  const text = printed(tableLines(coloured, rows, terminal(22)), { columns: 22 })
  expect(text).toContain('\u001b[31m')
  expect(Math.max(...text.split('\n').map(widthOf))).toBeLessThanOrEqual(22)
})

describe('text from outside', () => {
  test.each([
    ['two\nlines\tand a tab', 'two lines and a tab'],
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b]0;title\u0007window', 'window'],
    ['back\u0008space\u0007', 'back space'],
    ['abc\u202Edcba', 'abc dcba'],
    ['  plain  ', 'plain'],
    ['👩‍👩‍👧 stays', '👩‍👩‍👧 stays'],
  ])('%j', (text, shown) => expect(plainLine(text)).toBe(shown))

  test.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['漢字', 3, '漢…'],
    ['漢字', 4, '漢字'],
    ['👩‍👩‍👧👩‍👩‍👧', 3, '👩‍👩‍👧…'],
    ['abc', 0, ''],
  ])('%s in %d columns', (text, width, shown) => expect(cutTo(text, width)).toBe(shown))
})
