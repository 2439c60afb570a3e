/**
 * The plugin of Dash0 (scope `dash0-agent-plugin`), which reports Claude Code, Codex and others from
 * their hooks and transcripts: a `chat` span for a whole turn, its tools below it. Input excludes
 * cached tokens where the agent is Claude Code, and includes them elsewhere. The conversation is the
 * agent's own session, in which its own telemetry, if it sends any, comes first.
 */
import { textOf } from '../read-attribute.ts'
import { type Dialect, disjointUsage, firstNumber } from './dialect.ts'
import { semconv, tokensOf } from './semconv.ts'

const SCOPE = 'dash0-agent-plugin'

/** A name that can be an agent's. */
function nameOf(text: string | undefined): string | undefined {
  const name = text?.toLowerCase()
  return name !== undefined && /^[a-z][a-z0-9._-]{0,39}$/.test(name) ? name : undefined
}

export const dash0: Dialect = {
  ...semconv,
  name: 'Dash0 agent plugin',
  writes: ({ origin }) => origin.scopeName === SCOPE,
  isSecondHand: true,
  agent: (span) =>
    nameOf(textOf(span.attributes, 'gen_ai.harness.name')) ??
    nameOf(textOf(span.origin.resource, 'service.name')) ??
    semconv.agent(span),
  usage: (attributes) =>
    disjointUsage(
      tokensOf(attributes),
      textOf(attributes, 'gen_ai.harness.name') !== 'claude-code',
    ),
  costUsd: (attributes) => firstNumber(attributes, 'dash0.gen_ai.usage.cost'),
}
