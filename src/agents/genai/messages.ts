/**
 * Chat messages in the forms that emitters write them: a JSON text or a structure; `parts` with
 * `content` (the conventions) or `text` (Gemini), `content` as a text or as blocks (OpenAI,
 * Anthropic, AI SDK).
 */
import {
  type Attributes,
  type AttributeValue,
  type JsonValue,
  parseBoundedJson,
} from '../../domain/json-value.ts'

type Fields = Readonly<Record<string, JsonValue | undefined>>

/** A value that was sent as JSON text or as it is; text that is no JSON stays text. */
export function structured(value: AttributeValue | undefined): JsonValue | undefined {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string') return value
  const first = value.trimStart()[0]
  if (first !== '[' && first !== '{' && first !== '"') return value
  const json = parseBoundedJson(value)
  return json.ok && json.value !== null ? (json.value as JsonValue) : value
}

/** Messages as a list, whether one or several were sent; a bare text is a message of `role`. */
export function messagesOf(
  value: JsonValue | undefined,
  role: string,
): readonly JsonValue[] | undefined {
  if (value === undefined) return undefined
  if (Array.isArray(value)) return value.length > 0 ? (value as readonly JsonValue[]) : undefined
  if (isFields(value)) return [value.role === undefined ? { role, ...value } : value]
  return [{ role, content: value }]
}

/** What the user said last; undefined when the newest message is not the user's words. */
export function newestPrompt(messages: readonly JsonValue[] | undefined): string | undefined {
  const message = messages?.findLast((of) => isFields(of) && of.role === 'user')
  if (!isFields(message)) return undefined
  const text = textOfMessage(message)
  return text === '' ? undefined : text
}

/** The text of the model's answer, without its thoughts and tool calls. */
export function answerText(messages: readonly JsonValue[] | undefined): string | undefined {
  const texts = (messages ?? []).map((of) => (isFields(of) ? textOfMessage(of) : ''))
  const text = texts.filter((of) => of !== '').join('\n')
  return text === '' ? undefined : text
}

/** Whether an answer asks for tools, in any of the forms. */
export function asksForTools(messages: readonly JsonValue[] | undefined): boolean {
  return (messages ?? []).some((message) => {
    if (!isFields(message)) return false
    if (Array.isArray(message.tool_calls) && message.tool_calls.length > 0) return true
    const parts = message.parts ?? message.content
    return Array.isArray(parts) && (parts as readonly JsonValue[]).some(isToolCall)
  })
}

function isToolCall(part: JsonValue): boolean {
  if (!isFields(part)) return false
  if (part.functionCall !== undefined || part.toolCallId !== undefined) return true
  return typeof part.type === 'string' && /^tool[_-](?:call|use)$/.test(part.type)
}

function textOfMessage({ parts, content, text }: Fields): string {
  const body = parts ?? content ?? text
  if (typeof body === 'string') return body
  if (!Array.isArray(body)) return ''
  return body.map(textOfPart).join('')
}

function textOfPart(part: JsonValue): string {
  if (typeof part === 'string') return part
  if (!isFields(part) || part.thought === true) return ''
  if (part.type !== undefined && part.type !== 'text') return ''
  const text = part.content ?? part.text
  return typeof text === 'string' ? text : ''
}

export function isFields(value: JsonValue | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Attributes whose names hold a path (`llm.input_messages.0.message.role`), as the list they spell. */
export function unflattened(
  attributes: Attributes,
  prefix: string,
): readonly JsonValue[] | undefined {
  const root: Record<string, unknown> = {}
  let isAny = false
  for (const key of Object.keys(attributes)) {
    if (!key.startsWith(`${prefix}.`)) continue
    const path = key.slice(prefix.length + 1).split('.')
    if (!INDEX.test(path[0] ?? '') || path.length > MAX_DEPTH) continue
    put(root, path, attributes[key] as JsonValue)
    isAny = true
  }
  return isAny ? (listed(root) as readonly JsonValue[]) : undefined
}

const INDEX = /^\d{1,4}$/
const MAX_DEPTH = 12

function put(root: Record<string, unknown>, path: readonly string[], value: JsonValue): void {
  let at = root
  for (const name of path.slice(0, -1)) {
    const next = Object.hasOwn(at, name) ? at[name] : undefined
    if (typeof next === 'object' && next !== null) at = next as Record<string, unknown>
    else at = own(at, name, {}) as Record<string, unknown>
  }
  own(at, path.at(-1) ?? '', value)
}

/** `__proto__` is a name like any other. */
function own(of: Record<string, unknown>, name: string, value: unknown): unknown {
  Object.defineProperty(of, name, { value, enumerable: true, configurable: true, writable: true })
  return value
}

/** Objects whose keys are all indices become lists. */
function listed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).map(([key, of]) => [key, listed(of)] as const)
  if (entries.every(([key]) => INDEX.test(key))) {
    return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, of]) => of)
  }
  return Object.fromEntries(entries)
}
