/**
 * OpenInference (Arize): `openinference.span.kind`, messages in flattened attributes
 * (`llm.input_messages.0.message.role`), counts under `llm.token_count.*`. The prompt's count includes
 * cached tokens, the completion's includes reasoning.
 */
import type { JsonValue } from '../../domain/json-value.ts'
import type { SpanRecord } from '../../domain/telemetry-record.ts'
import { textOf } from '../read-attribute.ts'
import {
  type CallContent,
  type Dialect,
  disjointUsage,
  firstNumber,
  firstText,
  type WorkRole,
} from './dialect.ts'
import { isFields, messagesOf, structured, unflattened } from './messages.ts'
import { conversationOf, jsonTextOf, semconv, tokensOf } from './semconv.ts'

const KIND = 'openinference.span.kind'

const roles: ReadonlyMap<string, WorkRole> = new Map([
  ['LLM', 'call'],
  ['EMBEDDING', 'call'],
  ['AGENT', 'agent'],
  ['TOOL', 'tool'],
])

function content({ attributes }: SpanRecord): CallContent {
  const input =
    unflattened(attributes, 'llm.input_messages')?.map(flat) ??
    messagesOf(structured(attributes['llm.input_messages']), 'user') ??
    messagesOf(structured(attributes['input.value']), 'user')
  const output =
    unflattened(attributes, 'llm.output_messages')?.map(flat) ??
    messagesOf(structured(attributes['llm.output_messages']), 'assistant') ??
    messagesOf(structured(attributes['output.value']), 'assistant')
  return { input, output }
}

/** `{message: {role, contents: [{message_content: {type, text}}]}}` as a chat message. */
function flat(of: JsonValue): JsonValue {
  const message = isFields(of) ? of.message : undefined
  if (!isFields(message)) return of
  const { contents, ...rest } = message
  if (!Array.isArray(contents)) return rest
  const parts = (contents as readonly JsonValue[]).map((part) =>
    isFields(part) && part.message_content !== undefined ? part.message_content : part,
  )
  return { ...rest, content: parts }
}

export const openinference: Dialect = {
  ...semconv,
  name: 'OpenInference',
  writes: ({ attributes }) => textOf(attributes, KIND) !== undefined,
  role: (span) => roles.get((textOf(span.attributes, KIND) ?? '').toUpperCase()) ?? 'other',
  sessionId: (attributes) => textOf(attributes, 'session.id') ?? conversationOf(attributes),
  sideCall: ({ attributes }) =>
    textOf(attributes, KIND)?.toUpperCase() === 'EMBEDDING' ? 'embeddings' : undefined,
  model: (attributes) =>
    firstText(attributes, 'llm.model_name', 'embedding.model_name') ?? semconv.model(attributes),
  provider: (attributes) =>
    firstText(attributes, 'llm.provider', 'llm.system')?.toLowerCase() ??
    semconv.provider(attributes),
  usage: (attributes) => {
    const of = tokensOf(attributes)
    return disjointUsage(
      {
        input: firstNumber(attributes, 'llm.token_count.prompt') ?? of.input,
        output: firstNumber(attributes, 'llm.token_count.completion') ?? of.output,
        cacheRead:
          firstNumber(attributes, 'llm.token_count.prompt_details.cache_read') ?? of.cacheRead,
        cacheWrite:
          firstNumber(attributes, 'llm.token_count.prompt_details.cache_write') ?? of.cacheWrite,
        reasoning:
          firstNumber(attributes, 'llm.token_count.completion_details.reasoning') ?? of.reasoning,
      },
      true,
    )
  },
  costUsd: (attributes) => firstNumber(attributes, 'llm.cost.total') ?? semconv.costUsd(attributes),
  content,
  agentName: (attributes) => firstText(attributes, 'agent.name', 'graph.node.id'),
  tool: ({ name, attributes }) => ({
    name: textOf(attributes, 'tool.name') ?? name,
    callId: firstText(attributes, 'tool.id', 'tool_call.id', 'gen_ai.tool.call.id'),
    input: jsonTextOf(attributes, 'input.value') ?? jsonTextOf(attributes, 'tool.parameters'),
    output: structured(attributes['output.value']),
  }),
}
