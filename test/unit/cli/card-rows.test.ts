/** What a session's card says of its tools: alike ones together, failures always, little of each prompt. */
import { expect, test } from 'vitest'
import { cardRows } from '../../../src/cli/card-rows.ts'
import type { OutlineRow, OutlineTurn } from '../../../src/reports/session-outline.ts'
import { printed, terminalOf } from './printed.ts'

const row = (name: string, summary: string | null, change: Partial<OutlineRow> = {}) => ({
  depth: 0,
  item: { kind: 'tool', name, summary, level: 'default', statusMessage: null, ...change },
})
const turn = (ordinal: number, rows: readonly object[]): OutlineTurn =>
  ({ head: { ordinal }, rows, omittedRows: 0 }) as unknown as OutlineTurn

const terminal = terminalOf({ columns: 80 })
const linesOf = (turns: readonly OutlineTurn[]) => printed(cardRows(turns, terminal)).split('\n')

test('tools in a row are one line, and what failed has its message', () => {
  const rows = [
    row('opus', null, { kind: 'call' }),
    row('Bash', 'npm test'),
    row('Bash', 'git status'),
    row('Bash', 'git push'),
    row('Edit', 'src/login.ts'),
    row('Bash', 'npm test', { level: 'error', statusMessage: 'exit 1' }),
    row('opus', null, { kind: 'call', level: 'error', statusMessage: 'overloaded' }),
  ]
  expect(linesOf([turn(1, rows)])).toEqual([
    '#  DID       WITH',
    '1  Bash × 3  npm test … git push',
    '   Edit      src/login.ts',
    '   Bash      npm test: exit 1',
    '   opus      overloaded',
  ])
})

test('of a long prompt a few lines are shown, failures among them, and of many prompts the last', () => {
  const many = Array.from({ length: 40 }, (_, index) =>
    index === 30 ? row('Bash', 'late', { level: 'error' }) : row(`Tool${index}`, `${index}`),
  )
  const turns = Array.from({ length: 9 }, (_, index) => turn(index + 1, many))
  const lines = linesOf(turns)
  expect(lines).toHaveLength(1 + 5 * 7)
  expect(lines[1]).toMatch(/^5 {2}Tool0/)
  expect(lines.filter((line) => line.includes('late'))).toHaveLength(5)
  expect(lines[7]).toMatch(/… 34 more +see --turn 5/)
})

test('a session without tools says nothing of them', () => {
  expect(cardRows([turn(1, [])], terminal)).toEqual([])
})
