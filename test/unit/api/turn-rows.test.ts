/** A turn's items as rows: in place, folded, found, and what failed. */
import { describe, expect, test } from 'vitest'
import type { WaterfallItem } from '../../../src/api/contract/turn.ts'
import {
  errorsOf,
  type Row,
  problemOf,
  rowsOf,
  runFigures,
  runIdOf,
  saidBy,
  waitingOf,
} from '../../../src/api/contract/turn-rows.ts'
import { waterfallItem } from './waterfall-item.ts'

let clock = 0
function item(id: string, change: Partial<WaterfallItem> = {}): WaterfallItem {
  clock += 10
  return waterfallItem({
    id,
    summary: `run ${id}`,
    startMs: clock,
    endMs: clock + 5,
    ...change,
  })
}
const call = (id: string, text: string | null) =>
  item(id, {
    kind: 'call',
    name: 'opus',
    output: text === null ? null : { text, note: null },
  })
const asks = (id: string) =>
  call(id, '{\n  "role": "assistant",\n  "content": null,\n  "tool_calls": []\n}')
const words = (rows: readonly Row[]) =>
  rows.map((row) =>
    row.kind === 'run'
      ? `${row.items.filter(({ kind }) => kind === 'tool').length} ${row.items[0]?.name}`
      : `${'-'.repeat(row.depth)}${row.item.id}`,
  )

describe('rows', () => {
  test('stand below their parents, by start', () => {
    const late = item('late')
    expect(
      words(rowsOf([item('b', { startMs: 900 }), item('c', { parentId: 'b' }), late])),
    ).toEqual(['late', 'b', '-c'])
  })

  test('of one tool in a row are one row, with the calls that only asked for them', () => {
    const items = ['1', '2', '3', '4', '5'].flatMap((n) => [asks(`c${n}`), item(`t${n}`)])
    const rows = rowsOf(items)
    expect(words(rows)).toEqual(['c1', '5 Bash'])
    expect(rows[1]?.kind === 'run' && rows[1].items).toHaveLength(9)
    const open = rowsOf(items, { openRuns: new Set(['t1']) })
    expect(words(open).slice(0, 4)).toEqual(['c1', '5 Bash', '-t1', '-c2'])
    expect(open).toHaveLength(11)
    expect([runIdOf(items, 't3'), runIdOf(items, 'c1')]).toEqual(['t1', undefined])
  })

  test.each<[what: string, between: () => readonly WaterfallItem[]]>([
    ['a failure', () => [item('x', { level: 'error' })]],
    ['a refusal', () => [item('x', { level: 'warning' })]],
    ['another tool', () => [item('x', { name: 'Read' })]],
    ['an answer', () => [call('x', 'I found it.')]],
    [
      'an answer that asks for more',
      () => [call('x', '{\n  "role": "assistant",\n  "content": "Next."\n}')],
    ],
    ['a subagent below it', () => [item('p'), item('x', { kind: 'subagent', parentId: 'p' })]],
  ])('are not folded over %s', (_what, between) => {
    const before = [item('a'), item('b'), item('c')]
    const items = [...before, ...between(), item('d'), item('e'), item('f')]
    expect(words(rowsOf(items)).join(' ')).toContain('x')
    expect(rowsOf(items).every(({ kind }) => kind === 'item')).toBe(true)
  })

  test('that are found are those that say it anywhere, and none is folded', () => {
    const items = [
      ...Array.from({ length: 6 }, (_, n) =>
        item(`${n}`, { summary: n === 3 ? 'npm TEST' : null }),
      ),
      item('in', { input: { text: 'a test', note: null } }),
      item('out', { output: { text: 'tests', note: null } }),
      item('why', { level: 'error', statusMessage: 'no such test' }),
    ]
    expect(words(rowsOf(items, { find: ' test ' }))).toEqual(['3', 'in', 'out', 'why'])
    expect(rowsOf(items, { find: 'nowhere' })).toEqual([])
  })

  test('of five thousand items are made at once', () => {
    const items = Array.from({ length: 5000 }, (_, n) => item(`${n}`, { name: `tool ${n % 2}` }))
    expect(rowsOf(items)).toHaveLength(5000)
    expect(rowsOf(items.map((each) => ({ ...each, name: 'Bash' })))).toHaveLength(1)
  })
})

test('errors are those that failed, the first one first', () => {
  const second = item('second', { level: 'error' })
  const first = item('first', { level: 'error', startMs: 0 })
  expect(errorsOf([second, item('fine'), item('no', { level: 'warning' }), first])).toEqual([
    first,
    second,
  ])
})

test.each<[Partial<WaterfallItem>, ReturnType<typeof waitingOf>]>([
  [
    { facts: { blocked_on_user_ms: '4000', execution_ms: '100' } },
    { waitedMs: 4000, workedMs: 100 },
  ],
  [
    { startMs: 0, endMs: 5000, facts: { blocked_on_user_ms: '4000' } },
    { waitedMs: 4000, workedMs: 1000 },
  ],
  [{ facts: { blocked_on_user_ms: '400' } }, null],
  [{ facts: {} }, null],
  [{ kind: 'call', facts: { blocked_on_user_ms: '4000' } }, null],
])('waiting of %j is %j', (change, waiting) => {
  expect(waitingOf(item('x', change))).toEqual(waiting)
})

describe('the figures of a run', () => {
  const tool = (startMs: number, endMs: number, change: Partial<WaterfallItem> = {}) =>
    item(`${startMs}`, { startMs, endMs, ...change })

  test('take time once that several of its tools took side by side', () => {
    const items = [tool(0, 1000), tool(100, 900), tool(500, 1500), tool(2000, 2500)]
    expect(runFigures({ items })).toEqual({
      name: 'Bash',
      tools: 4,
      calls: 0,
      workedMs: 2000,
      costUsd: null,
      subjects: ['run 0', 'run 2000'],
    })
  })

  test('leave out the time that a tool waited for a person', () => {
    const waited = { facts: { blocked_on_user_ms: '4000', execution_ms: '500' } }
    expect(runFigures({ items: [tool(0, 5000, waited), tool(5000, 5100)] }).workedMs).toBe(600)
  })

  test('have the cost of the calls between its tools', () => {
    const calls = [0.25, 0.5].map((costUsd) => ({ ...asks('c'), costUsd }))
    const { costUsd, calls: count } = runFigures({ items: [tool(0, 1), ...calls, tool(2, 3)] })
    expect([costUsd, count]).toEqual([0.75, 2])
  })
})

describe('a row says', () => {
  const asked = (names: readonly string[], content: string | null = null) =>
    JSON.stringify({
      role: 'assistant',
      content,
      tool_calls: names.map((name) => ({ type: 'function', function: { name, arguments: '{}' } })),
    })

  test.each([
    ['\n\nDone: created hello.txt.\nMore.', 'Done: created hello.txt.'],
    [asked(['Bash'], 'I will run a command.'), 'I will run a command.'],
    [asked(['Read', 'Bash', 'Read']), 'asks for Read × 2, Bash'],
    [asked([]), null],
    ['{"role":"assistant","content":"cut in the mid', null],
    ['[1] see below', '[1] see below'],
    ['{"ok":true}', '{"ok":true}'],
    ['', null],
    [null, null],
    [`${'é'.repeat(90)}.`, `${'é'.repeat(89)}…`],
    [`${'a'.repeat(88)}${'🙂'.repeat(9)}`, `${'a'.repeat(88)}…`],
  ])('of a call that answered %j: %j', (text, said) => {
    expect(saidBy(call('c', text))).toBe(said)
  })

  test('nothing of the output of a tool', () => {
    expect(saidBy(item('t', { output: { text: 'a.txt', note: null } }))).toBeNull()
  })

  test('what went wrong', () => {
    expect(problemOf({ level: 'error', statusMessage: 'exit code 1\nat line 3' })).toBe(
      'exit code 1',
    )
    expect(problemOf({ level: 'warning', statusMessage: 'refused' })).toBe('refused')
    expect(problemOf({ level: 'default', statusMessage: 'fine' })).toBeNull()
    expect(problemOf({ level: 'error', statusMessage: null })).toBeNull()
  })
})
