/**
 * The GenAI conventions as their document says (semantic-conventions-genai 0.1.0) with the names of
 * the generations before: `gen_ai.system`, `prompt_tokens`, `gen_ai.prompt`, span events with content.
 * Input includes cached tokens, output includes reasoning.
 */
import type { TokenUsage } from '../../domain/agent-event.ts'
import type { Attributes, JsonValue } from '../../domain/json-value.ts'
import type { SpanRecord } from '../../domain/telemetry-record.ts'
import { numberOf, textOf } from '../read-attribute.ts'
import {
  type CallContent,
  type Dialect,
  disjointUsage,
  type Failure,
  firstNumber,
  firstText,
  type ReportedTokens,
  type ToolFacts,
  type WorkRole,
} from './dialect.ts'
import { messagesOf, structured, unflattened } from './messages.ts'

/** `llm_call`, `tool_call`, `agent_call` and `user_prompt` are Gemini CLI's. */
const roles: ReadonlyMap<string, WorkRole> = new Map([
  ['chat', 'call'],
  ['generate_content', 'call'],
  ['text_completion', 'call'],
  ['embeddings', 'call'],
  ['llm_call', 'call'],
  ['invoke_agent', 'agent'],
  ['invoke_workflow', 'agent'],
  ['agent_call', 'agent'],
  ['user_prompt', 'agent'],
  ['execute_tool', 'tool'],
  ['tool_call', 'tool'],
])

/** Agents known by the name of their service; any other is `genai`. */
const services: ReadonlyMap<string, string> = new Map([
  ['amp', 'amp'],
  ['claude-code', 'claude-code'],
  ['codex', 'codex'],
  ['cursor', 'cursor'],
  ['openclaw', 'openclaw'],
  ['openclaw-gateway', 'openclaw'],
])

/** What some emitters write where there is no conversation, or in place of its id. */
const NO_CONVERSATION =
  /^(?:false|null|none|undefined|unknown|n\/a|[-0]+)$|^(?:resp|msg|req|chatcmpl|gen|call)[_-]/i

/** By what emitters name a session, the conventions' name first. */
const SESSION_NAMES: readonly string[] = [
  'gen_ai.conversation.id',
  'session.id',
  'gen_ai.session.id',
  'gcp.vertex.agent.session_id',
  'langfuse.session.id',
  'langsmith.trace.session_id',
  'langwatch.thread.id',
  'mlflow.trace.session',
  'claude.code.session_id',
  '$ai_session_id',
]

export function agentOf({ origin }: SpanRecord): string {
  return services.get(textOf(origin.resource, 'service.name') ?? '') ?? 'genai'
}

export function operationOf(attributes: Attributes): string | undefined {
  return textOf(attributes, 'gen_ai.operation.name')
}

/**
 * By the operation's name; without one by what else only such a span has. An operation of no known
 * name that used tokens is a call: where it only sums up calls, they are below it.
 */
export function roleOf({ name, attributes }: SpanRecord): WorkRole {
  const operation = operationOf(attributes)
  if (operation !== undefined) {
    const role = roles.get(operation.toLowerCase())
    return role ?? (usageOf(attributes) === undefined ? 'other' : 'call')
  }
  if (textOf(attributes, 'gen_ai.tool.call.id') !== undefined) return 'tool'
  if (textOf(attributes, 'gen_ai.agent.name') !== undefined) return 'agent'
  const isCall =
    usageOf(attributes) !== undefined ||
    textOf(attributes, 'gen_ai.response.model') !== undefined ||
    (name.startsWith('chat ') && textOf(attributes, 'gen_ai.request.model') !== undefined)
  if (isCall) return 'call'
  return textOf(attributes, 'gen_ai.tool.name') === undefined ? 'other' : 'tool'
}

export function conversationOf(attributes: Attributes): string | undefined {
  const response = textOf(attributes, 'gen_ai.response.id')
  return SESSION_NAMES.map((name) => textOf(attributes, name)).find(
    (id) => id !== undefined && id !== response && !NO_CONVERSATION.test(id),
  )
}

export function tokensOf(attributes: Attributes): ReportedTokens {
  return {
    input: firstNumber(attributes, 'gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens'),
    output: firstNumber(attributes, 'gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens'),
    cacheRead: firstNumber(
      attributes,
      'gen_ai.usage.cache_read.input_tokens',
      'gen_ai.usage.cache_read_input_tokens',
      'gen_ai.usage.input_tokens.cached',
      'gen_ai.usage.cached_tokens',
      'gen_ai.usage.details.cache_read_tokens',
      'gen_ai.usage.details.cache_read_input_tokens',
      'gen_ai.usage.details.cached_tokens',
    ),
    cacheWrite: firstNumber(
      attributes,
      'gen_ai.usage.cache_write.input_tokens',
      'gen_ai.usage.cache_creation.input_tokens',
      'gen_ai.usage.cache_creation_input_tokens',
      'gen_ai.usage.cache_write_input_tokens',
      'gen_ai.usage.input_tokens.cache_write',
      'gen_ai.usage.details.cache_write_tokens',
      'gen_ai.usage.details.cache_creation_input_tokens',
    ),
    reasoning: firstNumber(
      attributes,
      'gen_ai.usage.reasoning.output_tokens',
      'gen_ai.usage.output_tokens.reasoning',
      'gen_ai.usage.reasoning_tokens',
      'gen_ai.usage.thinking_tokens',
      'gen_ai.usage.details.reasoning_tokens',
    ),
  }
}

export function usageOf(attributes: Attributes): TokenUsage | undefined {
  return disjointUsage(tokensOf(attributes), true)
}

function contentOf({ attributes, moments }: SpanRecord): CallContent {
  const system = messagesOf(structured(attributes['gen_ai.system_instructions']), 'system')
  const input =
    messagesOf(structured(attributes['gen_ai.input.messages']), 'user') ??
    messagesOf(structured(attributes['gen_ai.prompt']), 'user') ??
    unflattened(attributes, 'gen_ai.prompt') ??
    messagesOf(momentText(moments, 'gen_ai.content.prompt', 'gen_ai.prompt'), 'user') ??
    messageMoments(moments, ['gen_ai.system.message', 'gen_ai.user.message', 'gen_ai.tool.message'])
  const output =
    messagesOf(structured(attributes['gen_ai.output.messages']), 'assistant') ??
    messagesOf(structured(attributes['gen_ai.completion']), 'assistant') ??
    unflattened(attributes, 'gen_ai.completion') ??
    messagesOf(
      momentText(moments, 'gen_ai.content.completion', 'gen_ai.completion'),
      'assistant',
    ) ??
    messageMoments(moments, ['gen_ai.choice', 'gen_ai.assistant.message'])
  return { input: withSystem(system, input), output }
}

/** The system's instructions, sent apart, stand before the messages. */
function withSystem(
  system: readonly JsonValue[] | undefined,
  input: readonly JsonValue[] | undefined,
): JsonValue | undefined {
  if (system === undefined || input === undefined) return input
  const texts = system.map((part) =>
    typeof part === 'object' && part !== null && 'role' in part
      ? part
      : { role: 'system', parts: [part] },
  )
  return [...texts, ...input]
}

/** Content on one event of the span, under the event's name (2024). */
function momentText(
  moments: SpanRecord['moments'],
  event: string,
  attribute: string,
): JsonValue | undefined {
  const moment = moments.find(({ name }) => name === event)
  return moment && structured(moment.attributes[attribute])
}

/** One event a message (2025). */
function messageMoments(
  moments: SpanRecord['moments'],
  names: readonly string[],
): readonly JsonValue[] | undefined {
  const messages = moments
    .filter(({ name }) => names.includes(name))
    .map(({ name, attributes }): JsonValue => {
      const role = /^gen_ai\.(system|user|tool)\.message$/.exec(name)?.[1] ?? 'assistant'
      return { role, ...(attributes as Readonly<Record<string, JsonValue>>) }
    })
  return messages.length > 0 ? messages : undefined
}

export function toolOf({ name, attributes }: SpanRecord): ToolFacts {
  return {
    name: textOf(attributes, 'gen_ai.tool.name') ?? name.replace(/^execute_tool\s+/, ''),
    callId: textOf(attributes, 'gen_ai.tool.call.id'),
    input: jsonTextOf(attributes, 'gen_ai.tool.call.arguments'),
    output: structured(attributes['gen_ai.tool.call.result']),
  }
}

/** A value as text, whether it was sent as JSON text or as a structure. */
export function jsonTextOf(attributes: Attributes, key: string): string | undefined {
  const value = attributes[key]
  if (typeof value === 'object' && value !== null) return JSON.stringify(value)
  return textOf(attributes, key)
}

const UNSET = 0
const ERROR = 2

/** By its status; where nobody set one, `error.type` is there only for what failed. */
export function failureOf({ attributes, moments, statusCode, statusMessage }: SpanRecord) {
  const isUnset = statusCode === UNSET && textOf(attributes, 'error.type') !== undefined
  if (statusCode !== ERROR && !isUnset) return undefined
  const exception = moments.find(({ name }) => name.includes('exception'))?.attributes ?? {}
  const type = firstText(attributes, 'error.type') ?? textOf(exception, 'exception.type')
  const failure: Failure = {
    message:
      (statusMessage === '' ? undefined : statusMessage) ??
      firstText(attributes, 'error.message') ??
      textOf(exception, 'exception.message') ??
      type ??
      'failed without a reason',
    type,
    statusCode: httpStatusOf(attributes, type),
  }
  return failure
}

/** `error.type` is the status code where the server answered one. */
function httpStatusOf(attributes: Attributes, type: string | undefined): number | undefined {
  const told = numberOf(attributes, 'http.response.status_code')
  if (told !== undefined) return told
  return type !== undefined && /^[1-5]\d\d$/.test(type) ? Number(type) : undefined
}

const MS_PER_S = 1000

export const semconv: Dialect = {
  name: 'GenAI conventions',
  writes: ({ attributes }) => {
    const operation = operationOf(attributes)
    if (operation !== undefined) return true
    for (const key in attributes) if (key.startsWith('gen_ai.')) return true
    return false
  },
  agent: agentOf,
  role: roleOf,
  sessionId: conversationOf,
  sessionIsOwn: false,
  subagentsHaveIds: false,
  turnId: () => undefined,
  isSubagent: () => false,
  sideCall: ({ attributes }) =>
    operationOf(attributes) === 'embeddings' ? 'embeddings' : undefined,
  model: (attributes) => firstText(attributes, 'gen_ai.response.model', 'gen_ai.request.model'),
  provider: (attributes) =>
    firstText(attributes, 'gen_ai.provider.name', 'gen_ai.system')?.toLowerCase(),
  responseId: (attributes) => textOf(attributes, 'gen_ai.response.id'),
  usage: usageOf,
  costUsd: (attributes) =>
    firstNumber(attributes, 'gen_ai.usage.cost', 'operation.cost', 'openclaw.cost.usd'),
  ttftMs: ({ attributes }) => {
    const seconds = numberOf(attributes, 'gen_ai.response.time_to_first_chunk')
    return seconds === undefined ? undefined : seconds * MS_PER_S
  },
  content: contentOf,
  agentName: (attributes) => textOf(attributes, 'gen_ai.agent.name'),
  tool: toolOf,
  isSecondHand: false,
  isPoorTool: () => false,
  contentNote: 'not recorded',
  prompt: (text) => text,
  failure: failureOf,
}
