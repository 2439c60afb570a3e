/** What spans of the GenAI conventions say, whatever form they say it in. */
import { expect, test } from 'vitest'
import { disjointUsage } from '../../../src/agents/genai/dialect.ts'
import { asksForTools } from '../../../src/agents/genai/messages.ts'
import { genai } from '../../../src/agents/genai/profile.ts'
import type { Attributes } from '../../../src/domain/json-value.ts'

const read = (more: Attributes) => {
  const attributes = { 'gen_ai.operation.name': 'chat', 'gen_ai.usage.input_tokens': 1, ...more }
  const base = { agent: 'x', sessionId: 's', dedupKey: 'd', name: 'chat', timeMs: 1, identity: {} }
  return genai.spanSource?.read(base, {
    origin: { resource: {}, scopeName: 'x', scopeVersion: '' },
    ...{ traceId: 't', spanId: 's', name: 'chat', startMs: 0, endMs: 1, attributes, moments: [] },
    ...{ statusCode: 0, statusMessage: '' },
  })
}

test.each<[string, Attributes]>([
  ['a list of reasons', { 'gen_ai.response.finish_reasons': ['tool_calls'] }],
  ['reasons as JSON text', { 'gen_ai.response.finish_reasons': '["tool-calls"]' }],
  ['the AI SDK', { 'ai.response.finishReason': 'tool-calls' }],
  [
    'a part of the answer',
    { 'gen_ai.output.messages': '[{"role":"assistant","parts":[{"type":"tool_call","id":"c"}]}]' },
  ],
])('told by %s', (_name, attributes) => {
  expect(read(attributes)).toMatchObject({ kind: 'model_call', asksForTools: true })
})

test('an answer in words asks for none', () => {
  expect(read({ 'gen_ai.response.finish_reasons': ['stop'] })).not.toHaveProperty('asksForTools')
})

test('Gemini and OpenAI have forms of their own', () => {
  const call = { functionCall: { name: 'read' } }
  expect(asksForTools([{ role: 'model', parts: [call] }])).toBe(true)
  expect(asksForTools([{ role: 'assistant', tool_calls: [{ id: 'c' }] }])).toBe(true)
  expect(asksForTools([{ role: 'assistant', content: 'words' }])).toBe(false)
})

test.each([
  ['the convention', { input: 100, output: 1, cacheRead: 80, cacheWrite: 10 }, true, 10],
  ['a sender that leaves the cache out', { input: 10, output: 1, cacheRead: 80 }, false, 10],
  [
    'an input below the cache, which cannot hold it',
    { input: 10, output: 1, cacheRead: 80 },
    true,
    10,
  ],
  ['an input that is the cache', { input: 80, output: 1, cacheRead: 80 }, true, 0],
  [
    'figures that cannot be true',
    { input: 7, output: 1, cacheRead: -5, cacheWrite: 1e300 },
    true,
    7,
  ],
])('buckets do not overlap: %s', (_name, tokens, includesCache, input) => {
  expect(disjointUsage(tokens, includesCache)?.input).toBe(input)
})

test('no tokens are unknown, and not 0', () => {
  expect(disjointUsage({ cacheRead: 5 }, true)).toBeUndefined()
  expect(disjointUsage({ input: 0, output: 0 }, true)).toMatchObject({ input: 0, output: 0 })
})
