/** A turn whose model asked for a tool is not quiet while the tool runs, however long that takes. */
import { expect, test } from 'vitest'
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
