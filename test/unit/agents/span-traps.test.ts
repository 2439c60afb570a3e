/**
 * What goes wrong easily with spans of the conventions and their dialects, in more forms than the
 * payloads of public projects have. Each comes in every order.
 */
import { describe, expect, test } from 'vitest'
import type { Attributes } from '../../../src/domain/json-value.ts'
import { type Figures, figuresOf, ordersOf, type Sketch, spansOf } from './span-orders.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'

interface Trap {
  readonly name: string
  readonly tree: Sketch
  readonly told: Partial<Figures>
}

const span = (name: string, attributes: Attributes, within: readonly Sketch[] = []): Sketch => ({
  ...{ name, attributes, within },
})
const operation = (name: string) => ({ 'gen_ai.operation.name': name })
const tokens = (input: number, output: number) => ({
  'gen_ai.usage.input_tokens': input,
  'gen_ai.usage.output_tokens': output,
})
const chat = (more: Attributes): Sketch => span('chat m', { ...operation('chat'), ...more })

const cached = { calls: 1, input: 10, cacheRead: 80, cacheWrite: 10, output: 20 }
/** 100 tokens in, of which 80 were read and 10 written, in the ways in which they are spelt. */
const buckets: readonly (readonly [string, Attributes])[] = [
  [
    'today’s names',
    {
      ...tokens(100, 20),
      'gen_ai.usage.cache_read.input_tokens': 80,
      'gen_ai.usage.cache_write.input_tokens': 10,
    },
  ],
  [
    'flat names, as text',
    {
      'gen_ai.usage.input_tokens': '100',
      'gen_ai.usage.output_tokens': '20',
      'gen_ai.usage.cache_read_input_tokens': '80',
      'gen_ai.usage.cache_creation_input_tokens': '10',
    },
  ],
  [
    'both names at once',
    {
      ...tokens(100, 20),
      'gen_ai.usage.cache_read.input_tokens': 80,
      'gen_ai.usage.cache_read_input_tokens': 80,
      'gen_ai.usage.cache_creation.input_tokens': 10,
      'gen_ai.usage.cache_creation_input_tokens': 10,
    },
  ],
  [
    'the oldest names with details',
    {
      'gen_ai.usage.prompt_tokens': 100,
      'gen_ai.usage.completion_tokens': 20,
      'gen_ai.usage.details.cache_read_tokens': 80,
      'gen_ai.usage.details.cache_write_tokens': 10,
    },
  ],
  [
    'names below input_tokens',
    {
      ...tokens(100, 20),
      'gen_ai.usage.input_tokens.cached': 80,
      'gen_ai.usage.input_tokens.cache_write': 10,
    },
  ],
  [
    'an input that is without the cache',
    {
      ...tokens(10, 20),
      'gen_ai.usage.cache_read.input_tokens': 80,
      'gen_ai.usage.cache_creation.input_tokens': 10,
    },
  ],
  [
    'OpenInference',
    {
      'openinference.span.kind': 'LLM',
      'llm.token_count.prompt': 100,
      'llm.token_count.completion': 20,
      'llm.token_count.prompt_details.cache_read': 80,
      'llm.token_count.prompt_details.cache_write': 10,
    },
  ],
  [
    'the AI SDK, the writes in the provider’s JSON',
    {
      'ai.operationId': 'ai.streamText.doStream',
      'ai.usage.inputTokens': 100,
      'ai.usage.outputTokens': 20,
      'ai.usage.cachedInputTokens': '80',
      'ai.response.providerMetadata':
        '{"anthropic":{"usage":{"cache_read_input_tokens":80,"cache_creation_input_tokens":10}}}',
    },
  ],
]

const noConversation: readonly (readonly [string, Attributes])[] = [
  ['false', { 'gen_ai.conversation.id': false }],
  ['a previous response', { 'gen_ai.conversation.id': 'resp_0123456789' }],
  ['a message', { 'gen_ai.conversation.id': 'msg_0123456789' }],
  ['the span’s own response', { 'gen_ai.conversation.id': 'x-9', 'gen_ai.response.id': 'x-9' }],
  ['zeros', { 'gen_ai.conversation.id': '00000000-0000-0000-0000-000000000000' }],
  ['a word', { 'gen_ai.conversation.id': 'None' }],
  ['nothing', { 'gen_ai.conversation.id': '', 'session.id': '' }],
]

const traps: readonly Trap[] = [
  ...buckets.map(([how, attributes]) => ({
    name: `cached tokens: ${how}`,
    tree: span('call', { ...operation('chat'), ...attributes }),
    told: cached,
  })),
  ...noConversation.map(([what, attributes]) => ({
    name: `a conversation id that is ${what} splits no turn`,
    tree: span('app', operation('invoke_agent'), [
      chat(tokens(5, 1)),
      chat({ ...tokens(7, 2), ...attributes }),
    ]),
    told: { sessions: [`genai/${TRACE}`], turns: 1, calls: 2, input: 12, output: 3 },
  })),
  {
    name: 'a true id stands beside a false one',
    tree: span('app', { ...operation('invoke_agent'), 'session.id': 's-2' }, [
      chat({ ...tokens(5, 1), 'gen_ai.conversation.id': 'resp_1', 'session.id': 's-2' }),
    ]),
    told: { sessions: ['genai/s-2'], turns: 1, calls: 1, input: 5, output: 1 },
  },
  {
    name: 'partial counts are none, the root tells all (OpenTelemetry’s names)',
    tree: span('run', { ...operation('invoke_agent'), ...tokens(40, 415) }, [
      chat({ 'gen_ai.usage.partial.input_tokens': 20, 'gen_ai.usage.partial.output_tokens': 1 }),
      chat({ 'gen_ai.usage.partial.input_tokens': 20, 'gen_ai.usage.partial.output_tokens': 1 }),
    ]),
    told: { turns: 1, calls: 2, input: 40, output: 415, delivered: 40 },
  },
  {
    name: 'a call that another instrumentation wraps',
    tree: span('ask', { 'traceloop.span.kind': 'workflow', 'traceloop.entity.name': 'ask' }, [
      {
        ...span(
          'ChatCompletion',
          {
            'openinference.span.kind': 'LLM',
            'llm.token_count.prompt': 30,
            'llm.token_count.completion': 3,
          },
          [
            span('openai.chat', {
              'llm.request.type': 'chat',
              'gen_ai.usage.prompt_tokens': 30,
              'gen_ai.usage.completion_tokens': 3,
            }),
          ],
        ),
        scope: 'openinference.instrumentation.openai',
      },
    ]),
    told: { turns: 1, calls: 1, input: 30, output: 3, delivered: 30 },
  },
  {
    name: 'two AGENT spans around one call are a turn',
    tree: span('workflow', { 'openinference.span.kind': 'AGENT', 'session.id': 'oi' }, [
      span('agent', { 'openinference.span.kind': 'AGENT', 'session.id': 'oi' }, [
        span('LLM', {
          ...{ 'openinference.span.kind': 'LLM', 'llm.token_count.prompt': 9 },
          ...{ 'llm.token_count.completion': 1, 'session.id': 'oi' },
        }),
        span('tool', { 'openinference.span.kind': 'TOOL', 'tool.name': 't', 'session.id': 'oi' }),
      ]),
    ]),
    told: { sessions: ['genai/oi'], turns: 1, calls: 1, tools: 1, input: 9, output: 1 },
  },
  {
    name: 'an operation of a name of its own that used tokens',
    tree: span('app', operation('invoke_agent'), [
      span('responses m', { ...operation('responses'), ...tokens(8, 2) }),
      span('plan', { ...operation('plan'), ...tokens(4, 1) }, [chat(tokens(4, 1))]),
    ]),
    told: { turns: 1, calls: 2, input: 12, output: 3, delivered: 12 },
  },
  {
    name: 'operations in capitals',
    tree: span('app', operation('INVOKE_AGENT'), [
      span('c', { ...operation('Chat'), ...tokens(8, 2) }),
      span('t', { ...operation('Execute_Tool'), 'gen_ai.tool.name': 't' }),
    ]),
    told: { turns: 1, calls: 1, tools: 1, input: 8, output: 2 },
  },
  {
    name: 'a tool that only its name tells',
    tree: span('app', operation('invoke_agent'), [
      chat(tokens(8, 2)),
      span('run', { 'gen_ai.tool.name': 't' }),
    ]),
    told: { turns: 1, calls: 1, tools: 1, input: 8 },
  },
  {
    name: 'a failure that only error.type tells',
    tree: span('app', operation('invoke_agent'), [
      chat({ 'gen_ai.request.model': 'm', 'error.type': 'rate_limit' }),
      chat(tokens(8, 2)),
      span('t', {
        ...operation('execute_tool'),
        'gen_ai.tool.name': 't',
        'error.type': 'tool_error',
      }),
    ]),
    told: { turns: 1, calls: 1, failedCalls: 1, tools: 1, failedTools: 1, input: 8 },
  },
  {
    name: 'the same answer on two spans beside each other',
    tree: span('app', operation('invoke_agent'), [
      chat({ ...tokens(8, 2), 'gen_ai.response.id': 'resp-a' }),
      chat({ ...tokens(8, 2), 'gen_ai.response.id': 'resp-a' }),
      chat({ ...tokens(8, 2), 'gen_ai.response.id': 'resp-b' }),
    ]),
    told: { turns: 1, calls: 2, input: 16, output: 4, delivered: 16 },
  },
  {
    name: 'goose’s calls for the user, and one to compact',
    tree: {
      ...span('reply', { 'session.id': 'g', ...tokens(20, 4) }, [
        chat({ ...tokens(8, 2), 'session.id': 'g', 'goose.chat.purpose': 'compaction' }),
        chat({ ...tokens(12, 2), 'session.id': 'g', 'goose.chat.purpose': 'inference' }),
      ]),
      scope: 'goose',
    },
    told: { sessions: ['goose/g'], turns: 1, calls: 2, input: 20, output: 4, delivered: 20 },
  },
  {
    name: 'OpenClaw’s turn of another command line, and its sum beside it',
    tree: {
      ...span('openclaw.harness.run', { 'openclaw.harness.id': 'claude-cli' }, [
        span('openclaw.run', {}, [
          span('openclaw.model.call', {
            ...operation('invoke_agent'),
            'openclaw.model_call.observation_unit': 'turn',
            ...tokens(100, 20),
            'gen_ai.usage.cache_read.input_tokens': 80,
            'gen_ai.usage.cache_creation.input_tokens': 10,
          }),
          span('openclaw.tool.execution', { 'openclaw.toolName': 'exec' }),
          span('openclaw.tool.execution', {
            ...{ 'openclaw.toolName': 'exec', 'openclaw.outcome': 'blocked' },
            'openclaw.deniedReason': 'policy',
          }),
        ]),
        span('openclaw.model.usage', {
          ...{ ...operation('chat'), ...tokens(100, 20), 'openclaw.tokens.input': 10 },
          ...{ 'openclaw.tokens.output': 20, 'openclaw.tokens.cache_read': 80 },
          'openclaw.tokens.cache_write': 10,
        }),
      ]),
      scope: 'openclaw',
    },
    told: {
      ...{ ...cached, sessions: [`openclaw/${TRACE}`], turns: 1, delivered: 10 },
      ...{ tools: 2, failedTools: 1 },
    },
  },
]

describe.each(traps)('$name', ({ tree, told }) => {
  test.each(Object.entries(ordersOf(spansOf(tree, TRACE))))('%s', async (_order, requests) => {
    const figures = await figuresOf(requests)
    expect(figures).toMatchObject(told)
    expect(await figuresOf(requests, 3)).toEqual(figures)
    // Each to a process that was started for it.
    expect(await figuresOf(requests, requests.length)).toEqual(figures)
  })
})
