/** Holds the figures that a view shows against the truth of recordings. */
import { expect } from 'vitest'
import type { Truth } from '../integration/corpus/recording.ts'
import type { Figures } from './visit.ts'

/** Prompts that the agent sent itself, counted apart from those that a person typed. */
const SYNTHETIC_PROMPTS: Readonly<Record<string, number>> = {
  'b38d554b-20ca-4a0b-9008-4e66106fb9c6': 1,
}

/** `$0.042908`. */
export function usdIn(title: string | null | undefined): number {
  return Number(title?.replace('$', '') ?? 'NaN')
}

/** Whole numbers in a text, in their order; commas belong to them. */
export function countsIn(text: string | null | undefined): number[] {
  return Array.from(text?.match(/\d[\d,]*/g) ?? [], (digits) => Number(digits.replaceAll(',', '')))
}

/** Input, output, read from the cache, written to it. */
export const tokensIn = countsIn

/** The figures of a session. */
export function expectStrip(id: string, shown: Figures, truth: Truth): void {
  // Without metrics, what only they tell is not known.
  const hasMetrics = !/no metrics received/.test(shown['Active time']?.note ?? '')
  const metricsOnly = (...figures: readonly number[]): readonly number[] =>
    hasMetrics ? figures : figures.filter((figure) => figure !== 0)
  expect(usdIn(shown.Cost?.title), id).toBeCloseTo(truth.cost_usd, 9)
  const counts = {
    calls: countsIn(shown.Cost?.note),
    tokens: tokensIn(shown.Tokens?.title),
    prompts: countsIn(shown.Prompts?.value),
    tools: countsIn(shown.Tools?.value),
    toolFailures: countsIn(shown.Tools?.note)[0],
    lines: countsIn(shown.Lines?.value),
    commits: countsIn(shown.Commits?.value),
    pullRequests: countsIn(shown.Commits?.note),
    errors: countsIn(shown.Errors?.value),
    modelErrors: countsIn(shown.Errors?.note),
  }
  expect(counts, id).toEqual({
    calls: [truth.api_requests],
    tokens: tokensOf([truth]),
    prompts: [truth.prompts - (SYNTHETIC_PROMPTS[id] ?? 0)],
    tools: [truth.tool_results],
    toolFailures: truth.tool_failures,
    lines: metricsOnly(truth.lines_added, truth.lines_removed),
    commits: metricsOnly(truth.commits),
    pullRequests: metricsOnly(truth.pull_requests),
    errors: [truth.api_errors + truth.tool_failures],
    modelErrors: [truth.api_errors],
  })
}

/** The figures of the overview over sessions that are all there is. */
export function expectOverview(shown: Figures, truths: readonly Truth[]): void {
  const sum = (of: (truth: Truth) => number): number =>
    truths.reduce((all, truth) => all + of(truth), 0)
  expect(usdIn(shown.Cost?.title)).toBeCloseTo(
    sum((truth) => truth.cost_usd),
    9,
  )
  const counts = {
    tokens: tokensIn(shown.Tokens?.title),
    sessions: countsIn(shown.Sessions?.value),
    tools: countsIn(shown['Tool errors']?.note),
    calls: countsIn(shown['Failed calls']?.note),
    lines: countsIn(shown.Lines?.value),
    commits: countsIn(shown.Lines?.note),
  }
  expect(counts).toEqual({
    tokens: tokensOf(truths),
    sessions: [truths.length],
    tools: [sum((truth) => truth.tool_failures), sum((truth) => truth.tool_results)],
    calls: [
      sum((truth) => truth.api_errors),
      sum((truth) => truth.api_errors + truth.api_requests),
    ],
    lines: [sum((truth) => truth.lines_added), sum((truth) => truth.lines_removed)],
    commits: [sum((truth) => truth.commits), sum((truth) => truth.pull_requests)],
  })
}

function tokensOf(truths: readonly Truth[]): number[] {
  const sum = (of: (truth: Truth) => number): number =>
    truths.reduce((all, truth) => all + of(truth), 0)
  return [
    sum((truth) => truth.input_tokens),
    sum((truth) => truth.output_tokens),
    sum((truth) => truth.cache_read_tokens),
    sum((truth) => truth.cache_creation_tokens),
  ]
}
