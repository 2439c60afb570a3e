/** When a budget is told, and in which words. */
import { alertText } from '../../../src/domain/alert.ts'
import { describe, expect, test } from 'vitest'
import {
  type BudgetAlert,
  passedThresholds,
  reachedThreshold,
  type Threshold,
} from '../../../src/domain/budget.ts'

describe('the highest threshold that spending has reached', () => {
  test.each([
    { spentUsd: 0, limitUsd: 10, reached: undefined },
    { spentUsd: 7.99, limitUsd: 10, reached: undefined },
    { spentUsd: 8, limitUsd: 10, reached: 80 },
    { spentUsd: 9.99, limitUsd: 10, reached: 80 },
    { spentUsd: 10, limitUsd: 10, reached: 100 },
    { spentUsd: 1000, limitUsd: 10, reached: 100 },
    { spentUsd: Number.NaN, limitUsd: 10, reached: undefined },
  ])('$spentUsd of $limitUsd: $reached', ({ spentUsd, limitUsd, reached }) => {
    expect(reachedThreshold(spentUsd, limitUsd)).toBe(reached)
  })

  test('dimes that add up to a dollar reach it, whatever binary fractions say', () => {
    const sum = Array.from({ length: 10 }, () => 0.1).reduce((a, b) => a + b, 0)
    expect(sum).toBeLessThan(1)
    expect(reachedThreshold(sum, 1)).toBe(100)
  })
})

describe('the thresholds that a step passes', () => {
  const noted = (...alerts: readonly (readonly [Threshold, number])[]) =>
    alerts.map(([threshold, limitUsd]) => ({ threshold, limitUsd }))

  test.each([
    { case: 'below', step: [0, 7], limit: 10, noted: noted(), passed: [] },
    { case: 'the first', step: [7, 8], limit: 10, noted: noted(), passed: [80] },
    { case: 'noted already', step: [8, 9], limit: 10, noted: noted([80, 10]), passed: [] },
    { case: 'the second', step: [9, 10], limit: 10, noted: noted([80, 10]), passed: [100] },
    { case: 'both at once', step: [0, 50], limit: 10, noted: noted(), passed: [80, 100] },
    {
      case: 'spending goes on beyond',
      step: [11, 12],
      limit: 10,
      noted: noted([80, 10], [100, 10]),
      passed: [],
    },
    {
      case: 'a budget that is new after its line was passed',
      step: [11, 12],
      limit: 10,
      noted: noted(),
      passed: [80, 100],
    },
    {
      case: 'raised: the old line was told, the new one is not reached',
      step: [11, 12],
      limit: 20,
      noted: noted([80, 10], [100, 10]),
      passed: [],
    },
    {
      case: 'raised by little: what is passed of the new one was told',
      step: [11, 11.5],
      limit: 12,
      noted: noted([80, 10], [100, 10]),
      passed: [],
    },
    {
      case: 'raised, and crossed anew',
      step: [15, 17],
      limit: 20,
      noted: noted([80, 10], [100, 10]),
      passed: [80],
    },
    {
      case: 'lowered: 80 % was told, 100 % was not',
      step: [16, 17],
      limit: 10,
      noted: noted([80, 20]),
      passed: [100],
    },
    {
      case: 'lowered and raised back',
      step: [15, 17],
      limit: 20,
      noted: noted([80, 20], [80, 10]),
      passed: [],
    },
  ])('$case', ({ step: [beforeUsd = 0, afterUsd = 0], limit, noted, passed }) => {
    expect(passedThresholds({ beforeUsd, afterUsd }, limit, noted)).toEqual(passed)
  })
})

describe('an alert in words', () => {
  const alert: BudgetAlert = {
    scope: 'day',
    subject: '',
    date: '2026-11-21',
    threshold: 80,
    limitUsd: 10,
    spentUsd: 8.125,
    atMs: 0,
  }
  test.each([
    [{}, 'passed 80 % of the daily budget: $8.13 of $10.00 spent on 2026-11-21'],
    [
      { scope: 'user', subject: 'ada@example.com', threshold: 100, spentUsd: 12 },
      'passed 100 % of the daily budget of ada@example.com: $12.00 of $10.00 spent on 2026-11-21',
    ],
    [
      { scope: 'team', subject: 'red', limitUsd: 0.5, spentUsd: 0.4021 },
      'passed 80 % of the daily budget of team red: $0.40 of $0.50 spent on 2026-11-21',
    ],
    [
      { scope: 'session', subject: 'a', date: '', threshold: 100, spentUsd: 0.5, limitUsd: 0.1 },
      'passed 100 % of the budget of session a: $0.50 of $0.10 spent',
    ],
    [
      { scope: 'session', subject: 'a', date: '', spentUsd: 0.0042, limitUsd: 0.005 },
      'passed 80 % of the budget of session a: $0.0042 of $0.0050 spent',
    ],
    [
      { scope: 'session', subject: 'claude-code/s1', date: '' },
      'passed 80 % of the budget of session claude-code/s1: $8.13 of $10.00 spent',
    ],
  ] satisfies [Partial<BudgetAlert>, string][])('%j', (change, text) => {
    expect(alertText({ kind: 'budget', ...alert, ...change })).toBe(text)
  })

  test('a name of any length does not make a text of any length', () => {
    const subject = 'x'.repeat(100_000)
    expect(alertText({ kind: 'budget', ...alert, scope: 'user', subject }).length).toBeLessThan(300)
  })
})
