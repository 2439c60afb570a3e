/** A cost that nobody told is absent everywhere, and is no 0; what a price table says is marked. */
import { describe, expect, test } from 'vitest'
import type { PriceOf } from '../../../src/domain/price.ts'
import { figuresOf } from '../../../src/reports/session-figures.ts'
import type { SessionPolicy } from '../../../src/sessions/policy.ts'
import type { SessionState } from '../../../src/sessions/state.ts'
import { readState } from '../../../src/sessions/stored-state.ts'
import { reduce } from '../../../src/sessions/reduce.ts'
import {
  answer,
  arrives,
  call,
  closing,
  fresh,
  policy,
  prompt,
  type Run,
  run,
  sample,
  subagentEnd,
  told,
} from './events.ts'

const { cost: _, ...untold } = call(1, 'r1')
const noTokens = { input: 0, output: 0, cacheRead: 0, cacheCreation: 0 }

const generation = ({ observations }: Run) => observations.find(({ type }) => type === 'generation')
const summary = ({ observations }: Run) =>
  observations.find(({ name }) => name === 'session-summary')?.output

const unknown = [
  ['is not told', untold],
  ['is told as 0 beside tokens', call(1, 'r1', told(0))],
] as const

describe.each(unknown)('a cost that %s', (_, unpriced) => {
  const ran = run([arrives(prompt(0)), arrives(unpriced), closing(9)])

  test('is on no observation', () => {
    expect(generation(ran)).not.toHaveProperty('costUsd')
    expect(generation(ran)).not.toHaveProperty('costSource')
  })

  test('is in no sum, and counted', () => {
    expect(ran.state.totals).toMatchObject({
      costUsd: 0,
      unpricedCalls: 1,
      models: { 'claude-opus-5-5': { calls: 1, unpricedCalls: 1 } },
    })
    expect(summary(ran)).not.toHaveProperty('cost_usd', expect.anything())
    expect(summary(ran)).toMatchObject({ calls_without_a_price: 1 })
  })

  test('leaves what other calls cost', () => {
    const mixed = run([arrives(unpriced), arrives(call(2, 'r2', told(0.05))), closing(9)])
    expect(summary(mixed)).toMatchObject({ cost_usd: 0.05, calls_without_a_price: 1 })
  })

  test('is counted in the rows of the reports', () => {
    const { usage } = reduce(fresh(), [arrives(unpriced)], policy)
    expect(usage.models).toMatchObject([{ calls: 1, unpricedCalls: 1, costUsd: 0 }])
  })

  test('is not shown of a subagent', () => {
    const of = { subagentId: 'a1' }
    const inSubagent = run([
      arrives({ ...unpriced, ...of }),
      arrives(subagentEnd(3, 'a1')),
      closing(9),
    ])
    const agent = inSubagent.observations.find(({ name }) => name.startsWith('subagent'))
    expect(agent?.metadata).toMatchObject({ model_calls: 1 })
    expect(agent?.metadata.cost_usd).toBeUndefined()
  })
})

test('a call that used nothing may cost nothing', () => {
  const ran = run([arrives(call(1, 'r1', { ...told(0), usage: noTokens })), closing(9)])
  expect(generation(ran)).toMatchObject({ costUsd: 0, costSource: 'agent' })
  expect(ran.state.totals.unpricedCalls).toBe(0)
})

test('a call whose usage never comes has no known cost', () => {
  const { usage: __, ...bare } = untold
  const ran = run([arrives(bare), arrives(answer(1, 'r1', 'hi')), closing(9)])
  expect(ran.state.totals.unpricedCalls).toBe(1)
})

describe('with a price table', () => {
  const priceOf: PriceOf = ({ model }) =>
    model === 'claude-opus-5-5'
      ? { usd: 0.5, source: 'estimated', byKind: { input: 0.1, output: 0.4 } }
      : undefined
  const priced = { ...policy, priceOf }

  test.each(unknown)('a cost that %s is estimated', (_, unpriced) => {
    const ran = run([arrives(unpriced), closing(9)], undefined, priced)
    expect(generation(ran)).toMatchObject({
      costUsd: 0.5,
      costSource: 'estimated',
      costByKind: { input: 0.1, output: 0.4 },
    })
    expect(ran.state.totals).toMatchObject({ costUsd: 0.5, estimatedUsd: 0.5, unpricedCalls: 0 })
    expect(summary(ran)).toMatchObject({ cost_usd: 0.5, estimated_usd: 0.5 })
  })

  test('what the agent said stays, and is split by the proportions of the table', () => {
    const ran = run([arrives(call(1, 'r1', told(1)))].concat(closing(9)), undefined, priced)
    expect(generation(ran)).toMatchObject({
      costUsd: 1,
      costSource: 'agent',
      costByKind: { input: 0.2, output: 0.8 },
    })
    expect(ran.state.totals).toMatchObject({ costUsd: 1, estimatedUsd: 0 })
  })

  test('a model without a price stays unknown', () => {
    const ran = run([arrives({ ...untold, model: 'mine' }), closing(9)], undefined, priced)
    expect(ran.state.totals).toMatchObject({ costUsd: 0, unpricedCalls: 1 })
  })
})

describe('metrics', () => {
  const shown = (ran: Run) => figuresOf(ran.state, () => undefined)
  const input = (seconds: number) => arrives(sample(seconds, 'tokens', 50, { facet: 'input' }))
  const priced: SessionPolicy = {
    ...policy,
    priceOf: () => ({ usd: 0.5, source: 'estimated', byKind: {} }),
  }

  test.each(['constructor', 'toString', '__proto__'])('of a model %s are its own', (model) => {
    const spent = arrives(sample(1, 'cost_usd', 0.5, { model }))
    const { models } = shown(run([spent, closing(9)]))
    expect(models).toMatchObject([{ costUsd: 0.5, metricsUsd: 0.5, calls: 0 }])
  })

  test('that report tokens and no cost leave the cost unknown, not $0', () => {
    const ran = run([input(1), closing(9)])
    const { strip, models, reconciliation } = shown(ran)
    expect(strip).toMatchObject({ costUsd: null, tokens: { input: 50 } })
    expect(models).toMatchObject([{ costUsd: null, tokens: { input: 50 } }])
    expect(reconciliation).toEqual({
      eventsUsd: 0,
      metricsUsd: null,
      eventsTokens: 0,
      metricsTokens: 50,
    })
    expect(summary(ran)).not.toHaveProperty('cost_usd', expect.anything())
    const reconciled = (summary(ran) as Record<string, object>).reconciliation
    expect(reconciled).not.toHaveProperty('metrics_cost_usd')
    expect(reconciled).not.toHaveProperty('difference_cost_usd')
  })

  test('without a cost are not compared with estimates', () => {
    const ran = run([arrives(untold), input(2), closing(9)], undefined, priced)
    expect(shown(ran).reconciliation).toMatchObject({ eventsUsd: 0.5, metricsUsd: null })
    expect(summary(ran)).toMatchObject({ cost_usd: 0.5, reconciliation: { events_cost_usd: 0.5 } })
  })

  test('with a cost are not compared with calls of which none has a price', () => {
    const ran = run([arrives(untold), arrives(sample(1, 'cost_usd', 0.2)), closing(9)])
    expect(shown(ran).reconciliation).toMatchObject({ eventsUsd: null, metricsUsd: 0.2 })
  })

  test('of neither cost nor tokens have nothing to compare', () => {
    const ran = run([arrives(call(1, 'r1', told(0.1))), arrives(sample(2, 'commits', 1))])
    expect(shown(ran).reconciliation).toMatchObject({
      eventsUsd: 0.1,
      metricsUsd: null,
      metricsTokens: null,
    })
  })
})

test('states from before take up as if all had been told', () => {
  const { state } = run([arrives(prompt(0)), arrives(call(1, 'r1', { subagentId: 'a1' }))])
  const old = JSON.parse(JSON.stringify(state)) as {
    totals: Record<string, unknown> & { models: Record<string, Record<string, unknown>> }
  } & SessionState
  for (const part of [old.totals, ...Object.values(old.totals.models)]) {
    delete (part as Record<string, unknown>).estimatedUsd
    delete (part as Record<string, unknown>).unpricedCalls
  }
  const nothing = { title: undefined, firstPromptMs: undefined, firstCommitMs: undefined }
  const read = readState({
    sessionKey: state.key,
    version: state.version,
    text: JSON.stringify(old),
    ...nothing,
  })
  if (!read.ok) throw new Error(read.error)
  const ran = run([arrives({ ...untold, timeMs: untold.timeMs + 1 }), closing(9)], read.value)
  expect(ran.state.totals).toMatchObject({
    costUsd: 0.01,
    estimatedUsd: 0,
    unpricedCalls: 1,
    models: { 'claude-opus-5-5': { calls: 2, estimatedUsd: 0, unpricedCalls: 1 } },
  })
})
