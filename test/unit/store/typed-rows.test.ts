/** What an event means, in columns; and that nothing an agent may send is in the way. */
import { describe, expect, test } from 'vitest'
import type { AgentEvent } from '../../../src/domain/agent-event.ts'
import type { Attributes } from '../../../src/domain/attributes.ts'
import type { MetricSample } from '../../../src/domain/metric-sample.ts'
import { arrival, AT_MS, base, nothing, observation, other, row } from './arrivals.ts'
import { openStore, withDatabase } from './open-store.ts'

const ids = { event_id: 1, session_ref: 1, time_ms: AT_MS }
const turn = { ...ids, prompt_id: 'p1', subagent_id: 'agent1' }
const inTurn = { ...base, promptId: 'p1', subagentId: 'agent1' }

const modelCall = {
  ...inTurn,
  kind: 'model_call',
  model: 'claude-opus-5-5',
  usage: { input: 6, output: 133, cacheRead: 14630, cacheCreation: 90 },
  costUsd: 0.00606,
  durationMs: 97,
  isMain: true,
  parameters: {},
} as const

const metric = {
  ...base,
  kind: 'metric',
  name: 'claude_code.token.usage',
  seriesKey: 'series',
  temporality: 'cumulative',
  measure: 'tokens',
  value: 12.5,
} as const

interface Case {
  readonly item: AgentEvent | MetricSample
  readonly table: string
  readonly expected: object
}

describe('a typed row', () => {
  test.each<Case>([
    {
      item: { ...inTurn, kind: 'prompt', prompt: { text: 'hi', length: 2 }, command: 'init' },
      table: 'prompts',
      expected: { ...turn, command: 'init', length: 2, text: 'hi' },
    },
    {
      item: { ...base, kind: 'prompt', prompt: {} },
      table: 'prompts',
      expected: {
        ...ids,
        prompt_id: null,
        subagent_id: null,
        command: null,
        length: null,
        text: null,
      },
    },
    {
      item: { ...modelCall, ttftMs: 78, requestId: 'req1', querySource: 'sdk' },
      table: 'model_calls',
      expected: {
        ...turn,
        model: 'claude-opus-5-5',
        success: 1,
        input_tokens: 6,
        output_tokens: 133,
        cache_read_tokens: 14630,
        cache_creation_tokens: 90,
        cost_usd: 0.00606,
        duration_ms: 97,
        ttft_ms: 78,
        request_id: 'req1',
        query_source: 'sdk',
        is_main: 1,
        attempt: null,
        status_code: null,
        error: null,
      },
    },
    {
      item: {
        ...inTurn,
        kind: 'model_error',
        model: 'claude-opus-5-5',
        message: 'overloaded',
        statusCode: 529,
        durationMs: 12.5,
        attempt: 10,
        isMain: false,
      },
      table: 'model_calls',
      expected: {
        ...turn,
        model: 'claude-opus-5-5',
        success: 0,
        input_tokens: null,
        output_tokens: null,
        cache_read_tokens: null,
        cache_creation_tokens: null,
        cost_usd: null,
        duration_ms: 12.5,
        ttft_ms: null,
        request_id: null,
        query_source: null,
        is_main: 0,
        attempt: 10,
        status_code: 529,
        error: 'overloaded',
      },
    },
    {
      item: {
        ...inTurn,
        kind: 'tool_decision',
        tool: 'Bash',
        toolUseId: 'toolu_1',
        accepted: false,
        source: 'user_reject',
        requestId: 'req1',
      },
      table: 'tool_decisions',
      expected: {
        ...turn,
        tool: 'Bash',
        tool_use_id: 'toolu_1',
        request_id: 'req1',
        accepted: 0,
        source: 'user_reject',
      },
    },
    {
      item: {
        ...inTurn,
        kind: 'tool_result',
        tool: 'Bash',
        toolUseId: 'toolu_1',
        success: false,
        durationMs: 55,
        requestId: 'req1',
        inputBytes: 10,
        resultBytes: 20,
        errorType: 'Error:ENOENT',
        error: 'no such file',
      },
      table: 'tool_calls',
      expected: {
        ...turn,
        tool: 'Bash',
        tool_use_id: 'toolu_1',
        request_id: 'req1',
        success: 0,
        duration_ms: 55,
        input_bytes: 10,
        result_bytes: 20,
        error_type: 'Error:ENOENT',
        error: 'no such file',
      },
    },
    {
      item: { ...metric, facet: 'cacheRead' },
      table: 'metric_points',
      expected: {
        ...ids,
        name: 'claude_code.token.usage',
        measure: 'tokens',
        facet: 'cacheRead',
        series_key: 'series',
        temporality: 'cumulative',
        value: 12.5,
      },
    },
  ])('of a $item.kind goes to $table', async ({ item, table, expected }) => {
    const store = await openStore()
    await store.sessions.commit([arrival(item)], [], () => nothing)
    expect(store.rows(`select * from ${table}`)).toEqual([expected])
  })

  test('goes with its session', async () => {
    const store = await openStore()
    const arrivals = [arrival(modelCall), other('k2', 's2'), other('k3')]
    await store.sessions.commit(arrivals, [], () => nothing)
    withDatabase(store.dataDir, (database) =>
      database.exec(`delete from sessions where session_id = 's1'`),
    )
    expect(store.rows('select dedup_key from events')).toEqual([{ dedup_key: 'k2' }])
    expect(store.rows('select * from model_calls')).toEqual([])
  })
})

describe('odd values', () => {
  test.each([
    { name: 'NUL', text: 'a\0b', kept: 'a\0b' },
    { name: 'line separators', text: '\u2028\u2029\r\n', kept: '\u2028\u2029\r\n' },
    { name: 'astral characters', text: '👩‍💻𝄞', kept: '👩‍💻𝄞' },
    { name: 'half a surrogate pair', text: 'a\ud83db', kept: 'a\ufffdb' },
    { name: 'seventy thousand characters', text: 'ü'.repeat(70_010), kept: 'ü'.repeat(70_010) },
    { name: 'SQL', text: `'); drop table events; --`, kept: `'); drop table events; --` },
  ])('$name in text is stored', async ({ text, kept }) => {
    const store = await openStore()
    const attributes: Attributes = { prompt: text, ['__proto__']: text }
    const prompt = arrival(
      { ...base, kind: 'prompt', dedupKey: text, prompt: { text } },
      { attributes },
    )
    const outcome = {
      sessions: [row('s1', { state: { seen: [text] }, userId: text })],
      emissions: [observation(text, { input: text })],
    }
    await store.sessions.commit([prompt, prompt], [], () => outcome)

    expect(store.rows('select text from prompts')).toEqual([{ text: kept }])
    expect(store.rows('select dedup_key from events')).toEqual([{ dedup_key: kept }])
    expect(store.rows('select attributes from events')).toEqual([
      { attributes: JSON.stringify(attributes) },
    ])
    const due = await store.outbox.due(AT_MS, 10, 1)
    expect(due.map(({ emission }) => emission)).toEqual(outcome.emissions)
    let seen: readonly string[] | undefined
    await store.sessions.commit([], ['claude-code/s1'], (_, stored) => {
      seen = stored.get('claude-code/s1')?.seen
      return nothing
    })
    expect(seen).toEqual([text])
  })

  test.each([
    { value: Number.NaN, kept: null },
    { value: Number.POSITIVE_INFINITY, kept: Number.POSITIVE_INFINITY },
    { value: 1e300, kept: 1e300 },
    { value: -0.1, kept: -0.1 },
    { value: 2 ** 53, kept: 2 ** 53 },
  ])('the number $value does not make the commit fail', async ({ value, kept }) => {
    const store = await openStore()
    const arrivals = [arrival({ ...metric, value, timeMs: value }), other('neighbour')]
    const sessions = [row('s1', { costUsd: value, firstMs: value })]
    await store.sessions.commit(arrivals, [], () => ({ ...nothing, sessions }))
    expect(store.rows('select value, time_ms from metric_points')).toEqual([
      { value: kept, time_ms: kept },
    ])
    expect(store.rows('select cost_usd, first_ms from sessions')).toEqual([
      { cost_usd: kept, first_ms: kept },
    ])
    expect(store.rows('select count(*) as n from events')).toEqual([{ n: 2 }])
  })
})
