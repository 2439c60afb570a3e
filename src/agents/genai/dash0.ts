/**
 * The plugin of Dash0 (scope `dash0-agent-plugin`), which reports Claude Code, Codex and others from
 * their hooks and transcripts: a `chat` span for a whole turn, its tools below it. Input excludes
 * cached tokens where the agent is Claude Code, and includes them elsewhere.
 */
import { textOf } from '../read-attribute.ts'
import { type Dialect, disjointUsage, firstNumber } from './dialect.ts'
import { semconv, tokensOf } from './semconv.ts'

const SCOPE = 'dash0-agent-plugin'

export const dash0: Dialect = {
  ...semconv,
  name: 'Dash0 agent plugin',
  writes: ({ origin }) => origin.scopeName === SCOPE,
  agent: (span) =>
    textOf(span.attributes, 'gen_ai.harness.name') ??
    textOf(span.origin.resource, 'service.name') ??
    semconv.agent(span),
  usage: (attributes) =>
    disjointUsage(
      tokensOf(attributes),
      textOf(attributes, 'gen_ai.harness.name') !== 'claude-code',
    ),
  costUsd: (attributes) => firstNumber(attributes, 'dash0.gen_ai.usage.cost'),
}
