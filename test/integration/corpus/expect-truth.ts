/** Compares what Langfuse was sent with what a recording adds up to. */
import { expect } from 'vitest'
import type { LangfuseStandIn } from '../langfuse-stand-in/stand-in.ts'
import type { StoredSpan } from '../langfuse-stand-in/stored-span.ts'
import { isEventful, type Truth } from './recording.ts'

/** Every span id once, every parent there, and per session what `truth` says. */
export function expectTruth(
  langfuse: LangfuseStandIn,
  truth: Readonly<Record<string, Truth>>,
): void {
  const doubled = [...langfuse.spanIdCounts()].filter(([, count]) => count !== 1)
  expect(doubled).toEqual([])
  expectRows(langfuse, langfuse.spans(), truth)
}

/**
 * The same after a crash. A process that dies between Langfuse's answer and its own note of
 * it sends that batch again: same ids, same start times, same content, so that Langfuse's
 * table merges them to one row. That is checked, and the merged rows must say what `truth` says.
 */
export function expectTruthAfterCrash(
  langfuse: LangfuseStandIn,
  truth: Readonly<Record<string, Truth>>,
): void {
  const rows = new Map<string, StoredSpan>()
  for (const span of langfuse.spans()) {
    const key = `${span.traceId} ${span.spanId}`
    expect(span).toEqual(rows.get(key) ?? span)
    rows.set(key, span)
  }
  expectRows(langfuse, [...rows.values()], truth)
}

/**
 * The same where a session of an earlier version was rebuilt from its records: a generation that this version
 * would still hold is told again under its id, with the content of this version, and takes the place of
 * the first.
 */
export function expectTruthRetold(
  langfuse: LangfuseStandIn,
  truth: Readonly<Record<string, Truth>>,
): void {
  const rows = new Map<string, StoredSpan>()
  const retold: string[] = []
  for (const span of langfuse.spans()) {
    const key = `${span.traceId} ${span.spanId}`
    if (rows.has(key)) retold.push(span.name)
    rows.set(key, span)
  }
  expect(retold.filter((name) => !name.startsWith('chat '))).toEqual([])
  // One of each turn that was open.
  expect(retold.length).toBeLessThan(2)
  expectRows(langfuse, [...rows.values()], truth)
}

function expectRows(
  langfuse: LangfuseStandIn,
  rows: readonly StoredSpan[],
  truth: Readonly<Record<string, Truth>>,
): void {
  expectWholeTraces(rows)
  for (const [sessionId, expected] of Object.entries(truth)) {
    const spans = rows.filter((span) => sessionOf(span) === sessionId)
    const totals: Record<keyof ReturnType<typeof totalsOf>, unknown> = {
      calls: expected.api_requests,
      errors: expected.api_errors,
      cost: expect.closeTo(expected.cost_usd, 6),
      input: expected.input_tokens,
      output: expected.output_tokens,
      cacheRead: expected.cache_read_tokens,
      cacheCreation: expected.cache_creation_tokens,
      tools: expected.tool_results,
      failedTools: expected.tool_failures,
      roots: expected.prompts,
      summaries: isEventful(expected) ? 1 : 0,
    }
    expect(totalsOf(spans), sessionId).toEqual(totals)
    expectContext(spans)
    if (isEventful(expected)) expectSummary(spans, expected)
    expectScores(langfuse, sessionId, expected)
  }
}

export const sessionOf = (span: StoredSpan): unknown => span.attributes['langfuse.session.id']

function totalsOf(spans: readonly StoredSpan[]) {
  const level = (span: StoredSpan) => span.attributes['langfuse.observation.level']
  const generations = spans.filter((span) => span.type === 'generation')
  const calls = generations.filter((span) => level(span) !== 'ERROR')
  const tools = spans.filter((span) => span.type === 'tool' && level(span) !== 'WARNING')
  const sum = (key: string) =>
    spans.reduce((total, { usage }) => total + Number(usage[key] ?? 0), 0)
  return {
    calls: calls.length,
    errors: generations.length - calls.length,
    cost: spans.reduce((total, { cost }) => total + Number(cost.total ?? 0), 0),
    input: sum('input'),
    output: sum('output'),
    cacheRead: sum('cache_read_input_tokens'),
    cacheCreation:
      sum('cache_creation_input_tokens') +
      sum('input_cache_creation_5m') +
      sum('input_cache_creation_1h'),
    tools: tools.length,
    failedTools: tools.filter((span) => level(span) === 'ERROR').length,
    roots: spans.filter((span) => span.name === 'conversation').length,
    summaries: spans.filter((span) => span.name === 'session-summary').length,
  }
}

function expectWholeTraces(spans: readonly StoredSpan[]): void {
  const ids = new Set(spans.map((span) => `${span.traceId} ${span.spanId}`))
  const orphans = spans.filter(
    ({ traceId, parentSpanId }) =>
      parentSpanId !== undefined && !ids.has(`${traceId} ${parentSpanId}`),
  )
  expect(orphans.map((span) => span.name)).toEqual([])
}

function expectContext(spans: readonly StoredSpan[]): void {
  for (const { attributes, name } of spans) {
    for (const key of ['session.id', 'langfuse.user.id', 'user.id', 'langfuse.trace.name']) {
      expect(attributes[key], `${name}: ${key}`).toEqual(expect.any(String))
    }
    expect(attributes['langfuse.environment'], name).toMatch(/^[a-z0-9_-]{1,40}$/)
    expect(attributes['langfuse.version'], name).toMatch(/^\d+\.\d+\.\d+$/)
  }
}

function expectSummary(spans: readonly StoredSpan[], expected: Truth): void {
  const summary = spans.find((span) => span.name === 'session-summary')
  const totals: Record<string, unknown> = {
    model_calls: expected.api_requests,
    model_errors: expected.api_errors,
    prompts: expected.prompts - syntheticPrompts(summary),
    tool_results: expected.tool_results,
    cost_usd: expect.closeTo(expected.cost_usd, 6),
    lines_added: expected.lines_added,
    lines_removed: expected.lines_removed,
    commits: expected.commits,
    pull_requests: expected.pull_requests,
    events: expected.events,
  }
  expect(summary?.output).toMatchObject(totals)
  const output = (summary?.output ?? {}) as Record<string, Record<string, number> | undefined>
  const metricsCost = output.reconciliation?.metrics_cost_usd ?? 0
  expect(metricsCost).toBeCloseTo(expected.metric_cost, 6)
}

/** Prompts that nobody typed are counted apart; the truth counts every prompt event. */
function syntheticPrompts(summary: StoredSpan | undefined): number {
  const output = (summary?.output ?? {}) as Record<string, unknown>
  return Number(output.synthetic_prompts ?? 0)
}

function expectScores(langfuse: LangfuseStandIn, sessionId: string, expected: Truth): void {
  const scores = langfuse.scores().filter((score) => score.sessionId === sessionId)
  const value = (name: string) => scores.find((score) => score.name === name)?.value
  const { tool_results: tools, tool_failures: failed } = expected
  expect(value('tool_success_rate')).toEqual(
    tools === 0 ? undefined : expect.closeTo((tools - failed) / tools, 9),
  )
  const calls = expected.api_requests + expected.api_errors
  expect(value('api_success_rate')).toEqual(
    calls === 0 ? undefined : expect.closeTo(expected.api_requests / calls, 9),
  )
  const tokens = expected.input_tokens + expected.cache_read_tokens + expected.cache_creation_tokens
  expect(value('cache_hit_rate')).toEqual(
    tokens === 0 ? undefined : expect.closeTo(expected.cache_read_tokens / tokens, 9),
  )
}
