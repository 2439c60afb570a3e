/** What is waste, at what price, and what only looks like it. */
import { describe, expect, test } from 'vitest'
import type { CallFact, Facts, ToolFact } from '../../../../src/reports/waste/facts.ts'
import { type Finding, findingsOf } from '../../../../src/reports/waste/findings.ts'

const MINUTE_MS = 60_000
/** $4 a million tokens, cached ones $0.40, written ones $5. */
const prices = { fresh: 5e-6, cached: 0.4e-6 }

function call(atS: number, more: Partial<CallFact> = {}): CallFact {
  return {
    lane: '',
    startMs: atS * 1000,
    endMs: atS * 1000 + 500,
    model: 'opus',
    requestId: undefined,
    querySource: 'repl_main_thread',
    input: 10,
    output: 90,
    cacheRead: 20_000,
    cacheCreation: 12_000,
    usd: 0.1,
    prices,
    ...more,
  }
}

function tool(atS: number, more: Partial<ToolFact> = {}): ToolFact {
  return {
    lane: '',
    tool: 'Bash',
    startMs: atS * 1000,
    endMs: atS * 1000 + 200,
    requestId: undefined,
    failed: false,
    inputHash: undefined,
    file: undefined,
    range: '',
    resultBytes: undefined,
    waitedMs: 0,
    ...more,
  }
}

const read = (atS: number, more: Partial<ToolFact> = {}): ToolFact =>
  tool(atS, { tool: 'Read', file: '/a.ts', resultBytes: 8000, inputHash: 'h', ...more })

function found(facts: Partial<Facts>): readonly Finding[] {
  return findingsOf({ calls: [], tools: [], compactedMs: [], isCut: false, ...facts })
}

const calls = [1, 3, 5, 7, 9].map((atS) => call(atS))

describe('a retry loop', () => {
  const failing = (atS: number, inputHash = 'npm test'): ToolFact =>
    tool(atS, { failed: true, inputHash })

  test('costs the calls that asked for the same again', () => {
    const tools = [failing(2), failing(4), failing(6)]
    expect(found({ calls, tools })).toEqual([
      // Two calls of 32,100 tokens.
      { kind: 'retry_loop', subject: 'Bash', count: 2, tokens: 64_200, usd: 0.2, ms: 4000 },
    ])
  })

  test('goes by the request that asked, where that is known', () => {
    const asking = [call(1, { requestId: 'a', usd: 1 }), call(3, { requestId: 'b', usd: 2 })]
    const more = [...asking, call(3.1, { requestId: 'c', usd: 4 })]
    const tools = ['a', 'b', 'c'].map((requestId) => ({ ...failing(4), requestId }))
    expect(found({ calls: more, tools })).toMatchObject([{ count: 2, usd: 6 }])
  })

  test.each<{ what: string; tools: readonly ToolFact[] }>([
    { what: 'two tries', tools: [failing(2), failing(4)] },
    { what: 'another input each time', tools: [failing(2, 'a'), failing(4, 'b'), failing(6, 'c')] },
    {
      what: 'something else that worked in between',
      tools: [failing(2), failing(4), tool(5), failing(6)],
    },
    {
      what: 'inputs that are not recorded',
      tools: [2, 4, 6].map((atS) => tool(atS, { failed: true })),
    },
    {
      what: 'three subagents that each fail once',
      tools: ['a', 'b', 'c'].map((lane) => ({ ...failing(4), lane })),
    },
    {
      what: 'three at once, which one call asked for',
      tools: [failing(2), failing(2.1), failing(2.2)],
    },
  ])('is not $what', ({ tools }) => {
    expect(found({ calls, tools })).toEqual([])
  })

  test('has no price where a call has none', () => {
    const unpriced = calls.map((each) => ({ ...each, usd: undefined }))
    const tools = [failing(2), failing(4), failing(6)]
    expect(found({ calls: unpriced, tools })).toEqual([])
  })
})

describe('a file that is read again', () => {
  test('costs its text once more', () => {
    expect(found({ calls, tools: [read(2), read(4), read(6)] })).toEqual([
      // 2 × 8,000 bytes are 4,000 tokens at $5 a million.
      { kind: 'repeated_read', subject: '/a.ts', count: 2, tokens: 4000, usd: 0.02, ms: null },
    ])
  })

  test.each<{ what: string; tools: readonly ToolFact[]; compactedMs?: readonly number[] }>([
    { what: 'another file', tools: [read(2), read(4, { file: '/b.ts' })] },
    { what: 'another part of it', tools: [read(2), read(4, { range: '[100]' })] },
    { what: 'changed', tools: [read(2), tool(3, { tool: 'Edit', file: '/a.ts' }), read(4)] },
    { what: 'maybe changed by a command', tools: [read(2), tool(3), read(4)] },
    { what: 'read by a subagent', tools: [read(2), read(4, { lane: 'sub' })] },
    { what: 'not read the first time', tools: [read(2, { failed: true }), read(4)] },
    { what: 'gone from the context', tools: [read(2), read(4)], compactedMs: [3000] },
    { what: 'of unknown size', tools: [read(2), read(4, { resultBytes: undefined })] },
  ])('is not waste where it is $what', ({ tools, compactedMs = [] }) => {
    expect(found({ calls, tools, compactedMs })).toEqual([])
  })
})

describe('a cold cache', () => {
  const before = call(0, { cacheRead: 90_000, cacheCreation: 10_000 })
  const pause = (minutes: number, more: Partial<CallFact>): readonly CallFact[] => [
    before,
    call(minutes * 60, { cacheRead: 0, cacheCreation: 101_000, ...more }),
  ]

  test('costs what it takes to write it again, above reading it', () => {
    expect(found({ calls: pause(20, {}) })).toEqual([
      {
        ...{ kind: 'cold_cache', subject: 'opus', count: 1 },
        // 100,000 tokens at $5 − $0.40 a million.
        ...{ tokens: 100_000, usd: 0.46, ms: 20 * MINUTE_MS - 500 },
      },
    ])
  })

  test.each<{ what: string; calls: readonly CallFact[]; compactedMs?: readonly number[] }>([
    { what: 'a short pause', calls: pause(4, {}) },
    {
      what: 'a pause that it outlives',
      calls: pause(20, { cacheRead: 98_000, cacheCreation: 2000 }),
    },
    { what: 'a fresh start', calls: pause(20, { cacheCreation: 15_000 }) },
    { what: 'a compaction', calls: pause(20, {}), compactedMs: [5 * MINUTE_MS] },
    { what: 'another model', calls: pause(20, { model: 'haiku' }) },
    { what: 'a title', calls: pause(20, { querySource: 'generate_session_title' }) },
    { what: 'a call without a price', calls: pause(20, { prices: undefined }) },
  ])('is not $what', ({ calls: of, compactedMs = [] }) => {
    expect(found({ calls: of, compactedMs })).toEqual([])
  })
})

describe('compactions', () => {
  test('cost their calls', () => {
    const made = call(5, {
      querySource: 'compact',
      cacheRead: 0,
      cacheCreation: 0,
      input: 90_000,
      usd: 0.4,
    })
    expect(found({ calls: [call(1), made], compactedMs: [5400] })).toEqual([
      { kind: 'compaction', subject: '', count: 1, tokens: 90_090, usd: 0.4, ms: 500 },
    ])
  })

  test('without a priced call are not reported', () => {
    expect(found({ calls: [call(1)], compactedMs: [5400] })).toEqual([])
  })
})

describe('a large result', () => {
  test('costs what it takes to send it, and no more than was sent', () => {
    const tools = [tool(2, { resultBytes: 44_000 }), tool(4, { resultBytes: 80_000 })]
    expect(found({ calls, tools })).toEqual([
      // 11,000 tokens, and 12,010 that the next call had.
      { kind: 'large_result', subject: 'Bash', count: 2, tokens: 23_010, usd: 0.11505, ms: null },
    ])
  })

  test.each<{ what: string; tools: readonly ToolFact[] }>([
    { what: 'of less than 10,000 tokens', tools: [tool(2, { resultBytes: 39_999 })] },
    { what: 'that no call was sent', tools: [tool(20, { resultBytes: 80_000 })] },
  ])('is not one $what', ({ tools }) => {
    expect(found({ calls, tools })).toEqual([])
  })
})

describe('an expensive subagent', () => {
  const cheap = { fresh: 1e-6, cached: 0.08e-6 }
  const side = call(0, { model: 'haiku', prices: cheap, querySource: 'title' })
  const sub = (more: Partial<CallFact> = {}): CallFact => call(2, { lane: 'a', ...more })

  test('costs what a cheaper model of the session would have saved', () => {
    expect(found({ calls: [side, sub(), sub()] })).toEqual([
      // $0.20 at a fifth of the price.
      {
        kind: 'expensive_subagent',
        subject: 'opus',
        count: 1,
        tokens: 64_200,
        usd: 0.16,
        ms: null,
      },
    ])
  })

  test.each<{ what: string; calls: readonly CallFact[] }>([
    { what: 'with long answers', calls: [side, sub({ output: 601 })] },
    { what: 'in a session of one model', calls: [call(0), sub()] },
    {
      what: 'of a model less than three times as expensive',
      calls: [call(0, { prices: { fresh: 2e-6, cached: 0.2e-6 } }), sub()],
    },
    { what: 'of unknown cost', calls: [side, sub({ usd: undefined })] },
  ])('is not one $what', ({ calls: of }) => {
    expect(found({ calls: of })).toEqual([])
  })
})

test('waiting for a person costs time, from half a minute on', () => {
  const tools = [
    tool(2, { waitedMs: 40_000 }),
    tool(90, { waitedMs: 29_999 }),
    tool(200, { waitedMs: 50_000 }),
  ]
  expect(found({ tools })).toEqual([
    { kind: 'waiting', subject: 'Bash', count: 2, tokens: null, usd: null, ms: 90_000 },
  ])
})

test('the most expensive comes first', () => {
  const tools = [read(2), read(4), tool(6, { resultBytes: 44_000 }), tool(8, { waitedMs: 40_000 })]
  expect(found({ calls, tools }).map(({ kind }) => kind)).toEqual([
    'large_result',
    'repeated_read',
    'waiting',
  ])
})
