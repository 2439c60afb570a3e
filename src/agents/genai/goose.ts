/**
 * goose (block/goose, 2026; `crates/goose/src/agents`, `gen_ai_telemetry.rs` and the state machine's
 * `inference.rs`): spans `chat` and `execute_tool` below a root (`reply`) that has the session's id and
 * repeats the turn's usage, and no operation name. `goose.chat.purpose` is `inference` for what was
 * asked for; the name of the session comes from a call in a trace of its own, a compaction from one
 * within the turn. Cached tokens, since there are any, are within the input.
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
  sideCall: ({ attributes }) => {
    const purpose = textOf(attributes, 'goose.chat.purpose')
    return purpose === 'inference' ? undefined : purpose
  },
  contentNote: 'not recorded: set OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true',
}
