/**
 * Raw API bodies (OTEL_LOG_RAW_API_BODIES): the Messages API's JSON becomes chat messages.
 * A body that was cut or cannot be read is shown as the text it is.
 */
import { type Attributes, type JsonValue, parseBoundedJson } from '../../domain/json-value.ts'
import type { EventRow } from '../profile.ts'
import { present, textOf } from '../read-attribute.ts'

function bodyOf(attributes: Attributes): string {
  const body = textOf(attributes, 'body')
  if (body !== undefined) return body
  const file = textOf(attributes, 'body_ref')
  if (file === undefined) return '[not recorded]'
  const reason = textOf(attributes, 'body_unread')
  return reason === undefined
    ? `[in the file ${file}]`
    : `[in the file ${file}, not read: it ${reason}]`
}

function parsed(text: string): Record<string, JsonValue> | undefined {
  const json = parseBoundedJson(text)
  if (!json.ok) return undefined
  const { value } = json
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as Record<string, JsonValue>) : undefined
}

/** The request's messages, its system prompt first. */
function messagesOf(text: string): JsonValue {
  const body = parsed(text)
  if (body === undefined || !Array.isArray(body.messages)) return text
  const messages = body.messages as readonly JsonValue[]
  return body.system === undefined
    ? messages
    : [{ role: 'system', content: body.system }, ...messages]
}

/** The answer as one message of the assistant. */
function messageOf(text: string): JsonValue {
  const body = parsed(text)
  if (body?.content === undefined) return text
  return { role: body.role ?? 'assistant', content: body.content }
}

export const claudeCodeBodies: Readonly<Record<string, EventRow>> = {
  api_request_body: {
    shownAs: 'input of its GENERATION, as chat messages',
    identifiedBy: ['request_body_id'],
    read: (base, a) => ({
      ...base,
      kind: 'request_body',
      bodyId: textOf(a, 'request_body_id') ?? base.dedupKey,
      messages: messagesOf(bodyOf(a)),
    }),
  },
  api_response_body: {
    shownAs: 'output of its GENERATION, as a chat message',
    identifiedBy: ['request_body_id', 'request_id'],
    read: (base, a) => ({
      ...base,
      kind: 'response_body',
      requestId: textOf(a, 'request_id') ?? base.dedupKey,
      message: messageOf(bodyOf(a)),
      ...present({ bodyId: textOf(a, 'request_body_id') }),
    }),
  },
}
