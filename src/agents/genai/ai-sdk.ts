/**
 * Spans `ai.*` of the Vercel AI SDK (v4 to v7), and opencode, which is built on it (recorded with
 * 1.18.33). The call is the inner span, `….doGenerate` or `….doStream`; the outer one repeats its
 * usage, now and then in a trace of its own, so it is never counted. Input includes cached tokens.
 *
 * opencode tells a tool twice, as `ai.toolCall` and as `Tool.execute`; a subagent is a session of its
 * own within the trace of the first; a title is asked of a small model.
 */
import type { TokenUsage } from '../../domain/agent-event.ts'
import type { Attributes, JsonValue } from '../../domain/json-value.ts'
import type { SpanRecord } from '../../domain/telemetry-record.ts'
import { numberOf, textOf } from '../read-attribute.ts'
import {
  type CallContent,
  type Dialect,
  disjointUsage,
  firstNumber,
  firstText,
  type ReportedTokens,
  type ToolFacts,
  type WorkRole,
} from './dialect.ts'
import { isFields, messagesOf, structured } from './messages.ts'
import { conversationOf, failureOf, jsonTextOf, operationOf, semconv, tokensOf } from './semconv.ts'

const TITLE = 'You are a title generator'

/** opencode's own spans of a prompt, without attributes, and of a tool, without content. */
const PROMPT = 'SessionPrompt.prompt'
const TOOL = 'Tool.execute'

function isOwnTool({ name, attributes }: SpanRecord): boolean {
  return name === TOOL && textOf(attributes, 'tool.call_id') !== undefined
}

function operationIdOf({ name, attributes }: SpanRecord): string {
  return textOf(attributes, 'ai.operationId') ?? (name.startsWith('ai.') ? name : '')
}

function role(span: SpanRecord): WorkRole {
  const id = operationIdOf(span)
  if (/\.do(?:Generate|Stream|Embed)$/.test(id)) return 'call'
  if (id === 'ai.toolCall') return 'tool'
  if (id !== '') return 'other'
  if (span.name === PROMPT) return 'agent'
  // Version 7 writes the conventions; some wrappers send the usage and nothing else.
  return isOwnTool(span) ? 'tool' : semconv.role(span)
}

function tokens(attributes: Attributes): ReportedTokens {
  const of = tokensOf(attributes)
  const anthropic = anthropicUsage(attributes)
  return {
    input: of.input ?? firstNumber(attributes, 'ai.usage.inputTokens', 'ai.usage.promptTokens'),
    output:
      of.output ?? firstNumber(attributes, 'ai.usage.outputTokens', 'ai.usage.completionTokens'),
    cacheRead:
      of.cacheRead ??
      firstNumber(
        attributes,
        'ai.usage.inputTokenDetails.cacheReadTokens',
        'ai.usage.cachedInputTokens',
      ) ??
      numberIn(anthropic, 'cache_read_input_tokens'),
    cacheWrite:
      of.cacheWrite ??
      firstNumber(attributes, 'ai.usage.inputTokenDetails.cacheWriteTokens') ??
      numberIn(anthropic, 'cache_creation_input_tokens'),
    cacheWrite5m: numberIn(lifetimes(anthropic), 'ephemeral_5m_input_tokens'),
    cacheWrite1h: numberIn(lifetimes(anthropic), 'ephemeral_1h_input_tokens'),
    reasoning:
      of.reasoning ??
      firstNumber(
        attributes,
        'ai.usage.outputTokenDetails.reasoningTokens',
        'ai.usage.reasoningTokens',
      ),
  }
}

type Fields = Readonly<Record<string, JsonValue | undefined>>

/** The provider's own figures, which alone tell of cache writes in older versions. */
function anthropicUsage(attributes: Attributes): Fields | undefined {
  const metadata = structured(attributes['ai.response.providerMetadata'])
  const anthropic = isFields(metadata) ? metadata.anthropic : undefined
  const usage = isFields(anthropic) ? anthropic.usage : undefined
  return isFields(usage) ? usage : undefined
}

function lifetimes(usage: Fields | undefined): Fields | undefined {
  const created = usage?.cache_creation
  return isFields(created) ? created : undefined
}

function numberIn(of: Fields | undefined, key: string): number | undefined {
  const value = of?.[key]
  return typeof value === 'number' ? value : undefined
}

function usage(attributes: Attributes): TokenUsage | undefined {
  return disjointUsage(tokens(attributes), true)
}

function content(span: SpanRecord): CallContent {
  const { attributes } = span
  const common = semconv.content(span)
  const prompt = structured(attributes['ai.prompt.messages'])
  const text = textOf(attributes, 'ai.response.text')
  const calls = structured(attributes['ai.response.toolCalls'])
  const parts: JsonValue[] = []
  if (text !== undefined) parts.push({ type: 'text', text })
  if (Array.isArray(calls)) {
    for (const call of calls as readonly JsonValue[]) {
      parts.push(isFields(call) ? { type: 'tool_call', ...call } : call)
    }
  }
  return {
    input: common.input ?? messagesOf(prompt, 'user'),
    output:
      common.output ?? (parts.length > 0 ? [{ role: 'assistant', content: parts }] : undefined),
  }
}

function tool(span: SpanRecord): ToolFacts {
  const { attributes } = span
  if (isOwnTool(span)) {
    return {
      name: textOf(attributes, 'tool.name') ?? 'unknown',
      callId: textOf(attributes, 'tool.call_id'),
    }
  }
  if (operationIdOf(span) !== 'ai.toolCall') return semconv.tool(span)
  return {
    name: textOf(attributes, 'ai.toolCall.name') ?? 'unknown',
    callId: textOf(attributes, 'ai.toolCall.id'),
    input: jsonTextOf(attributes, 'ai.toolCall.args'),
    output: structured(attributes['ai.toolCall.result']),
  }
}

function sideCall(span: SpanRecord): string | undefined {
  const prompt = textOf(span.attributes, 'ai.prompt.messages') ?? ''
  if (prompt.slice(0, 200).includes(TITLE)) return 'title'
  return operationIdOf(span).endsWith('.doEmbed') ? 'embeddings' : semconv.sideCall(span)
}

const isOpencode = ({ origin }: SpanRecord): boolean =>
  origin.scopeName === 'opencode' || textOf(origin.resource, 'service.name') === 'opencode'

export const aiSdk: Dialect = {
  ...semconv,
  name: 'Vercel AI SDK and opencode',
  writes: (span) =>
    operationIdOf(span).startsWith('ai.') ||
    textOf(span.attributes, 'ai.usage.cachedInputTokens') !== undefined ||
    (span.origin.scopeName === 'ai' && operationOf(span.attributes) !== undefined) ||
    (isOpencode(span) && (span.name === PROMPT || isOwnTool(span))),
  agent: (span) => (isOpencode(span) ? 'opencode' : semconv.agent(span)),
  role,
  sessionId: (attributes) =>
    firstText(attributes, 'ai.telemetry.metadata.sessionId') ?? conversationOf(attributes),
  sessionIsOwn: true,
  sideCall,
  model: (attributes) =>
    semconv.model(attributes) ?? firstText(attributes, 'ai.response.model', 'ai.model.id'),
  provider: (attributes) =>
    firstText(attributes, 'gen_ai.provider.name', 'gen_ai.system', 'ai.model.provider')
      ?.toLowerCase()
      .replace(/\.(?:chat|responses|messages|completion|generative-ai)$/, ''),
  responseId: (attributes) => firstText(attributes, 'gen_ai.response.id', 'ai.response.id'),
  usage,
  ttftMs: (span) => numberOf(span.attributes, 'ai.response.msToFirstChunk') ?? semconv.ttftMs(span),
  content,
  tool,
  isPoorTool: isOwnTool,
  contentNote: 'not recorded: set experimental.openTelemetry in opencode.json',
  failure: failureOf,
}
