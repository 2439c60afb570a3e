/** What is waste, at what price, and what only looks like it. */
import { describe, expect, test } from 'vitest'
import type { TokenUsage } from '../../../../src/domain/agent-event.ts'
import type { PriceOf } from '../../../../src/domain/price.ts'
import type { CallFact, Facts, ToolFact } from '../../../../src/reports/waste/facts.ts'
import { type Finding, findingsOf } from '../../../../src/reports/waste/findings.ts'

const MINUTE_MS = 60_000
/** $4 a million tokens, cached ones $0.40, written ones $5. */
const prices = { fresh: 5e-6, input: 4e-6, cached: 0.4e-6 }

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
    usage: { input: 10, output: 90, cacheRead: 20_000, cacheCreation: 12_000 },
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
  return findingsOf({ calls: [], tools: [], turns: [], compactedMs: [], isCut: false, ...facts })
}

/** A file that is read before and after what another tool does. */
function between(more: Partial<ToolFact>): readonly ToolFact[] {
  return [read(2), tool(3, more), read(4)]
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

  test('shares calls that asked for tools of another loop as well', () => {
    const asking = ['a', 'b', 'c'].map((requestId, at) => call(at, { requestId }))
    const ofTool = (name: string, atS: number): readonly ToolFact[] =>
      ['a', 'b', 'c'].map((requestId, at) => ({
        ...failing(atS + at, name),
        tool: name,
        requestId,
      }))
    const tools = [...ofTool('Bash', 4), ...ofTool('Grep', 7)]
    expect(found({ calls: asking, tools })).toEqual([
      // Half of two calls each.
      { kind: 'retry_loop', subject: 'Bash', count: 2, tokens: 32_100, usd: 0.1, ms: 2000 },
      { kind: 'retry_loop', subject: 'Grep', count: 2, tokens: 32_100, usd: 0.1, ms: 2000 },
    ])
  })

  test('is each of several that fail in turn', () => {
    const asking = [1, 4, 7].map((atS) => call(atS, { requestId: `r${atS}` }))
    const tools: readonly ToolFact[] = [2, 5, 8].flatMap((atS) =>
      ['make', 'npm test'].map((inputHash, at) => ({
        ...failing(atS + at, inputHash),
        requestId: `r${atS - 1}`,
      })),
    )
    // Half of two calls each, told as one row of the tool.
    const loops = { kind: 'retry_loop', subject: 'Bash', count: 4, tokens: 64_200, usd: 0.2 }
    expect(found({ calls: asking, tools })).toMatchObject([loops])
    expect(found({ calls: asking, tools: tools.toSpliced(3, 0, tool(5.5)) })).toEqual([])
  })

  test('is none where a person asked for it again', () => {
    const tools = [failing(2), failing(4), failing(6)]
    const turns = [1, 3, 5].map((atS) => ({ startMs: atS * 1000 - 100, isPrompt: true }))
    expect(found({ calls, tools, turns })).toEqual([])
    const byItself = turns.map((turn) => ({ ...turn, isPrompt: false }))
    expect(found({ calls, tools, turns: byItself })).toMatchObject([{ count: 2 }])
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
    { what: 'written under another name', tools: between({ tool: 'Edit', file: 'src/../a.ts' }) },
    {
      what: 'not written after all, which may be for it had changed',
      tools: between({ tool: 'Edit', file: '/a.ts', failed: true }),
    },
    {
      what: 'maybe changed by a tool that began before and ended after',
      tools: [read(2), read(4), tool(1, { endMs: 9000 })],
    },
    {
      what: 'changed while it was read the first time',
      tools: [
        tool(2, { tool: 'Edit', file: '/a.ts' }),
        read(2, { startMs: 1900, endMs: 2300 }),
        read(4),
      ],
    },
    {
      what: 'changed by a subagent',
      tools: between({ tool: 'Write', file: '/a.ts', lane: 'sub' }),
    },
    ...[
      ...['replace_string_in_file', 'insert_edit_into_file', 'edit_file', 'write_to_file'],
      ...['apply_diff', 'search_replace', 'MultiEdit', 'NotebookEdit', 'write_file', 'replace'],
    ].map((name) => ({
      what: `changed by ${name}`,
      tools: between({ tool: name, file: '/a.ts' }),
    })),
    ...[
      ...[
        'mcp__filesystem__edit_file',
        'mcp__serena__replace_symbol_body',
        'mcp_tool',
        'apply_patch',
      ],
      ...['mcp__db__run_query', 'mcp__fs__get_or_create', 'mcp__fs__readAndWrite', 'exec_command'],
      ...['Task', 'Skill', 'AskUserQuestion', 'a_tool_that_nobody_knows', 'mcp__read__format'],
    ].map((name) => ({ what: `maybe changed by ${name}`, tools: between({ tool: name }) })),
  ])('is not waste where it is $what', ({ tools, compactedMs = [] }) => {
    expect(found({ calls, tools, compactedMs })).toEqual([])
  })
})

describe('a file that is read again is waste', () => {
  test.each<{ what: string; tools: readonly ToolFact[] }>([
    { what: 'another file was changed', tools: between({ tool: 'Edit', file: '/b.ts' }) },
    ...['Grep', 'list_dir', 'TodoWrite', 'WebFetch', 'mcp__github__get_issue'].map((name) => ({
      what: `${name} changed nothing`,
      tools: between({ tool: name }),
    })),
    { what: 'its name is written otherwise', tools: [read(2), read(4, { file: '/x/../a.ts' })] },
    {
      what: 'a subagent reads it twice while its tool is at work',
      tools: [
        ...[read(2, { lane: 'sub' }), read(4, { lane: 'sub' })],
        tool(1, { tool: 'Task', endMs: 9000 }),
      ],
    },
  ])('where $what', ({ tools }) => {
    const ofSub = calls.map((each) => ({ ...each, lane: 'sub' }))
    expect(found({ calls: [...calls, ...ofSub], tools })).toMatchObject([
      { kind: 'repeated_read', count: 1, tokens: 2000, usd: 0.01 },
    ])
  })

  test.each([true, false])('unless a turn began in between (of a person: %s)', (isPrompt) => {
    const turns = [
      { startMs: 500, isPrompt: true },
      { startMs: 3000, isPrompt },
    ]
    expect(found({ calls, tools: [read(2), read(4)], turns })).toEqual([])
    expect(found({ calls, tools: [read(2), read(4)], turns: turns.slice(0, 1) })).toHaveLength(1)
  })

  test('and several of one call cost no more than it was sent', () => {
    const files = ['/a.ts', '/b.ts', '/c.ts']
    const all = (atS: number) => files.map((file) => read(atS, { file, resultBytes: 40_000 }))
    const next = call(5, { input: 0, cacheCreation: 3000 })
    const findings = found({ calls: [call(1), call(3), next], tools: [...all(2), ...all(4)] })
    const ofReads = findings.filter(({ kind }) => kind === 'repeated_read')
    expect(ofReads.map(({ tokens, usd }) => [tokens, usd])).toEqual(files.map(() => [1000, 0.005]))
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

  test.each(['compact', 'auto_compact', 'compaction'])('are calls for %s', (querySource) => {
    expect(found({ calls: [call(1, { querySource })] })).toMatchObject([{ kind: 'compaction' }])
  })

  test.each(['agent:custom:log-compactor', 'agent:custom:compact', 'compactor', 'sdk'])(
    'are no calls for %s',
    (querySource) => {
      expect(found({ calls: [call(1, { querySource })] })).toEqual([])
    },
  )

  test('without a priced call are not reported', () => {
    expect(found({ calls: [call(1)], compactedMs: [5400] })).toEqual([])
  })
})

describe('a large result', () => {
  test('costs what it takes to send it, and no more than was sent', () => {
    const tools = [tool(2, { resultBytes: 44_000 }), tool(4, { resultBytes: 80_000 })]
    expect(found({ calls, tools })).toEqual([
      // 11,000 tokens, and 12,010 that the next call had, ten of these at the price without the cache.
      { kind: 'large_result', subject: 'Bash', count: 2, tokens: 23_010, usd: 0.11504, ms: null },
    ])
  })

  test('has its share of what one call was sent of several', () => {
    const next = call(3, { input: 2, cacheCreation: 30_000 })
    const tools = [2, 2.1, 2.2].map((atS) => tool(atS, { resultBytes: 200_000 }))
    const [finding, ...others] = found({ calls: [call(1), next], tools })
    expect(others).toEqual([])
    expect(finding).toMatchObject({ kind: 'large_result', count: 3, tokens: 30_000 })
    expect(finding?.usd).toBeCloseTo(0.150_008, 6)
  })

  test('has no more than its share beside small ones', () => {
    const tools = [tool(2, { resultBytes: 45_000 }), tool(2.1, { resultBytes: 15_000 })]
    // 12,010 tokens of 15,000 that the results would have: 9,007 of the first.
    expect(found({ calls, tools })).toEqual([])
  })

  test.each<{ what: string; tools: readonly ToolFact[] }>([
    { what: 'of less than 10,000 tokens', tools: [tool(2, { resultBytes: 39_999 })] },
    { what: 'that no call was sent', tools: [tool(20, { resultBytes: 80_000 })] },
    { what: 'of which a summary was sent', tools: [tool(2, { resultBytes: 80_000 })] },
  ])('is not one $what', ({ what, tools }) => {
    const compactedMs = what.includes('summary') ? [2500] : []
    expect(found({ calls, tools, compactedMs })).toEqual([])
  })

  test.each([1600, 9990])('is not one of which %d tokens were sent', (cacheCreation) => {
    const next = call(3, { input: 2, cacheCreation })
    expect(found({ calls: [next], tools: [tool(2, { resultBytes: 900_000 })] })).toEqual([])
  })
})

describe('an expensive subagent', () => {
  /** Of a million tokens each. */
  const rates: Readonly<Record<string, TokenUsage>> = {
    opus: { input: 4, output: 20, cacheRead: 0.2, cacheCreation: 5 },
    haiku: { input: 1, output: 5, cacheRead: 0.1, cacheCreation: 1.25 },
    gpt: { input: 2.5, output: 10, cacheRead: 1.25, cacheCreation: 0 },
  }
  const priceOf: PriceOf = ({ model, usage }) => {
    const of = rates[model]
    if (of === undefined) return undefined
    const kinds = ['input', 'output', 'cacheRead', 'cacheCreation'] as const
    const usd = kinds.reduce((sum, kind) => sum + (usage[kind] * of[kind]) / 1e6, 0)
    return { usd, byKind: {}, source: 'estimated' }
  }
  const usage = { input: 5000, output: 400, cacheRead: 20_000, cacheCreation: 0 }
  const main = (model: string): CallFact => call(0, { model })
  const sub = (model: string, of: TokenUsage = usage): CallFact =>
    call(2, {
      ...{ lane: 'a', model, usage: of, ...of },
      usd: priceOf({ model, timeMs: 0, usage: of })?.usd,
    })
  const ofSubagents = (...of: readonly CallFact[]) =>
    findingsOf({ calls: of, tools: [], turns: [], compactedMs: [], isCut: false }, priceOf)

  test('costs what another model of the session would have saved for the same tokens', () => {
    // 3 × ($0.032 − $0.009).
    expect(ofSubagents(main('haiku'), sub('opus'), sub('opus'), sub('opus'))).toEqual([
      {
        ...{ kind: 'expensive_subagent', subject: 'opus', count: 1 },
        ...{ tokens: 76_200, usd: 0.069, ms: null },
      },
    ])
    // $0.0415 and $0.009.
    expect(ofSubagents(main('haiku'), sub('gpt'))).toMatchObject([{ usd: 0.0325 }])
  })

  test('by what the agent says that it cost', () => {
    const half = { ...sub('opus'), usd: 0.016 }
    expect(ofSubagents(main('haiku'), half)).toMatchObject([{ usd: 0.0115 }])
  })

  test.each<{ what: string; calls: readonly CallFact[] }>([
    { what: 'with long answers', calls: [main('haiku'), sub('opus', { ...usage, output: 601 })] },
    { what: 'in a session of one model', calls: [main('opus'), sub('opus')] },
    { what: 'that costs less than three times as much', calls: [main('opus'), sub('gpt')] },
    {
      what: 'that is cheaper for what it did',
      calls: [main('opus'), sub('gpt', { ...usage, cacheRead: 2000 })],
    },
    { what: 'beside a model without a price', calls: [main('unknown'), sub('opus')] },
    { what: 'of unknown cost', calls: [main('haiku'), { ...sub('opus'), usd: undefined }] },
  ])('is not one $what', ({ calls: of }) => {
    expect(ofSubagents(...of)).toEqual([])
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
