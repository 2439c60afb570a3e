/** A turn's waterfall and head, from what the machine says of it. */
import { describe, expect, test } from 'vitest'
import { noLinks } from '../../../src/reports/langfuse-links.ts'
import { createRecordedText } from '../../../src/reports/recorded-text.ts'
import { createTurnHeads } from '../../../src/reports/turn-heads.ts'
import { createWaterfall, findItem } from '../../../src/reports/waterfall.ts'
import type { Observation } from '../../../src/domain/emission.ts'
import { arrival, base, observation } from '../storage/arrivals.ts'

const SESSION = 'claude-code/s1'
const T0 = 1_000_000
const options = { sessionKey: SESSION, turnKey: '1', text: createRecordedText(100_000) }
const seen = (key: string, startMs: number, change: Partial<Observation> = {}): Observation =>
  observation(key, { startMs: T0 + startMs, endMs: T0 + startMs + 10, ...change })

function itemsOf(emissions: readonly Observation[]) {
  const waterfall = createWaterfall({ ...options, skipped: 0, limit: 2000 })
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
      { kind: 'tool', name: 'Bash', level: 'error', summary: null },
    ],
    [
      { type: 'tool', name: 'Bash', input: '{"command":"npm test"}' },
      { name: 'Bash', summary: 'npm test' },
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

describe('a page of a waterfall', () => {
  const long = 'ü'.repeat(5000)

  function pageOf(emissions: readonly Observation[], skipped: number, limit: number) {
    const waterfall = createWaterfall({ ...options, skipped, limit })
    waterfall.add(emissions)
    return waterfall.result()
  }

  function allPages(emissions: readonly Observation[], limit: number): string[] {
    const ids: string[] = []
    for (;;) {
      const { items, omitted } = pageOf(emissions, ids.length, limit)
      for (const { id } of items) ids.push(id)
      expect(ids.length + omitted).toBe(emissions.length)
      if (omitted === 0) return ids
      expect(items.length).toBeGreaterThan(0)
    }
  }

  test.each([1, 7, 100, 2000])('has %i items at most, and all pages have each once', (limit) => {
    const many = Array.from({ length: 100 }, (_, n) => seen(`n${n}`, 100 - n))
    const ids = allPages(many, limit)
    expect(ids.toSorted()).toEqual(many.map(({ key }) => key).toSorted())
  })

  test('is bounded in bytes as well', () => {
    const many = Array.from({ length: 2000 }, (_, n) =>
      seen(`n${n}`, n, { input: long, output: long, statusMessage: long }),
    )
    const first = pageOf(many, 0, 2000)
    expect(Buffer.byteLength(JSON.stringify(first.items))).toBeLessThan(1_600_000)
    expect(first.items.length).toBeGreaterThan(50)
    expect(first.items.length + first.omitted).toBe(2000)
    expect(new Set(allPages(many, 2000)).size).toBe(2000)
  })

  test('has long texts cut and says so; an item by itself has them whole', () => {
    const facts = { metadata: { short: 'x', long }, statusMessage: long }
    const one = seen('one', 1, { input: long, output: { list: [long] }, ...facts })
    const { items } = pageOf([one, seen('two', 2, { input: 'short' })], 0, 10)
    expect(items.map(({ truncated }) => truncated)).toEqual([true, false])
    expect(items[0]?.input?.text).toBe(`${'ü'.repeat(1999)}…`)
    expect(items[0]?.output?.text).toHaveLength(2000)
    expect(items[0]?.statusMessage).toHaveLength(2000)
    expect(items[0]?.facts).toMatchObject({ short: 'x', long: `${'ü'.repeat(499)}…` })
    const whole = findItem([seen('two', 2), one], { ...options, id: 'one' })
    expect(whole).toMatchObject({ input: { text: long }, statusMessage: long, truncated: false })
    expect(whole?.facts).toEqual({ short: 'x', long })
    expect(findItem([one], { ...options, id: 'none' })).toBeUndefined()
    expect(findItem([one], { ...options, turnKey: '2', id: 'one' })).toBeUndefined()
  })

  test('may name a parent that stands on another page', () => {
    const child = seen('child', 1, { parentKey: 'subagent|x' })
    const parent = seen('subagent|x', 0, { type: 'agent', parentKey: 'root' })
    expect(pageOf([child, parent], 0, 1).items[0]?.parentId).toBe('subagent|x')
    expect(pageOf([child, parent], 1, 1).items[0]?.parentId).toBeNull()
    expect(pageOf([child], 0, 1).items[0]?.parentId).toBeNull()
  })

  test('is not changed by what is added to a fork of it', () => {
    const waterfall = createWaterfall({ ...options, skipped: 0, limit: 10 })
    waterfall.add([seen('a', 1)])
    const fork = waterfall.fork()
    fork.add([seen('b', 2)])
    expect(fork.result().items).toHaveLength(2)
    waterfall.add([seen('c', 3)])
    expect(waterfall.result().items.map(({ id }) => id)).toEqual(['a', 'c'])
  })

  test('has an id that fits an address for whatever an agent calls it', () => {
    const key = `tool|${'x'.repeat(100_000)}`
    const id = itemsOf([seen(key, 1)]).items[0]?.id ?? ''
    expect(id.length).toBeLessThan(200)
    expect(findItem([seen(key, 1)], { ...options, id })?.id).toBe(id)
    expect(itemsOf([seen(`${key}y`, 1)]).items[0]?.id).not.toBe(id)
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
    // Agents that send no events of prompts and answers tell of turns, subagents and tools by spans.
    arrival({
      ...base,
      kind: 'turn',
      startMs: 1,
      isOver: true,
      prompt: { note: 'not recorded: set P=1' },
      answer: { note: 'not recorded: set A=1' },
    }),
    arrival({
      ...base,
      kind: 'subagent_end',
      subagentType: 'general',
      isBackground: false,
      answer: { note: 'not recorded: set S=1' },
    }),
    arrival({
      ...base,
      kind: 'fallback',
      unless: {},
      event: {
        ...base,
        kind: 'tool_result',
        tool: 'read',
        success: true,
        durationMs: 1,
        inputNote: 'not recorded: set F=1',
      },
    }),
  ])

  test.each([
    ['[not recorded: set X=1, 12 characters]', null, 'not recorded: set X=1, 12 characters'],
    ['[not recorded: set Y=1]', null, 'not recorded: set Y=1'],
    ['[not recorded: set P=1]', null, 'not recorded: set P=1'],
    ['[not recorded: set A=1]', null, 'not recorded: set A=1'],
    ['[not recorded: set S=1]', null, 'not recorded: set S=1'],
    ['[not recorded: set F=1]', null, 'not recorded: set F=1'],
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

describe('turns', () => {
  const traceKey = (n: number): string => `${SESSION}/turn/t${n}`
  const root = (n: number, change: Partial<Observation> = {}): Observation =>
    seen('root', n * 100, {
      type: 'agent',
      traceKey: traceKey(n),
      metadata: { turn: n },
      ...change,
    })
  const tool = (n: number): Observation =>
    seen(`tool ${n}`, n * 100 + 1, { type: 'tool', traceKey: traceKey(n) })
  const headsOf = (emissions: readonly Observation[], beforeOrdinal?: number) => {
    const text = createRecordedText(1000)
    const heads = createTurnHeads({ sessionKey: SESSION, text, maxTextLength: 100, beforeOrdinal })
    heads.add(emissions)
    return heads
  }
  const ordinalsOf = (emissions: readonly Observation[], beforeOrdinal?: number) => {
    const { turns, omitted } = headsOf(emissions, beforeOrdinal).result(noLinks)
    return { count: turns.length, omitted, first: turns[0]?.ordinal, last: turns.at(-1)?.ordinal }
  }
  const many = Array.from({ length: 2500 }, (_, index) => [tool(index + 1), root(index + 1)]).flat()

  test('are bounded: the newest are kept, and the others counted', () => {
    expect(ordinalsOf(many)).toEqual({ count: 1000, omitted: 1500, first: 1501, last: 2500 })
  })

  test('before a number are the newest before it', () => {
    expect(ordinalsOf(many, 1501)).toEqual({ count: 1000, omitted: 500, first: 501, last: 1500 })
    expect(ordinalsOf(many, 501)).toEqual({ count: 500, omitted: 0, first: 1, last: 500 })
    expect(ordinalsOf(many, 1)).toMatchObject({ count: 0, omitted: 0 })
  })

  test('that were left out do not come back with what comes late to them', () => {
    const late = { ...tool(3), key: 'late' }
    expect(ordinalsOf([...many, late])).toEqual({
      count: 1000,
      omitted: 1500,
      first: 1501,
      last: 2500,
    })
  })

  test('have long prompts and answers cut, and say so', () => {
    const long = 'x'.repeat(1000)
    const { turns } = headsOf([
      root(1, { input: long, output: 'short' }),
      root(2, { input: 'y'.repeat(100), output: 'short' }),
    ]).result(noLinks)
    expect(turns.map(({ truncated }) => truncated)).toEqual([true, false])
    expect(turns[0]?.prompt.text).toBe(`${'x'.repeat(99)}…`)
    expect(turns[1]?.prompt.text).toBe('y'.repeat(100))
  })

  test('are not changed by what is added to a fork of them', () => {
    const heads = headsOf([tool(1)])
    const fork = heads.fork()
    fork.add([tool(1), root(1)])
    expect(fork.result(noLinks).turns[0]).toMatchObject({ toolResults: 2, ordinal: 1 })
    expect(heads.result(noLinks).turns[0]).toMatchObject({ toolResults: 1, ordinal: 0 })
  })

  test('lead to Langfuse as soon as its address is known', () => {
    const heads = headsOf([root(1)])
    const trace = () => 'https://langfuse.example/trace'
    expect(heads.result(noLinks).turns[0]?.langfuseUrl).toBeNull()
    expect(heads.result({ ...noLinks, trace }).turns[0]?.langfuseUrl).toBe(trace())
  })
})
