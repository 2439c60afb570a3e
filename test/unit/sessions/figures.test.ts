/** What a session adds up to: exact money, nothing from figures that are not known, both scores. */
import { describe, expect, test } from 'vitest'
import type { ModelCallEvent } from '../../../src/domain/agent-event.ts'
import type { Observation } from '../../../src/domain/emission.ts'
import {
  answer,
  arrives,
  call,
  closing,
  failure,
  prompt,
  result,
  type Run,
  run,
  sample,
  span,
  subagentEnd,
  told,
} from './events.ts'

const summaryOf = ({ observations }: Run) =>
  observations.at(-1)?.output as Record<string, unknown> | undefined

const named = ({ observations }: Run, name: string): Observation | undefined =>
  observations.find((observation) => observation.name === name)

const costing = (seconds: number, costUsd: number, more: Partial<ModelCallEvent> = {}) =>
  arrives(call(seconds, `r${seconds}`, { ...told(costUsd), ...more }))

describe('money', () => {
  const agent = { subagentId: 'a1' }
  const ran = run([
    arrives(prompt(0)),
    costing(1, 0.1, agent),
    costing(2, 0.2, agent),
    arrives(subagentEnd(3, 'a1')),
    costing(4, 0.02485),
    costing(5, 0.05369),
    arrives(sample(6, 'cost_usd', 0.1)),
    arrives(sample(7, 'cost_usd', 0.2)),
    arrives(sample(8, 'active_time_s', 0.411, { facet: 'cli' })),
    arrives(sample(9, 'active_time_s', 0.197, { facet: 'cli' })),
    closing(10),
  ])

  test('adds up to cents, wherever it is shown', () => {
    expect(summaryOf(ran)).toMatchObject({
      cost_usd: 0.37854,
      models: { 'claude-opus-5-5': { cost_usd: 0.37854 } },
      active_agent_s: 0.608,
      reconciliation: {
        events_cost_usd: 0.37854,
        metrics_cost_usd: 0.3,
        difference_cost_usd: -0.07854,
      },
    })
    expect(named(ran, 'subagent general-purpose')?.metadata.cost_usd).toBe(0.3)
  })

  test('of one call is what the agent said, to the last digit', () => {
    const one = run([costing(1, 0.00011200000000000001), closing(2)])
    expect(named(one, 'chat claude-opus-5-5')?.costUsd).toBe(0.00011200000000000001)
    expect(summaryOf(one)).toMatchObject({ cost_usd: 0.000112 })
  })

  test('of a step is exact for the reports, too', () => {
    const { state } = run([costing(1, 0.1), costing(1.5, 0.2)])
    expect(state.totals.costUsd).toBe(0.3)
  })
})

describe('what is not known', () => {
  const { cost: _, durationMs: __, ttftMs: ___, ...bare } = call(2, 'r2')
  const unknown = { ...bare, implausible: { cost_usd: '1e308', duration_ms: '1e15' } }
  const { durationMs: ____, ...tool } = result(3, 't1')
  const ran = run([
    arrives(prompt(0)),
    arrives(answer(1, 'r1', 'x')),
    costing(1, 0.5),
    arrives(unknown),
    arrives({ ...tool, implausible: { duration_ms: '-1' } }),
    arrives(sample(4, 'cost_usd', 0, { value: undefined, implausible: { value: '1e308' } })),
    closing(9),
  ])

  test('is in no sum, no mean and no least', () => {
    expect(summaryOf(ran)).toMatchObject({
      model_calls: 2,
      cost_usd: 0.5,
      models: {
        'claude-opus-5-5': { calls: 2, cost_usd: 0.5, duration_ms: { count: 1, min: 500 } },
      },
      tools: { Bash: { results: 1, duration_ms: undefined } },
      implausible_values: 4,
    })
    expect(summaryOf(ran)).not.toHaveProperty('reconciliation')
  })

  test('is marked where it would stand, and no cost is told', () => {
    const marked = ran.observations.filter((o) => o.metadata.implausible !== undefined)
    expect(marked.map(({ name, metadata }) => [name, metadata.implausible])).toEqual([
      ['Bash', { duration_ms: '-1' }],
      ['chat claude-opus-5-5', { cost_usd: '1e308', duration_ms: '1e15' }],
    ])
    expect(marked[1]).not.toHaveProperty('costUsd')
    expect(marked[1]).toMatchObject({ startMs: unknown.timeMs, endMs: unknown.timeMs })
  })

  test('a cumulative point that cannot be true is no point of its series', () => {
    const at = (seconds: number, value: number | undefined) =>
      arrives(sample(seconds, 'commits', 0, { value, temporality: 'cumulative' }))
    const { state } = run([at(1, 2), at(2, undefined), at(3, 5)])
    expect(state.totals.metrics.commits).toBe(5)
  })

  test('a session without any says nothing of them', () => {
    expect(summaryOf(run([costing(1, 0.5), closing(2)]))?.implausible_values).toBeUndefined()
  })

  test('a span that stands for its end alone does not shorten its tool', () => {
    const { observations } = run([
      arrives(prompt(0, 'do it', { traceId: 't1' })),
      arrives(result(3, 't1', { durationMs: 2000 })),
      arrives(span('tool', 3, 3, { toolUseId: 't1' })),
    ])
    const tool = observations.find(({ name }) => name === 'Bash')
    expect((tool?.endMs ?? 0) - (tool?.startMs ?? 0)).toBe(2000)
  })
})

describe('scores', () => {
  const scoresOf = (inputs: Parameters<typeof run>[0]) =>
    Object.fromEntries(run(inputs).scores.map(({ name, value }) => [name, value]))
  const noTokens = { usage: { input: 0, output: 9, cacheRead: 0, cacheCreation: 0 } }

  test.each<[string, Parameters<typeof run>[0], object]>([
    [
      'a call and no tool',
      [costing(1, 0.1), closing(2)],
      { quality: 100, efficiency: 100 * ((30 / 80 + 1) / 2) },
    ],
    [
      'a call without input tokens',
      [costing(1, 0.1, noTokens), closing(2)],
      { quality: 100, efficiency: 100 },
    ],
    ['a call that failed', [arrives(failure(1, 'no')), closing(2)], { quality: 0, efficiency: 0 }],
    [
      'a call, a call that failed, a tool and one that failed',
      [
        costing(1, 0.1, noTokens),
        arrives(failure(2, 'no')),
        arrives(result(3, 't1')),
        arrives(result(4, 't2', { success: false })),
        arrives(sample(5, 'edit_decision', 3, { facet: 'accept' })),
        arrives(sample(5, 'edit_decision', 1, { facet: 'reject' })),
        closing(6),
      ],
      { quality: 100 * ((0.5 + 0.75 + 0.5) / 3), efficiency: 50 },
    ],
    ['tools alone', [arrives(result(1, 't1')), closing(2)], { quality: 100 }],
  ])('%s', (_, inputs, expected) => {
    const { quality, efficiency } = scoresOf(inputs)
    expect({ quality, efficiency }).toEqual({ efficiency: undefined, ...expected })
  })
})
