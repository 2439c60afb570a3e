/** Factory Droid with `OTEL_TELEMETRY_FORMAT=genai`: the conventions under its own service name. */
import { firstText, type Dialect } from './dialect.ts'
import { textOf } from '../read-attribute.ts'
import { conversationOf, semconv } from './semconv.ts'

const SENDER = /^(?:factory[.-])?droid(?:$|[.-])|^factory(?:$|[.-])/

export const droid: Dialect = {
  ...semconv,
  name: 'Factory Droid',
  writes: (span) =>
    (SENDER.test(textOf(span.origin.resource, 'service.name') ?? '') ||
      SENDER.test(span.origin.scopeName)) &&
    semconv.writes(span),
  agent: () => 'droid',
  sessionId: (attributes) =>
    conversationOf(attributes) ?? firstText(attributes, 'droid.session.id', 'factory.session.id'),
}
