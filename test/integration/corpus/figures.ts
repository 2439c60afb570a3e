/** What Langfuse was sent, added up by session, to compare with what a recording says happened. */
import type { StoredSpan } from '../langfuse-stand-in/stored-span.ts'
import { sessionOf } from './expect-truth.ts'

export interface Figures {
  readonly sessions: number
  readonly turns: number
  /** Those that failed included. */
  readonly modelCalls: number
  readonly tools: number
  readonly subagents: number
  /** Failed calls and failed tools. */
  readonly errors: number
  readonly tokens: {
    readonly input: number
    readonly cacheRead: number
    readonly cacheWrite: number
    readonly output: number
    readonly reasoning: number
  }
  readonly agentCostUsd: number
}

export function figuresOf(spans: readonly StoredSpan[]): Figures {
  const summaries = spans.filter((span) => span.name === 'session-summary')
  const outputs = summaries.map((span) => (span.output ?? {}) as Readonly<Record<string, unknown>>)
  const sum = (...path: readonly string[]): number =>
    outputs.reduce((total, output) => total + numberAt(output, path), 0)
  return {
    sessions: new Set(spans.map(sessionOf)).size,
    turns: sum('turns'),
    modelCalls: sum('model_calls') + sum('model_errors'),
    tools: sum('tool_results'),
    subagents: spans.filter(({ name }) => /^subagent .*[^)]$/.test(name)).length,
    errors: sum('model_errors') + sum('tool_failures'),
    tokens: {
      input: sum('tokens', 'input'),
      cacheRead: sum('tokens', 'cacheRead'),
      cacheWrite: sum('tokens', 'cacheCreation'),
      output: sum('tokens', 'output'),
      reasoning: sum('tokens', 'reasoning'),
    },
    agentCostUsd: sum('cost_usd'),
  }
}

/** The same from the spans that carry usage: each must be there once. */
export function deliveredTokens(spans: readonly StoredSpan[]) {
  const sum = (...keys: readonly string[]): number =>
    spans.reduce(
      (total, { usage }) => total + keys.reduce((of, key) => of + Number(usage[key] ?? 0), 0),
      0,
    )
  return {
    input: sum('input'),
    cacheRead: sum('cache_read_input_tokens'),
    cacheWrite: sum(
      'cache_creation_input_tokens',
      'input_cache_creation_5m',
      'input_cache_creation_1h',
    ),
  }
}

function numberAt(of: unknown, path: readonly string[]): number {
  let at = of
  for (const name of path) at = (at as Readonly<Record<string, unknown>> | undefined)?.[name]
  return typeof at === 'number' ? at : 0
}
