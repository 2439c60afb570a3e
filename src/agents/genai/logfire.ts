/**
 * Logfire and Pydantic AI. Span names are templates. Calls of the Claude Agent SDK carry
 * `gen_ai.usage.partial.*`, which is no final count: the agent's own span has that. Spans of the
 * OpenAI Agents SDK repeat their usage as JSON on call, round and task.
 */
import type { SpanRecord } from '../../domain/telemetry-record.ts'
import { numberOf, textOf } from '../read-attribute.ts'
import { type CallContent, type Dialect, disjointUsage, type WorkRole } from './dialect.ts'
import { isFields, messagesOf, structured } from './messages.ts'
import { jsonTextOf, operationOf, roleOf, semconv, tokensOf } from './semconv.ts'

const TEMPLATE = 'logfire.msg_template'
const SCOPE = /^(?:logfire|pydantic-ai)/

function role(span: SpanRecord): WorkRole {
  const { attributes } = span
  if (operationOf(attributes) !== undefined) return roleOf(span)
  const template = textOf(attributes, TEMPLATE) ?? ''
  if (template.startsWith('Function: ') || textOf(attributes, 'gen_ai.tool.name') !== undefined) {
    return 'tool'
  }
  if (/^(?:OpenAI Agents trace|Agent run|Task): /.test(template)) return 'agent'
  const isAgent =
    textOf(attributes, 'agent_name') !== undefined &&
    textOf(attributes, 'sdk_span_type') === undefined
  return isAgent ? 'agent' : 'other'
}

function content(span: SpanRecord): CallContent {
  const { attributes } = span
  const { input, output } = semconv.content(span)
  const all = messagesOf(structured(attributes['pydantic_ai.all_messages']), 'user')
  const final = textOf(attributes, 'final_result')
  return {
    input: input ?? messagesOf(structured(attributes.raw_input), 'user') ?? all,
    output: output ?? (final === undefined ? undefined : [{ role: 'assistant', content: final }]),
  }
}

export const logfire: Dialect = {
  ...semconv,
  name: 'Logfire and Pydantic AI',
  writes: ({ origin, attributes }) =>
    SCOPE.test(origin.scopeName) &&
    (textOf(attributes, TEMPLATE) !== undefined ||
      textOf(attributes, 'logfire.msg') !== undefined ||
      operationOf(attributes) !== undefined),
  role,
  usage: (attributes) => {
    const told = tokensOf(attributes)
    if (told.input !== undefined || told.output !== undefined) return disjointUsage(told, true)
    if (operationOf(attributes) === undefined) return undefined
    const usage = structured(attributes.usage)
    if (!isFields(usage)) return undefined
    const of = (key: string) => (typeof usage[key] === 'number' ? usage[key] : undefined)
    return disjointUsage({ input: of('input_tokens'), output: of('output_tokens') }, true)
  },
  responseId: (attributes) =>
    textOf(attributes, 'gen_ai.response.id') ?? textOf(attributes, 'response_id'),
  costUsd: (attributes) => numberOf(attributes, 'operation.cost'),
  content,
  agentName: (attributes) =>
    textOf(attributes, 'gen_ai.agent.name') ??
    textOf(attributes, 'agent_name') ??
    textOf(attributes, 'name'),
  tool: (span) => {
    const tool = semconv.tool(span)
    const { attributes } = span
    return {
      ...tool,
      name: textOf(attributes, 'gen_ai.tool.name') ?? textOf(attributes, 'name') ?? tool.name,
      input: tool.input ?? jsonTextOf(attributes, 'input'),
      output: tool.output ?? structured(attributes.output),
    }
  },
}
