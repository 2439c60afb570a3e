/**
 * OpenClaw's own spans (`diagnostics-otel`): `openclaw.model.usage` is a call, tokens under
 * `openclaw.tokens.*`, without what was read from the cache or written to it. Its other spans follow
 * the conventions.
 */
import { numberOf, textOf } from '../read-attribute.ts'
import { type Dialect, disjointUsage, firstText } from './dialect.ts'
import { conversationOf, operationOf, semconv } from './semconv.ts'

const CALL = 'openclaw.model.usage'

export const openclaw: Dialect = {
  ...semconv,
  name: 'OpenClaw',
  writes: (span) =>
    span.name === CALL ||
    (span.origin.scopeName.startsWith('openclaw') && operationOf(span.attributes) !== undefined),
  agent: () => 'openclaw',
  role: (span) => (span.name === CALL ? 'call' : semconv.role(span)),
  sessionId: (attributes) =>
    conversationOf(attributes) ??
    firstText(attributes, 'openclaw.sessionId', 'openclaw.sessionKey'),
  model: (attributes) => semconv.model(attributes) ?? textOf(attributes, 'openclaw.model'),
  provider: (attributes) => semconv.provider(attributes) ?? textOf(attributes, 'openclaw.provider'),
  usage: (attributes) =>
    semconv.usage(attributes) ??
    disjointUsage(
      {
        input: numberOf(attributes, 'openclaw.tokens.input'),
        output: numberOf(attributes, 'openclaw.tokens.output'),
        cacheRead: numberOf(attributes, 'openclaw.tokens.cache_read'),
        cacheWrite: numberOf(attributes, 'openclaw.tokens.cache_write'),
      },
      false,
    ),
}
