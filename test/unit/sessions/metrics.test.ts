import { describe, expect, test } from 'vitest'
import type { MetricSample } from '../../../src/domain/metric-sample.ts'
import { arrives, at, call, closing, prompt, run, sample } from './events.ts'

const cumulative = (seconds: number, value: number, more: Partial<MetricSample> = {}) =>
  sample(seconds, 'lines_of_code', value, { temporality: 'cumulative', facet: 'added', ...more })

describe('lines added', () => {
  const cases: readonly [string, readonly MetricSample[], number][] = [
    [
      'deltas add up',
      [
        sample(1, 'lines_of_code', 3, { facet: 'added' }),
        sample(2, 'lines_of_code', 4, { facet: 'added' }),
      ],
      7,
    ],
    ['the first value of a run counts whole', [cumulative(1, 3)], 3],
    ['then its growth counts', [cumulative(1, 3), cumulative(2, 5), cumulative(3, 5)], 5],
    ['a value that fell is a reset', [cumulative(1, 5), cumulative(2, 2)], 7],
    [
      'a run that starts later counts by itself',
      [cumulative(1, 5), cumulative(2, 2, { seriesKey: 'b' }), cumulative(3, 6)],
      8,
    ],
    [
      'an older point of a run adds nothing',
      [cumulative(2, 5), cumulative(1, 3), cumulative(3, 6)],
      6,
    ],
  ]
  test.each(cases)('%s', (_, samples, expected) => {
    const { state } = run(samples.map((s) => arrives(s, 3)))
    expect(state.totals.metrics.linesAdded).toBe(expected)
  })
})

describe('a commit and a pull request are shown', () => {
  const landmarks = [sample(2, 'commits', 1), sample(3, 'pull_requests', 1)]
  const cases = {
    'in the turn that they came in': [prompt(1), ...landmarks],
    'in the first turn, where they came before it': [...landmarks, prompt(1)],
  }
  test.each(Object.entries(cases))('%s', (_, items) => {
    const { observations } = run([...items.map((item) => arrives(item, 4)), closing(60)])
    const roots = observations.filter(({ parentKey }) => parentKey === undefined)
    const shown = observations.filter(({ name }) => ['commit', 'pull request'].includes(name))
    expect(shown.map(({ name, startMs }) => [name, startMs])).toEqual([
      ['commit', at(2)],
      ['pull request', at(3)],
    ])
    expect(new Set(shown.map(({ traceKey }) => traceKey))).toEqual(
      new Set(roots.filter(({ name }) => name === 'conversation').map(({ traceKey }) => traceKey)),
    )
  })
})

test('metrics add no cost and no tokens; the difference is shown', () => {
  const { state, observations } = run([
    arrives(call(1, 'r1')),
    arrives(sample(2, 'cost_usd', 0.03)),
    arrives(sample(2, 'tokens', 15, { facet: 'input' })),
    closing(3),
  ])
  expect(state.totals.costUsd).toBe(0.01)
  expect(state.totals.usage.input).toBe(10)
  const output = observations.at(-1)?.output as { reconciliation: Record<string, number> }
  expect(output.reconciliation.difference_cost_usd).toBeCloseTo(0.02, 12)
  expect(output.reconciliation.difference_tokens).toBe(15 - 100)
})

test('edit decisions make the acceptance rate', () => {
  const { scores } = run([
    arrives(sample(1, 'edit_decision', 3, { facet: 'accept' })),
    arrives(sample(1, 'edit_decision', 1, { facet: 'reject' })),
    closing(3),
  ])
  const rate = scores.find((s) => s.name === 'edit_acceptance_rate')
  expect(rate).toMatchObject({ value: 0.75, comment: '3 of 4 edits were accepted' })
  expect(scores.find((s) => s.name === 'quality')?.value).toBe(75)
})
