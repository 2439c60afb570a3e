/**
 * One observation as one span of the GenAI semantic conventions (OpenTelemetry semconv 1.38). What
 * they have no name for stands under `claude_telemetry.*`. Ids are those that Langfuse gets.
 */
import type { Level, Observation } from '../../domain/emission.ts'
import { type ChatMessage, chatMessages } from '../../domain/chat-message.ts'
import { type JsonValue, parseBoundedJson } from '../../domain/json-value.ts'
import { jsonText } from '../../domain/numbers.ts'
import { toolSummary } from '../../domain/tool-summary.ts'
import type { OutgoingSpan, SpanAttribute } from '../../otlp/encode-spans.ts'
import { spanIdOf, traceIdOf } from '../ids.ts'
import { nanosecondsOf } from '../../otlp/nanoseconds.ts'

type Attributes = Readonly<Record<string, SpanAttribute | undefined>>

const INTERNAL = 1
const CLIENT = 3
const OURS = 'claude_telemetry'

/** Throws when the observation's times are no times. An end before the start becomes the start. */
export function genAiSpan(observation: Observation): OutgoingSpan {
  const { traceKey, key, parentKey, outsideParentId, startMs, endMs, type } = observation
  const [name, attributes] = kindOf(observation)
  const isError = observation.level === 'ERROR'
  return {
    traceId: observation.agentTraceId ?? traceIdOf(traceKey),
    spanId: spanIdOf(traceKey, key),
    parentSpanId: parentKey === undefined ? outsideParentId : spanIdOf(traceKey, parentKey),
    name,
    kind: type === 'generation' ? CLIENT : INTERNAL,
    startNanos: nanosecondsOf(startMs),
    endNanos: nanosecondsOf(Math.max(startMs, endMs)),
    attributes: { ...commonAttributes(observation), ...attributes },
    error: isError ? { message: observation.statusMessage ?? '' } : undefined,
  }
}

function kindOf(observation: Observation): readonly [name: string, Attributes] {
  const { type, name, input, output } = observation
  switch (type) {
    case 'agent': {
      const agent = agentName(observation)
      return [
        `invoke_agent ${agent}`,
        {
          'gen_ai.operation.name': 'invoke_agent',
          'gen_ai.agent.name': agent,
          'gen_ai.input.messages': messages(input, 'user'),
          'gen_ai.output.messages': messages(output, 'assistant'),
        },
      ]
    }
    case 'generation':
      return [
        observation.model === undefined ? 'chat' : `chat ${observation.model}`,
        chat(observation),
      ]
    case 'tool':
      return [
        `execute_tool ${name}`,
        {
          'gen_ai.operation.name': 'execute_tool',
          'gen_ai.tool.name': name,
          'gen_ai.tool.type': 'function',
          'gen_ai.tool.call.id': textOf(observation.metadata.tool_use_id),
          'gen_ai.tool.call.arguments': textOf(input),
          'gen_ai.tool.call.result': textOf(output),
          [`${OURS}.metadata.summary`]: toolSummary(name, input),
        },
      ]
    default:
      return [name, { [`${OURS}.input`]: textOf(input), [`${OURS}.output`]: textOf(output) }]
  }
}

/** A subagent by its type, else the agent that the session is of. */
function agentName({ name, sessionKey }: Observation): string {
  const subagent = /^subagent (.+)$/.exec(name)?.[1]
  return subagent ?? /^[^/]+/.exec(sessionKey)?.[0] ?? name
}

function chat(generation: Observation): Attributes {
  const { model, modelParameters = {}, usage, input, output } = generation
  const { costUsd, startMs, completionStartMs } = generation
  return {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': model === undefined ? undefined : providerOf(model),
    'gen_ai.request.model': model,
    'gen_ai.output.type': 'text',
    'gen_ai.input.messages': messages(input, 'user'),
    'gen_ai.output.messages': messages(output, 'assistant'),
    // The conventions count what was cached among the input, Claude's figures do not.
    'gen_ai.usage.input_tokens':
      usage && tokens(usage.input + usage.cacheRead + usage.cacheCreation),
    'gen_ai.usage.output_tokens': usage && tokens(usage.output),
    'gen_ai.usage.cache_read.input_tokens': usage && tokens(usage.cacheRead),
    'gen_ai.usage.cache_creation.input_tokens': usage && tokens(usage.cacheCreation),
    [`${OURS}.cost_usd`]: costUsd === undefined ? undefined : { double: costUsd },
    [`${OURS}.time_to_first_token_ms`]:
      completionStartMs === undefined ? undefined : { double: completionStartMs - startMs },
    ...prefixed(`${OURS}.model_parameter`, modelParameters),
  }
}

/** By the beginning of the model's name; unknown models have none. */
const PROVIDERS: readonly (readonly [RegExp, string])[] = [
  [/claude/, 'anthropic'],
  [/^(gpt-|o\d|codex|chatgpt)/, 'openai'],
  [/^gemini/, 'gcp.gemini'],
  [/^grok/, 'x_ai'],
  [/^mistral/, 'mistral_ai'],
  [/^deepseek/, 'deepseek'],
]

function providerOf(model: string): string | undefined {
  return PROVIDERS.find(([pattern]) => pattern.test(model))?.[1]
}

function commonAttributes(observation: Observation): Attributes {
  const { context, level, statusMessage, type, metadata } = observation
  return {
    'gen_ai.conversation.id': context.sessionId,
    'user.id': context.userId,
    'deployment.environment.name': context.environment,
    [`${OURS}.observation.type`]: type,
    [`${OURS}.agent.version`]: context.agentVersion,
    [`${OURS}.tags`]: context.tags.length > 0 ? context.tags : undefined,
    ...severity(level, statusMessage),
    ...prefixed(`${OURS}.trace`, context.metadata),
    ...prefixed(`${OURS}.metadata`, metadata),
  }
}

function severity(level: Level, statusMessage: string | undefined): Attributes {
  return {
    ...(level !== 'DEFAULT' && { [`${OURS}.level`]: level }),
    // Required of a span that failed; the message stands in its status.
    ...(level === 'ERROR'
      ? { 'error.type': '_OTHER' }
      : { [`${OURS}.status_message`]: statusMessage }),
  }
}

function prefixed(
  prefix: string,
  values: Readonly<Record<string, JsonValue | undefined>>,
): Attributes {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      `${prefix}.${key}`,
      typeof value === 'number' || typeof value === 'boolean' ? value : textOf(value),
    ]),
  )
}

/** Content as the conventions have it: a list of messages, each with a role and parts, as JSON. */
function messages(value: JsonValue | undefined, role: 'user' | 'assistant'): string | undefined {
  if (value === undefined || value === null) return undefined
  const found = chatMessages(value) ?? [{ role, content: textOf(value) ?? '' }]
  return jsonText(found.map((message) => ({ role: message.role, parts: partsOf(message) })))
}

/** Parts of other kinds than text stay as they were recorded. */
function partsOf(message: ChatMessage): JsonValue[] {
  const { content, reasoning_content: reasoning, tool_calls: calls = [] } = message
  if (message.role === 'tool') {
    return [{ type: 'tool_call_response', id: message.tool_call_id ?? null, response: content }]
  }
  const blocks = typeof content === 'string' ? [content] : (content ?? [])
  return [
    ...(reasoning === undefined ? [] : [{ type: 'reasoning', content: reasoning }]),
    ...blocks.map(partOf),
    ...calls.map(({ id = null, function: of }) => ({
      type: 'tool_call',
      id,
      name: of.name,
      arguments: argumentsOf(of.arguments),
    })),
  ]
}

function partOf(block: JsonValue): JsonValue {
  if (typeof block === 'string') return { type: 'text', content: block }
  if (!isRecord(block)) return { type: 'text', content: jsonText(block) }
  if (block.type === 'text' && typeof block.text === 'string') {
    return { type: 'text', content: block.text }
  }
  return typeof block.type === 'string' ? block : { type: 'text', content: jsonText(block) }
}

/** The conventions want the arguments as they are, not as JSON text; a text that was cut stays one. */
function argumentsOf(text: string): JsonValue {
  const json = parseBoundedJson(text)
  return json.ok ? (json.value as JsonValue) : text
}

function isRecord(
  value: JsonValue | undefined,
): value is { readonly [key: string]: JsonValue | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function tokens(count: number): number | undefined {
  return Number.isFinite(count) && count >= 0 ? Math.round(count) : undefined
}

/** Text as it is, structures as JSON; nothing for null. */
function textOf(value: JsonValue | undefined): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : jsonText(value)
}
