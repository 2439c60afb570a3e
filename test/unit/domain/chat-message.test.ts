/** The forms in which agents write messages, and the one that they are shown in. */
import { describe, expect, test } from 'vitest'
import { chatMessages } from '../../../src/domain/chat-message.ts'
import type { JsonValue } from '../../../src/domain/json-value.ts'

const asked = (id: string, name: string, input: object) => ({
  id,
  type: 'function',
  function: { name, arguments: JSON.stringify(input) },
})

describe('messages', () => {
  test.each<[form: string, message: JsonValue, shown: JsonValue]>([
    ['a text', { role: 'user', content: 'hi' }, [{ role: 'user', content: 'hi' }]],
    [
      'Anthropic, an answer',
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm', signature: 's' },
          { type: 'text', text: 'I look.' },
          { type: 'tool_use', id: 'u1', name: 'Bash', input: { command: 'ls' } },
        ],
      },
      [
        {
          role: 'assistant',
          content: 'I look.',
          reasoning_content: 'hm',
          tool_calls: [asked('u1', 'Bash', { command: 'ls' })],
        },
      ],
    ],
    [
      'Anthropic, results beside a text',
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'u1', content: 'a' },
          { type: 'tool_result', tool_use_id: 'u2', content: [{ type: 'text', text: 'b' }] },
          { type: 'text', text: 'go on' },
        ],
      },
      [
        { role: 'tool', content: 'a', tool_call_id: 'u1' },
        { role: 'tool', content: 'b', tool_call_id: 'u2' },
        { role: 'user', content: 'go on' },
      ],
    ],
    [
      'OpenAI',
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'u1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
      },
      [{ role: 'assistant', content: null, tool_calls: [asked('u1', 'f', { a: 1 })] }],
    ],
    [
      'OpenAI, a result',
      { role: 'tool', tool_call_id: 'u1', content: 'a' },
      [{ role: 'tool', content: 'a', tool_call_id: 'u1' }],
    ],
    [
      'the GenAI conventions',
      {
        role: 'assistant',
        parts: [
          { type: 'text', content: 'I look.' },
          { type: 'reasoning', content: 'hm' },
          { type: 'tool_call', id: 'u1', name: 'bash', arguments: { command: 'ls' } },
        ],
        finish_reason: 'tool_calls',
      },
      [
        {
          role: 'assistant',
          content: 'I look.',
          reasoning_content: 'hm',
          tool_calls: [asked('u1', 'bash', { command: 'ls' })],
        },
      ],
    ],
    [
      'the GenAI conventions, a result',
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'u1', response: { a: 1 } }] },
      [{ role: 'tool', content: '{"a":1}', tool_call_id: 'u1' }],
    ],
    [
      'Gemini',
      {
        role: 'model',
        parts: [
          { text: 'hm', thought: true },
          { text: 'I look.' },
          { functionCall: { id: 'u1', name: 'ls', args: { dir: '.' } } },
        ],
      },
      [
        {
          role: 'assistant',
          content: 'I look.',
          reasoning_content: 'hm',
          tool_calls: [asked('u1', 'ls', { dir: '.' })],
        },
      ],
    ],
    [
      'Gemini, a result',
      { role: 'user', parts: [{ functionResponse: { id: 'u1', name: 'ls', response: { a: 1 } } }] },
      [{ role: 'tool', content: '{"a":1}', tool_call_id: 'u1', name: 'ls' }],
    ],
    [
      'AI SDK',
      {
        role: 'assistant',
        content: [{ type: 'tool-call', toolCallId: 'u1', toolName: 'bash', input: { a: 1 } }],
      },
      [{ role: 'assistant', content: null, tool_calls: [asked('u1', 'bash', { a: 1 })] }],
    ],
    [
      'AI SDK, a result',
      {
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            toolCallId: 'u1',
            toolName: 'bash',
            output: { type: 'text', value: 'a' },
          },
        ],
      },
      [
        {
          role: 'tool',
          content: '{"type":"text","value":"a"}',
          tool_call_id: 'u1',
          name: 'bash',
        },
      ],
    ],
    [
      'several texts, and what is no text',
      { role: 'user', content: [{ type: 'text', text: 'a' }, 'b', { type: 'image', source: 'c' }] },
      [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
            { type: 'image', source: 'c' },
          ],
        },
      ],
    ],
    ['nothing', { role: 'assistant', content: [] }, [{ role: 'assistant', content: '' }]],
  ])('of %s', (_form, message, shown) => {
    expect(chatMessages([message])).toEqual(shown)
    expect(chatMessages(message)).toEqual(shown)
    // What is shown is read as itself.
    expect(chatMessages(shown)).toEqual(shown)
  })

  test.each<JsonValue | undefined>([undefined, null, 'text', 1, [], {}, [{ content: 'x' }], [1]])(
    '%j is none',
    (value) => {
      expect(chatMessages(value)).toBeUndefined()
    },
  )
})
