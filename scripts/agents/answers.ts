/** The script's answers as the APIs of models stream them: OpenAI (responses, chat completions) and Gemini. */
import { randomUUID } from 'node:crypto'
import type { Answer } from './script.ts'

/** What of a request says how to answer it. */
export interface AskedTool {
  readonly type?: string
  readonly name?: string
  readonly function?: { readonly name?: string }
}

/** Events of a stream: a name where the API gives one, and the data. */
export type Events = readonly (readonly [name: string | undefined, data: unknown])[]

const newId = (prefix: string): string => `${prefix}_${randomUUID().replaceAll('-', '')}`

export function responsesEvents(
  answer: Answer,
  model: string,
  offered: readonly AskedTool[],
): Events {
  const { text, tool, usage } = answer
  const id = newId('resp')
  const items: unknown[] = []
  if (text !== undefined) {
    const content = [{ type: 'output_text', text, annotations: [] }]
    items.push({
      type: 'message',
      id: newId('msg'),
      role: 'assistant',
      status: 'completed',
      content,
    })
  }
  if (tool !== undefined) {
    const isCustom = offered.some(({ type, name }) => type === 'custom' && name === tool.name)
    const common = { id: newId('fc'), call_id: newId('call'), name: tool.name, status: 'completed' }
    items.push(
      isCustom
        ? { ...common, type: 'custom_tool_call', input: String(tool.input) }
        : { ...common, type: 'function_call', arguments: JSON.stringify(tool.input) },
    )
  }
  const response = { id, object: 'response', model, status: 'in_progress', output: [] }
  const told = {
    input_tokens: usage.input,
    input_tokens_details: { cached_tokens: usage.cached },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: usage.input + usage.output,
  }
  const done = { ...response, status: 'completed', output: items, usage: told }
  const event = (type: string, fields: object) => [type, { type, ...fields }] as const
  return [
    event('response.created', { response }),
    ...items.flatMap((item, output_index) => [
      event('response.output_item.added', { output_index, item }),
      event('response.output_item.done', { output_index, item }),
    ]),
    event('response.completed', { response: done }),
  ]
}

export function completionEvents({ text, tool, usage }: Answer, model: string): Events {
  const id = newId('chatcmpl')
  const chunk = (choices: unknown, more: object = {}) =>
    [
      undefined,
      { id, object: 'chat.completion.chunk', created: seconds(), model, choices, ...more },
    ] as const
  const choice = (delta: object, finish_reason: string | null = null) => [
    { index: 0, delta, finish_reason },
  ]
  const calls =
    tool === undefined
      ? []
      : [
          {
            index: 0,
            id: newId('call'),
            type: 'function',
            function: { name: tool.name, arguments: JSON.stringify(tool.input) },
          },
        ]
  const told = {
    prompt_tokens: usage.input,
    prompt_tokens_details: { cached_tokens: usage.cached },
    completion_tokens: usage.output,
    completion_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: usage.input + usage.output,
  }
  return [
    chunk(choice({ role: 'assistant', content: text ?? '' })),
    ...(calls.length > 0 ? [chunk(choice({ tool_calls: calls }))] : []),
    chunk(choice({}, calls.length > 0 ? 'tool_calls' : 'stop')),
    chunk([], { usage: told }),
    [undefined, '[DONE]'],
  ]
}

/** Gemini counts thoughts beside the candidates. */
export function geminiEvents({ text, tool, usage }: Answer, model: string): Events {
  const parts = [
    ...(text === undefined ? [] : [{ text }]),
    ...(tool === undefined ? [] : [{ functionCall: { name: tool.name, args: tool.input } }]),
  ]
  const usageMetadata = {
    promptTokenCount: usage.input,
    cachedContentTokenCount: usage.cached,
    candidatesTokenCount: usage.output - usage.reasoning,
    thoughtsTokenCount: usage.reasoning,
    totalTokenCount: usage.input + usage.output,
  }
  const candidates = [{ index: 0, content: { role: 'model', parts }, finishReason: 'STOP' }]
  return [
    [undefined, { candidates, usageMetadata, modelVersion: model, responseId: newId('gemini') }],
  ]
}

function seconds(): number {
  return Math.floor(Date.now() / 1000)
}
