/**
 * Traceloop (OpenLLMetry): `llm.request.type` or `traceloop.span.kind` in place of an operation name,
 * `gen_ai.prompt.N.*` and `gen_ai.completion.N.*`, `gen_ai.usage.prompt_tokens`.
 */
import type { SpanRecord } from '../../domain/telemetry-record.ts'
import { firstNumber, firstText, type Dialect, disjointUsage, type WorkRole } from './dialect.ts'
import { structured } from './messages.ts'
import { conversationOf, jsonTextOf, operationOf, roleOf, semconv, tokensOf } from './semconv.ts'
import { textOf } from '../read-attribute.ts'

const KIND = 'traceloop.span.kind'
const REQUEST = 'llm.request.type'

const kinds: ReadonlyMap<string, WorkRole> = new Map([
  ['workflow', 'agent'],
  ['agent', 'agent'],
  ['tool', 'tool'],
])

function role(span: SpanRecord): WorkRole {
  const { attributes } = span
  if (operationOf(attributes) !== undefined) return roleOf(span)
  if (textOf(attributes, REQUEST) !== undefined) return 'call'
  return kinds.get(textOf(attributes, KIND) ?? '') ?? 'other'
}

export const traceloop: Dialect = {
  ...semconv,
  name: 'Traceloop',
  writes: ({ attributes }) =>
    textOf(attributes, REQUEST) !== undefined || textOf(attributes, KIND) !== undefined,
  role,
  sessionId: (attributes) =>
    conversationOf(attributes) ??
    firstText(
      attributes,
      'traceloop.association.properties.session_id',
      'traceloop.association.properties.conversation_id',
    ),
  sideCall: ({ attributes }) =>
    textOf(attributes, REQUEST) === 'embedding' ? 'embeddings' : undefined,
  usage: (attributes) => {
    const of = tokensOf(attributes)
    return disjointUsage(
      {
        ...of,
        input: of.input ?? firstNumber(attributes, 'llm.usage.prompt_tokens'),
        output: of.output ?? firstNumber(attributes, 'llm.usage.completion_tokens'),
      },
      true,
    )
  },
  agentName: (attributes) => firstText(attributes, 'gen_ai.agent.name', 'traceloop.entity.name'),
  tool: (span) => ({
    ...semconv.tool(span),
    name:
      firstText(span.attributes, 'gen_ai.tool.name', 'traceloop.entity.name') ??
      span.name.replace(/\.tool$/, ''),
    input: jsonTextOf(span.attributes, 'traceloop.entity.input') ?? semconv.tool(span).input,
    output: structured(span.attributes['traceloop.entity.output']) ?? semconv.tool(span).output,
  }),
}
