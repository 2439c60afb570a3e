/**
 * OpenClaw's plugin `diagnostics-otel` (2026.9; `extensions/diagnostics-otel/src` and
 * `docs/gateway/opentelemetry` of its repository). Its spans name no session: the trace is one.
 *
 * `openclaw.harness.run` is a turn, `openclaw.model.call` a call, also where it stands for a whole turn
 * of another agent's command line (`observation_unit` is `turn`, operation `invoke_agent`).
 * `openclaw.model.usage` sums a turn up, beside its calls and not around them; in older versions nothing
 * else tells tokens. `openclaw.tokens.input` is without what was read from the cache or written to it.
 */
import type { Attributes } from '../../domain/json-value.ts'
import type { SpanRecord } from '../../domain/telemetry-record.ts'
import { numberOf, textOf } from '../read-attribute.ts'
import {
  type CallContent,
  type Dialect,
  disjointUsage,
  firstText,
  type WorkRole,
} from './dialect.ts'
import { messagesOf, structured } from './messages.ts'
import { conversationOf, failureOf, operationOf, semconv } from './semconv.ts'

const SENDER = /^openclaw(?:$|[.-])/
const UNIT = 'openclaw.model_call.observation_unit'

const roles: ReadonlyMap<string, WorkRole> = new Map([
  ['openclaw.harness.run', 'agent'],
  ['openclaw.model.call', 'call'],
  ['openclaw.model.usage', 'sum'],
  ['openclaw.tool.execution', 'tool'],
])

function role(span: SpanRecord): WorkRole {
  const byName = roles.get(span.name)
  if (byName !== undefined) return byName
  return textOf(span.attributes, UNIT) === undefined ? semconv.role(span) : 'call'
}

function isOpenClaw({ origin, attributes }: SpanRecord): boolean {
  return (
    SENDER.test(origin.scopeName) ||
    SENDER.test(textOf(origin.resource, 'service.name') ?? '') ||
    Object.keys(attributes).some((key) => key.startsWith('openclaw.'))
  )
}

function content(span: SpanRecord): CallContent {
  const { attributes } = span
  const told = semconv.content(span)
  return {
    input: told.input ?? messagesOf(structured(attributes['input.value']), 'user'),
    output: told.output ?? messagesOf(structured(attributes['output.value']), 'assistant'),
  }
}

function ownTokens(attributes: Attributes) {
  const of = (kind: string) => numberOf(attributes, `openclaw.tokens.${kind}`)
  return disjointUsage(
    {
      input: of('input'),
      output: of('output'),
      cacheRead: of('cache_read'),
      cacheWrite: of('cache_write'),
    },
    false,
  )
}

export const openclaw: Dialect = {
  ...semconv,
  name: 'OpenClaw',
  writes: (span) =>
    roles.has(span.name) || (operationOf(span.attributes) !== undefined && isOpenClaw(span)),
  agent: () => 'openclaw',
  role,
  sessionId: (attributes) =>
    conversationOf(attributes) ??
    firstText(attributes, 'openclaw.sessionId', 'openclaw.sessionKey'),
  model: (attributes) => semconv.model(attributes) ?? textOf(attributes, 'openclaw.model'),
  provider: (attributes) => semconv.provider(attributes) ?? textOf(attributes, 'openclaw.provider'),
  usage: (attributes) => ownTokens(attributes) ?? semconv.usage(attributes),
  ttftMs: ({ attributes }) => numberOf(attributes, 'openclaw.model_call.time_to_first_byte_ms'),
  content,
  agentName: (attributes) => firstText(attributes, 'gen_ai.agent.name', 'openclaw.harness.id'),
  tool: (span) => ({
    ...semconv.tool(span),
    name: firstText(span.attributes, 'gen_ai.tool.name', 'openclaw.toolName') ?? 'unknown',
  }),
  contentNote: 'not recorded: set diagnostics.otel.captureContent in openclaw.json',
  failure: (span) => {
    const failed = failureOf(span)
    if (failed !== undefined || textOf(span.attributes, 'openclaw.outcome') !== 'blocked') {
      return failed
    }
    return {
      message: textOf(span.attributes, 'openclaw.deniedReason') ?? 'blocked',
      type: 'blocked',
    }
  },
}
