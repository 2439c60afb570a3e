/** One prompt as rows in a terminal. */
import { expect, test } from 'vitest'
import type { TurnHead, WaterfallItem } from '../../../src/api/contract/turn.ts'
import { widthOf } from '../../../src/cli/plain-text.ts'
import { turnLines } from '../../../src/cli/turn-rows.ts'
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
const item = (id: string, startMs: number, change: Partial<WaterfallItem> = {}): WaterfallItem => ({
  id,
  parentId: null,
  kind: 'tool',
  name: 'Bash',
  summary: null,
  startMs,
  endMs: startMs + 1200,
  level: 'default',
  statusMessage: null,
  costUsd: null,
  costSource: null,
  tokens: null,
  ttftMs: null,
  input: null,
  output: null,
  facts: {},
  truncated: false,
  ...change,
})
const items = [
  item('c', 1000, { kind: 'call', name: 'opus', costUsd: 0.1 }),
  item('a', 3000, { name: 'Agent', summary: 'Explore: look' }),
  item('b', 5000, { summary: 'npm test', level: 'error', statusMessage: 'exit code 1' }),
  item('s', 3100, { kind: 'subagent', name: 'Explore', parentId: 'a' }),
]
const shown = (omitted: number, screen: Screen = {}) =>
  printed(turnLines(turn, items, omitted, terminalOf(screen)), screen)

test('a prompt is shown with its rows, each with what it was used for', () => {
  const lines = shown(0)
    .split('\n')
    .map((line) => line.replaceAll(/ {2,}/g, '  ').trim())
  expect(lines).toEqual([
    'Prompt 3  Fix the test',
    '',
    'AFTER  WHAT  NAME  TOOK  COST  STATUS',
    '0ms  call  opus  1.2s  $0.10',
    '2.0s  tool  Agent  Explore: look  1.2s',
    '2.1s  subagent  Explore  1.2s',
    '4.0s  tool  Bash  npm test  1.2s  exit code 1',
    '',
    'Answer  Done.',
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
