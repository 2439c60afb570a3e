/** Observations as spans of the GenAI semantic conventions. */
import { describe, expect, test } from 'vitest'
import { genAiSpan } from '../../../../src/exporters/otlp/gen-ai-span.ts'
import { spanIdOf, traceIdOf } from '../../../../src/exporters/ids.ts'
import { spanJson } from '../../../../src/otlp/encode-spans.ts'
import { sampleObservation } from '../langfuse/sample-emissions.ts'

const attributesOf = (change: Parameters<typeof sampleObservation>[0]) =>
  genAiSpan(sampleObservation(change)).attributes

describe('a model call', () => {
  const call = {
    type: 'generation',
    name: 'chat claude-opus-5',
    model: 'claude-opus-5',
    usage: { input: 10, output: 20, cacheRead: 300, cacheCreation: 4000 },
    costUsd: 1,
    input: [{ role: 'user', content: 'Fix it' }],
    output: 'Done',
  } as const

  test('is a client span named after its model, with usage as the conventions count it', () => {
    const span = genAiSpan(sampleObservation(call))
    expect(span).toMatchObject({ name: 'chat claude-opus-5', kind: 3 })
    expect(span.attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'anthropic',
      'gen_ai.request.model': 'claude-opus-5',
      'gen_ai.conversation.id': 's-1',
      'gen_ai.usage.input_tokens': 4310,
      'gen_ai.usage.output_tokens': 20,
      'gen_ai.usage.cache_read.input_tokens': 300,
      'gen_ai.usage.cache_creation.input_tokens': 4000,
      'claude_telemetry.cost_usd': { double: 1 },
    })
  })

  test('has its messages as roles and parts', () => {
    const attributes = attributesOf(call)
    expect(JSON.parse(attributes['gen_ai.input.messages'] as string)).toEqual([
      { role: 'user', parts: [{ type: 'text', content: 'Fix it' }] },
    ])
    expect(JSON.parse(attributes['gen_ai.output.messages'] as string)).toEqual([
      { role: 'assistant', parts: [{ type: 'text', content: 'Done' }] },
    ])
  })

  test('has tools asked for, and what they returned, as parts', () => {
    const attributes = attributesOf({
      ...call,
      input: [
        { role: 'tool', tool_call_id: 'u1', name: 'Bash', content: 'three' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'image', data: 'b' },
          ],
        },
      ],
      output: {
        role: 'assistant',
        content: null,
        reasoning_content: 'hm',
        tool_calls: [
          {
            id: 'u2',
            type: 'function',
            function: { name: 'Read', arguments: '{"file_path":"a"}' },
          },
          { type: 'function', function: { name: 'Edit', arguments: '{"cut' } },
        ],
      },
      metadata: { partial: 'output' },
    })
    expect(JSON.parse(attributes['gen_ai.input.messages'] as string)).toEqual([
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'u1', response: 'three' }] },
      {
        role: 'user',
        parts: [
          { type: 'text', content: 'a' },
          { type: 'image', data: 'b' },
        ],
      },
    ])
    expect(JSON.parse(attributes['gen_ai.output.messages'] as string)).toEqual([
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', content: 'hm' },
          { type: 'tool_call', id: 'u2', name: 'Read', arguments: { file_path: 'a' } },
          { type: 'tool_call', id: null, name: 'Edit', arguments: '{"cut' },
        ],
      },
    ])
    expect(attributes['claude_telemetry.metadata.partial']).toBe('output')
  })

  test('without usage, cost or content has none of them', () => {
    const { usage: _usage, costUsd: _cost, input: _input, output: _output, ...bare } = call
    const names = Object.entries(attributesOf(bare)).flatMap(([name, value]) =>
      value === undefined ? [] : [name],
    )
    expect(names.filter((name) => /usage|messages|cost/.test(name))).toEqual([])
  })

  test('of a model that nobody knows has no provider', () => {
    expect(attributesOf({ ...call, model: 'house-7' })['gen_ai.provider.name']).toBeUndefined()
  })
})

test('a tool is execute_tool with its arguments and its result', () => {
  const span = genAiSpan(
    sampleObservation({
      type: 'tool',
      name: 'Bash',
      input: { command: 'ls' },
      output: 'a b',
      metadata: { tool_use_id: 'toolu_1' },
    }),
  )
  expect(span).toMatchObject({ name: 'execute_tool Bash', kind: 1 })
  expect(span.attributes).toMatchObject({
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'Bash',
    'gen_ai.tool.call.id': 'toolu_1',
    'gen_ai.tool.call.arguments': '{"command":"ls"}',
    'gen_ai.tool.call.result': 'a b',
    'claude_telemetry.metadata.summary': 'ls',
  })
})

test.each([
  ['conversation', 'invoke_agent claude-code', 'claude-code'],
  ['subagent Explore', 'invoke_agent Explore', 'Explore'],
])('%s is %s', (name, expected, agent) => {
  const span = genAiSpan(sampleObservation({ type: 'agent', name, sessionKey: 'claude-code/s-1' }))
  expect(span.name).toBe(expected)
  expect(span.attributes).toMatchObject({
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.agent.name': agent,
  })
})

test('ids and times are those that Langfuse gets', () => {
  const observation = sampleObservation({ key: 'k', parentKey: 'p' })
  expect(genAiSpan(observation)).toMatchObject({
    traceId: traceIdOf(observation.traceKey),
    spanId: spanIdOf(observation.traceKey, 'k'),
    parentSpanId: spanIdOf(observation.traceKey, 'p'),
    startNanos: `${observation.startMs}000000`,
  })
})

test('a failure is the status of the span, with the type that the conventions require', () => {
  const span = genAiSpan(sampleObservation({ level: 'ERROR', statusMessage: 'overloaded' }))
  expect(span.attributes['error.type']).toBe('_OTHER')
  expect(JSON.parse(spanJson(span))).toMatchObject({ status: { code: 2, message: 'overloaded' } })
})

test('times that are none cannot be encoded', () => {
  expect(() => genAiSpan(sampleObservation({ startMs: -1 }))).toThrow('-1')
})
