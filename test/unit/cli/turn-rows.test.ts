/** One prompt as rows in a terminal. */
import { expect, test } from 'vitest'
import type { TurnHead, WaterfallItem } from '../../../src/api/contract/turn.ts'
import { widthOf } from '../../../src/cli/plain-text.ts'
import { turnLines } from '../../../src/cli/turn-rows.ts'
import { waterfallItem } from '../api/waterfall-item.ts'
import { printed, type Screen, terminalOf } from './printed.ts'

const turn: TurnHead = {
  key: '1',
  ordinal: 3,
  startMs: 1000,
  endMs: 9000,
  isSynthetic: false,
  command: null,
  prompt: { text: 'Fix\nthe test', note: null },
  answer: { text: 'Done.', note: null },
  costUsd: 0.1,
  estimatedUsd: 0,
  metricsUsd: 0,
  unpricedCalls: 0,
  tokens: { input: 0, output: 0, cacheRead: 0, cacheCreation: 0 },
  modelCalls: 1,
  toolResults: 2,
  errors: 1,
  truncated: false,
  langfuseUrl: null,
}
const item = (id: string, startMs: number, change: Partial<WaterfallItem> = {}): WaterfallItem =>
  waterfallItem({ id, startMs, endMs: startMs + 1200, ...change })
const items = [
  item('c', 1000, { kind: 'call', name: 'opus', costUsd: 0.1 }),
  item('a', 3000, { name: 'Agent', summary: 'Explore: look' }),
  item('b', 5000, { summary: 'npm test', level: 'error', statusMessage: 'exit code 1' }),
  item('s', 3100, { kind: 'subagent', name: 'Explore', parentId: 'a' }),
]
const shownOf = (rows: readonly WaterfallItem[], screen: Screen = {}) =>
  printed(turnLines(turn, rows, 0, terminalOf(screen)), screen).split('\n')
const shown = (omitted: number, screen: Screen = {}) =>
  printed(turnLines(turn, items, omitted, terminalOf(screen)), screen)

test('a prompt is shown with its rows, each with what it was used for', () => {
  const lines = shown(0)
    .split('\n')
    .map((line) => line.replaceAll(/ {2,}/g, '  ').trim())
  expect(lines).toEqual([
    'Prompt 3  Fix the test',
    '',
    'AFTER  WHAT  NAME  TOOK  WAITED  COST  STATUS',
    '0ms  call  opus  1.2s  $0.10',
    '2.0s  tool  Agent  Explore: look  1.2s',
    '2.1s  subagent  Explore  1.2s',
    '4.0s  tool  Bash  npm test  1.2s  exit code 1',
    '',
    'Answer  Done.',
  ])
})

test('what a subagent did stands below its tool, further right', () => {
  const [, , titles = '', , agent = '', subagent = ''] = shownOf(items)
  const at = titles.indexOf('NAME')
  expect([agent.slice(at).search(/\S/), subagent.slice(at).search(/\S/)]).toEqual([0, 2])
})

test('a tool that was used many times in a row is one row', () => {
  const reads = [1, 2, 3, 4].map((n) =>
    item(`r${n}`, 1000 + n, { name: 'Read', summary: `file ${n}`, endMs: 3000 }),
  )
  const lines = shownOf(reads).map((line) => line.replaceAll(/ {2,}/g, '  ').trim())
  expect(lines.slice(3, -2)).toEqual(['1ms  tool  Read × 4  file 1 … file 4  2.0s'])
})

test('waiting for a person stands apart from the work', () => {
  const facts = { blocked_on_user_ms: '4000', execution_ms: '100' }
  const lines = shownOf([item('w', 1000, { endMs: 5200, facts })])
  expect(lines.slice(2, 4).map((line) => line.replaceAll(/ {2,}/g, '  ').trim())).toEqual([
    'AFTER  WHAT  NAME  TOOK  WAITED  COST  STATUS',
    '0ms  tool  Bash  100ms  4.0s',
  ])
})

test('rows that are left out are counted', () => {
  expect(shown(7)).toContain('(7 more rows; --json has all)')
})

test('a narrow terminal keeps what was called', () => {
  const screen: Screen = { columns: 40 }
  for (const line of shown(0, screen).split('\n').slice(2, 7))
    expect(widthOf(line)).toBeLessThanOrEqual(60)
  expect(shown(0, screen)).toContain('npm test')
})
