/**
 * goose (block/goose, 2026): spans `chat` and `execute_tool` below a root (`reply`) that has the
 * session's id and repeats the turn's usage, and no operation name. The name of the session comes
 * from a call of its own, in a trace of its own.
 */
import { textOf } from '../read-attribute.ts'
import type { Dialect } from './dialect.ts'
import { operationOf, roleOf, semconv } from './semconv.ts'

export const goose: Dialect = {
  ...semconv,
  name: 'goose',
  writes: (span) =>
    (span.origin.scopeName === 'goose' ||
      textOf(span.origin.resource, 'service.name') === 'goose') &&
    (semconv.writes(span) || textOf(span.attributes, 'session.id') !== undefined),
  agent: () => 'goose',
  role: (span) => {
    if (operationOf(span.attributes) !== undefined) return roleOf(span)
    return span.parentSpanId === undefined ? 'agent' : 'other'
  },
  sideCall: ({ attributes }) => textOf(attributes, 'goose.chat.purpose'),
}
