/** A turn's waterfall and head, from what the machine says of it. */
import { describe, expect, test } from 'vitest'
import { noLinks } from '../../../src/analytics/langfuse-links.ts'
import { createRecordedText } from '../../../src/analytics/recorded-text.ts'
import { createTurnHeads } from '../../../src/analytics/turn-heads.ts'
import { createWaterfall } from '../../../src/analytics/waterfall.ts'
import type { Observation } from '../../../src/domain/emission.ts'
import { arrival, base, observation } from '../store/arrivals.ts'

const SESSION = 'claude-code/s1'
const T0 = 1_000_000
const seen = (key: string, startMs: number, change: Partial<Observation> = {}): Observation =>
  observation(key, { startMs: T0 + startMs, endMs: T0 + startMs + 10, ...change })

function itemsOf(emissions: readonly Observation[]) {
  const waterfall = createWaterfall(SESSION, '1', createRecordedText(1000))
  waterfall.add(emissions)
  return waterfall.result()
}

describe('the waterfall', () => {
  test('has parents before children, each group by its start', () => {
    const { items } = itemsOf([
      seen('late', 50),
      seen('child', 1, { parentKey: 'parent' }),
      seen('parent', 20, { parentKey: 'root' }),
      seen('early', 5),
      seen('orphan', 30, { parentKey: 'nobody' }),
    ])
    expect(items.map(({ id, parentId }) => [id, parentId])).toEqual([
      ['parent', null],
      ['child', 'parent'],
      ['early', null],
      ['orphan', null],
      ['late', null],
    ])
  })

  test('survives parents in a circle', () => {
    const { items } = itemsOf([seen('a', 1, { parentKey: 'b' }), seen('b', 2, { parentKey: 'a' })])
    expect(items.map(({ id }) => id).sort()).toEqual(['a', 'b'])
  })

  test.each([
    [
      { type: 'generation', model: 'opus', name: 'chat opus' },
      { kind: 'call', name: 'opus' },
    ],
    [
      { type: 'tool', name: 'Bash', level: 'ERROR' },
      { kind: 'tool', name: 'Bash', level: 'error' },
    ],
    [
      { type: 'agent', name: 'subagent Explore' },
      { kind: 'subagent', name: 'Explore' },
    ],
    [{ type: 'span', key: 'tool|1|wait', name: 'waiting' }, { kind: 'waiting' }],
    [{ type: 'span', name: 'compaction' }, { kind: 'note' }],
    [
      { type: 'event', level: 'WARNING' },
      { kind: 'note', level: 'warning' },
    ],
    [{ metadata: { a: 1, b: undefined, c: 'x' } }, { facts: { a: '1', c: 'x' } }],
    [{ completionStartMs: T0 + 5 }, { ttftMs: 4 }],
    [{ input: { a: 1 } }, { input: { text: '{\n  "a": 1\n}', note: null } }],
    [
      { output: '[failed: no]', statusMessage: 'no' },
      { output: null, statusMessage: 'no' },
    ],
  ] as const)('shows %o as %o', (change, expected) => {
    expect(itemsOf([seen('x', 1, change as Partial<Observation>)]).items[0]).toMatchObject(expected)
  })

  test('leaves out roots and other turns, and counts what is too much', () => {
    const root = seen('root', 0, { type: 'agent' })
    const other = seen('other', 0, { traceKey: `${SESSION}/turn/2` })
    const many = Array.from({ length: 2005 }, (_, n) => seen(`n${n}`, n))
    const { items, omitted } = itemsOf([root, other, ...many])
    expect([items.length, omitted]).toEqual([2000, 5])
  })
})

describe('recorded text', () => {
  const text = createRecordedText(1000)
  text.see([
    arrival({ ...base, kind: 'prompt', prompt: { note: 'not recorded: set X=1', length: 12 } }),
    arrival({
      ...base,
      kind: 'tool_result',
      tool: 'Bash',
      success: true,
      durationMs: 1,
      outputNote: 'not recorded: set Y=1',
    }),
  ])

  test.each([
    ['[not recorded: set X=1, 12 characters]', null, 'not recorded: set X=1, 12 characters'],
    ['[not recorded: set Y=1]', null, 'not recorded: set Y=1'],
    ['[no answer recorded]', null, 'no answer recorded'],
    ['[x] is how a checkbox looks]', '[x] is how a checkbox looks]', null],
    ['[not recorded: set Z=1]', '[not recorded: set Z=1]', null],
    ['', '', null],
  ])('%j is text %j or note %j', (shown, expected, note) => {
    expect(text.contentOf(shown)).toEqual({ text: expected, note })
  })

  test('is none where there is none', () => {
    expect(text.contentOf(undefined)).toBeNull()
    expect(text.contentOf(null)).toBeNull()
  })
})

test('turns are bounded: the newest are kept, and the others counted', () => {
  const heads = createTurnHeads(SESSION, createRecordedText(1000), noLinks)
  for (let n = 1; n <= 1500; n += 1) {
    const traceKey = `${SESSION}/turn/t${n}`
    heads.add([seen('root', n * 100, { type: 'agent', traceKey, metadata: { turn: n } })])
  }
  const { turns, omitted } = heads.result()
  expect([turns.length, omitted]).toEqual([1000, 500])
  expect([turns[0]?.ordinal, turns.at(-1)?.ordinal]).toEqual([501, 1500])
})
