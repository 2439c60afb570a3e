/** How recorded text is shown, and what stands in for text that was not recorded. */
import type { Content } from '../domain/agent-event.ts'
import type { JsonValue } from '../domain/json-value.ts'
import { ownText } from '../domain/own-text.ts'
import { prefixLength } from './json-bytes.ts'

/** Most bytes as JSON that a shown text takes for each character it may have: any script does with them. */
export const BYTES_PER_CHARACTER = 3

/** The text, cut to `maxLength` characters, or a note in brackets that says why there is none. */
export function shown(content: Content, maxLength: number): string {
  if (content.text !== undefined) return cut(content.text, maxLength)
  const length = content.length === undefined ? '' : `, ${content.length} characters`
  return `[${content.note ?? 'not recorded'}${length}]`
}

/**
 * Cuts a long text and says how long it was. Never splits a surrogate pair. A text made of
 * characters that JSON escapes (control characters) is cut earlier: see `BYTES_PER_CHARACTER`.
 */
export function cut(text: string, maxLength: number): string {
  const end = prefixLength(text, maxLength, BYTES_PER_CHARACTER * maxLength + 2)
  if (end === text.length) return text
  return `${ownText(text.slice(0, end))}… [cut: ${end} of ${text.length} characters]`
}

/**
 * Chat messages that are new to the model since it answered last: those behind its last answer. All of
 * them where there is none, or where this is no list of messages.
 */
export function newMessages(input: JsonValue): JsonValue {
  if (!Array.isArray(input)) return input
  const messages = input as readonly JsonValue[]
  const at = messages.findLastIndex((message) => {
    const role = roleOf(message)
    return role === 'assistant' || role === 'model'
  })
  return at < 0 || at === messages.length - 1 ? messages : messages.slice(at + 1)
}

/** The same of a call that is not its agent's first: what the model is, it was told before. */
export function laterMessages(input: JsonValue): JsonValue {
  const fresh = newMessages(input)
  if (!Array.isArray(fresh)) return fresh
  const messages = fresh as readonly JsonValue[]
  const at = messages.findIndex((message) => roleOf(message) !== 'system')
  return at <= 0 ? messages : messages.slice(at)
}

function roleOf(message: JsonValue): JsonValue | undefined {
  const isObject = typeof message === 'object' && message !== null && 'role' in message
  return isObject ? message.role : undefined
}

/** A structure that is too long is shown as the beginning of its JSON text. */
export function bounded(value: JsonValue, maxLength: number): JsonValue {
  if (typeof value === 'string') return cut(value, maxLength)
  const text = JSON.stringify(value)
  return text.length <= maxLength ? value : cut(text, maxLength)
}
