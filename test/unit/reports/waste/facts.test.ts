/** What the rules of waste make of the records of a session. */
import { expect, test } from 'vitest'
import type { ModelCallEvent, ToolResultEvent } from '../../../../src/domain/agent-event.ts'
import { createFactGathering } from '../../../../src/reports/waste/facts.ts'
import { findingsOf } from '../../../../src/reports/waste/findings.ts'
import { createPriceTable } from '../../../../src/prices/price-table.ts'
import type { SessionInput } from '../../../../src/sessions/reduce.ts'
import {
  arrives,
  call,
  closing,
  decision,
  policy,
  prompt,
  result,
  run,
  span,
  told,
} from '../../sessions/events.ts'

const priceOf = createPriceTable()

function found(...inputs: readonly SessionInput[]) {
  const inputsOf = [arrives(prompt(0)), ...inputs, closing(60)]
  const { emissions } = run(inputsOf, undefined, { ...policy, priceOf })
  const facts = createFactGathering(priceOf)
  return findingsOf(facts.facts(emissions), priceOf).map(
    ({ kind, subject, count, tokens, usd }) => ({
      ...{ kind, subject, count, tokens, usd },
    }),
  )
}

/** 20,000 tokens written to the cache for $0.10, by a model that the price table knows. */
const pays = (seconds: number, more: Partial<ModelCallEvent> = {}): SessionInput =>
  arrives(
    call(seconds, `r${seconds}`, {
      ...told(0.1),
      usage: { input: 0, output: 0, cacheRead: 0, cacheCreation: 20_000 },
      asksForTools: true,
      ...more,
    }),
  )

function uses(
  seconds: number,
  tool: string,
  input: object,
  more: Partial<ToolResultEvent> = {},
): SessionInput {
  const told = { tool, input: JSON.stringify(input), resultBytes: 20_000, ...more }
  return arrives(result(seconds, `t${seconds}`, told))
}

function twice(
  tool: string,
  [first, second]: readonly [object, object],
  ...between: readonly SessionInput[]
) {
  return found(
    pays(1),
    uses(2, tool, first),
    pays(3),
    ...between,
    pays(5),
    uses(6, tool, second),
    pays(8),
  )
}

const again = (subject: string, count = 1) => ({
  ...{ kind: 'repeated_read', subject, count, tokens: 5000 * count },
  usd: 0.025 * count,
})

const A = '/p/a.ts'

test('a file that is read twice', () => {
  expect(twice('Read', [{ file_path: A }, { file_path: A }])).toEqual([again(A)])
  expect(twice('read_file', [{ filePath: A }, { filePath: A }])).toEqual([again(A)])
})

test.each<[string, object, object]>([
  ['startLine', { startLine: 1, endLine: 200 }, { startLine: 201, endLine: 400 }],
  ['offset', { offset: 1 }, { offset: 2000 }],
  ['start_line', { start_line: 1, end_line: 2 }, { start_line: 3, end_line: 4 }],
  ['lines', { lines: '1-200' }, { lines: '201-400' }],
  ['pages', { pages: '1' }, { pages: '2' }],
  ['a whole file', {}, { limit: 10 }],
])('parts of a file by %s are no file that is read twice', (_, first, second) => {
  const both = [
    { filePath: A, ...first },
    { filePath: A, ...second },
  ] as const
  expect(twice('read_file', both)).toEqual([])
  expect(twice('read_file', [both[1], both[1]])).toEqual([again(A)])
})

test('what a tool is told beside it is not a part of the file', () => {
  const both = [{ file_path: A, explanation: 'why' }, { file_path: A }] as const
  expect(twice('Read', both)).toEqual([again(A)])
})

test.each<[string, SessionInput]>([
  ['an edit', uses(4, 'Edit', { file_path: '/p/./a.ts' }, { resultBytes: 10 })],
  ['an MCP server', uses(4, 'mcp__fs__edit_file', { path: A }, { resultBytes: 10 })],
  ['an edit that has no result', arrives(decision(4, 't', { tool: 'Edit' }))],
  ['a prompt', arrives(prompt(4, 'look again', { promptId: 'p2' }))],
])('%s in between is enough', (_, between) => {
  const both = [{ file_path: A }, { file_path: A }] as const
  expect(twice('Read', both, between)).toEqual([])
})

test('an edit that was refused changes nothing', () => {
  const refused = arrives(
    decision(4, 't', { tool: 'Edit', accepted: false, source: 'user_reject' }),
  )
  expect(twice('Read', [{ file_path: A }, { file_path: A }], refused)).toEqual([again(A)])
})

test.each([
  ['Read', { file_path: '/p/a.png' }],
  ['read_file', { filePath: '/p/A.JPEG' }],
  ['Read', { file_path: '/p/paper.pdf', pages: '1-5' }],
  ['mcp__playwright__browser_take_screenshot', {}],
  ['view_image', { path: '/p/a' }],
])('what a picture of %s costs is not known by its bytes', (tool, input) => {
  expect(found(pays(1), uses(2, tool, input, { resultBytes: 900_000 }), pays(3))).toEqual([])
})

test('a large text is found', () => {
  const large = uses(2, 'Read', { file_path: A }, { resultBytes: 48_000 })
  expect(found(pays(1), large, pays(3))).toEqual([
    { kind: 'large_result', subject: 'Read', count: 1, tokens: 12_000, usd: 0.06 },
  ])
})

test('what was sent without writing it to the cache has its own price', () => {
  const large = uses(2, 'Read', { file_path: A }, { resultBytes: 80_000 })
  const usage = { input: 20_000, output: 0, cacheRead: 20_000, cacheCreation: 0 }
  // $4 and $0.20 a million.
  const [finding] = found(pays(1), large, pays(3, { usage, ...told(0.084) }))
  expect(finding).toMatchObject({ tokens: 20_000, usd: 0.08 })
})

test.each([
  ['5 minutes', {}, 0.5, 0.48],
  ['an hour', { cacheCreation1h: 100_000 }, 0.8, 0.78],
])(
  'a cache for %s that is written again is compared with the price of reading it',
  (_, of, usd, wasted) => {
    const written = (seconds: number): SessionInput =>
      arrives(
        call(seconds, `r${seconds}`, {
          ...told(usd),
          usage: { input: 0, output: 0, cacheRead: 0, cacheCreation: 100_000, ...of },
        }),
      )
    // $0.20 a million is a twentieth, and the call read nothing.
    expect(found(written(1), written(602))).toMatchObject([{ kind: 'cold_cache', usd: wasted }])
  },
)

test.each([
  ['whole', (at: number) => `python ${at < 9 ? 'a' : 'b'}.py`, 1],
  ['cut by the agent', () => 'python3 - <<EOF import os…[5129 chars]', 0],
  ['cut here', () => `echo ${'x'.repeat(2000)}`, 0],
])('commands that fail and are %s', (_, command, loops) => {
  const fails = (seconds: number): readonly SessionInput[] => [
    pays(seconds),
    uses(seconds + 1, 'Bash', { command: command(seconds) }, { success: false, resultBytes: 10 }),
  ]
  expect(found(...[1, 3, 5].flatMap(fails))).toHaveLength(loops)
})

test.each([
  ['Bash', 'user_temporary', 1],
  ['Bash', 'user_permanent', 1],
  ['Bash', 'config', 0],
  ['Bash', 'hook', 0],
  ['AskUserQuestion', 'user_temporary', 0],
  ['ExitPlanMode', 'user_temporary', 0],
])('%s, allowed by %s after it waited: %d findings', (tool, source, count) => {
  const waited = [
    arrives(decision(2, 't50', { tool, source })),
    arrives(span('tool_wait', 3, 48, { spanId: 'w', parentSpanId: 'o', toolUseId: 't50' })),
    arrives(span('tool', 3, 50, { spanId: 'o', toolUseId: 't50' })),
    uses(50, tool, { command: 'x' }, { resultBytes: 10 }),
  ]
  const waiting = found(pays(1), ...waited).filter(({ kind }) => kind === 'waiting')
  expect(waiting).toHaveLength(count)
})
