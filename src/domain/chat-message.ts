/**
 * What went into a model and what came out, as chat messages in the form that most tools read (OpenAI's
 * Chat Completions, which Langfuse renders): an answer names the tools that it asks for in `tool_calls`,
 * and what a tool returned is a message of the role `tool`. Agents write messages in several other forms;
 * `chatMessages` reads them all. Pure.
 */
import type { JsonValue } from './json-value.ts'
import { jsonText } from './numbers.ts'

export type ToolCall = {
  readonly id?: string
  readonly type: 'function'
  /** `arguments` is JSON text; `{}` where none were recorded. */
  readonly function: { readonly name: string; readonly arguments: string }
}

/** A message. `content` is null where an answer only asks for tools. */
export type ChatMessage = {
  readonly role: string
  readonly content: string | readonly JsonValue[] | null
  readonly reasoning_content?: string
  readonly tool_calls?: readonly ToolCall[]
  /** Of the role `tool`: the call that this answers, and the tool's name where it is known. */
  readonly tool_call_id?: string
  readonly name?: string
}

type Fields = Readonly<Record<string, JsonValue | undefined>>

export function userMessage(content: string): ChatMessage {
  return { role: 'user', content }
}

export function toolCall(
  id: string | undefined,
  name: string,
  input: string | undefined,
): ToolCall {
  return {
    ...(id !== undefined && { id }),
    type: 'function',
    function: { name, arguments: input ?? '{}' },
  }
}

/**
 * A list of messages in any of the forms that agents write: `content` as a text or as blocks (Anthropic,
 * OpenAI, AI SDK), `parts` (the GenAI conventions, Gemini). Undefined where it is no such list.
 */
export function chatMessages(value: JsonValue | undefined): readonly ChatMessage[] | undefined {
  const list = Array.isArray(value) ? (value as readonly JsonValue[]) : [value]
  if (list.length === 0 || !list.every(isMessage)) return undefined
  return list.filter(isMessage).flatMap(messagesOf)
}

function isMessage(value: JsonValue | undefined): value is Fields & { readonly role: string } {
  return isFields(value) && typeof value.role === 'string'
}

/** What tools returned stands in messages of their own, before what else the message says. */
function messagesOf(message: Fields & { readonly role: string }): readonly ChatMessage[] {
  const role = message.role === 'model' ? 'assistant' : message.role
  const body = message.parts ?? message.content ?? message.text ?? null
  const { reasoning_content: thought } = message
  const parts: Parts = {
    content: [],
    reasoning: typeof thought === 'string' ? [thought] : [],
    calls: ownToolCalls(message.tool_calls),
    results: [],
  }
  if (!Array.isArray(body)) {
    const content = typeof body === 'string' || body === null ? body : jsonText(body)
    return [messageOf(message, role, content, parts)]
  }
  for (const block of body as readonly JsonValue[]) sortIn(parts, block)
  const { content, reasoning, calls, results } = parts
  if (results.length > 0 && content.length + reasoning.length + calls.length === 0) return results
  return [...results, messageOf(message, role, contentOf(content, calls.length > 0), parts)]
}

interface Parts {
  readonly content: JsonValue[]
  readonly reasoning: string[]
  readonly calls: ToolCall[]
  readonly results: ChatMessage[]
}

function sortIn({ content, reasoning, calls, results }: Parts, block: JsonValue): void {
  const call = callOf(block)
  if (call !== undefined) {
    calls.push(call)
    return
  }
  const result = resultOf(block)
  if (result !== undefined) {
    results.push(result)
    return
  }
  const thought = reasoningOf(block)
  if (thought !== undefined) reasoning.push(thought)
  else if (block !== null) content.push(partOf(block))
}

function messageOf(
  { tool_call_id: id, name }: Fields,
  role: string,
  content: ChatMessage['content'],
  { reasoning, calls }: Parts,
): ChatMessage {
  return {
    role,
    content,
    ...(reasoning.length > 0 && { reasoning_content: reasoning.join('\n') }),
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(typeof id === 'string' && { tool_call_id: id }),
    ...(typeof name === 'string' && { name }),
  }
}

/** One text is a text; several stay apart. */
function contentOf(parts: readonly JsonValue[], asksForTools: boolean): ChatMessage['content'] {
  const shown = parts.filter(
    (part) => !(isFields(part) && part.type === 'text' && part.text === ''),
  )
  const [first] = shown
  if (first === undefined) return asksForTools ? null : ''
  if (shown.length === 1 && isFields(first) && first.type === 'text') return first.text as string
  return shown
}

function ownToolCalls(calls: JsonValue | undefined): ToolCall[] {
  if (!Array.isArray(calls)) return []
  return (calls as readonly JsonValue[]).filter(isFields).map((call) => {
    const { id, function: of } = call
    const { name, arguments: input } = isFields(of) ? of : call
    return toolCall(textOf(id), textOf(name) ?? 'unknown', argumentsOf(input))
  })
}

function partOf(block: JsonValue): JsonValue {
  if (typeof block === 'string') return { type: 'text', text: block }
  if (!isFields(block)) return { type: 'text', text: jsonText(block) }
  const isText = block.type === 'text' || block.type === undefined
  const text = block.text ?? block.content
  return isText && typeof text === 'string' ? { type: 'text', text } : block
}

function reasoningOf(block: JsonValue): string | undefined {
  if (!isFields(block)) return undefined
  const isThought =
    block.type === 'thinking' || block.type === 'reasoning' || block.thought === true
  if (!isThought) return undefined
  return textOf(block.thinking) ?? textOf(block.content) ?? textOf(block.text) ?? ''
}

/** `tool_use` (Anthropic), `tool_call` (conventions), `tool-call` (AI SDK), `functionCall` (Gemini). */
function callOf(block: JsonValue): ToolCall | undefined {
  if (!isFields(block)) return undefined
  const call = isFields(block.functionCall) ? block.functionCall : block
  const isCall =
    call !== block || (typeof block.type === 'string' && /^tool[_-](?:call|use)$/.test(block.type))
  if (!isCall) return undefined
  return toolCall(
    textOf(call.id) ?? textOf(call.toolCallId),
    textOf(call.name) ?? textOf(call.toolName) ?? 'unknown',
    argumentsOf(call.input ?? call.arguments ?? call.args),
  )
}

function resultOf(block: JsonValue): ChatMessage | undefined {
  if (!isFields(block)) return undefined
  const result = isFields(block.functionResponse) ? block.functionResponse : block
  const isResult =
    result !== block ||
    (typeof block.type === 'string' && /^tool[_-](?:result|call_response)$/.test(block.type))
  if (!isResult) return undefined
  const id = textOf(result.tool_use_id) ?? textOf(result.id) ?? textOf(result.toolCallId)
  const name = textOf(result.name) ?? textOf(result.toolName)
  const { content, response = content, output = response, result: told = output } = result
  return {
    role: 'tool',
    content: resultText(told),
    ...(id !== undefined && { tool_call_id: id }),
    ...(name !== undefined && { name }),
  }
}

/** Blocks of text as one text; anything else as JSON. */
function resultText(value: JsonValue | undefined): string {
  if (typeof value === 'string') return value
  if (value === undefined || value === null) return ''
  const blocks = Array.isArray(value) ? (value as readonly JsonValue[]) : []
  const texts = blocks.flatMap((block) =>
    isFields(block) && block.type === 'text' && typeof block.text === 'string' ? [block.text] : [],
  )
  return texts.length > 0 && texts.length === blocks.length ? texts.join('\n') : jsonText(value)
}

function argumentsOf(value: JsonValue | undefined): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : jsonText(value)
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function isFields(value: JsonValue | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
