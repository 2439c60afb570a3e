/** Which habits are told, at which thresholds, with which numbers. */
import { describe, expect, test } from 'vitest'
import { type BucketOfModel, type Tip, tipsOf } from '../../../src/reports/tips.ts'
import { emptySums, type Sums } from '../../../src/reports/sums.ts'
import { BUCKET_MS } from '../../../src/domain/usage.ts'

/** A plain input token of `opus` costs 5 USD a million, of `haiku` 1. */
const PRICE: Readonly<Record<string, number>> = { opus: 5e-6, haiku: 1e-6 }

interface Change extends Partial<Omit<BucketOfModel, 'sums'>>, Partial<Sums> {}

function quarter(at: number, change: Change = {}): BucketOfModel {
  const { session = 1, model = 'opus', isSubagent = false, costUsd, ...given } = change
  const sums = { ...emptySums(), calls: 1, ...given }
  const plain = sums.input + 5 * sums.output + 0.1 * sums.cacheRead + 1.25 * sums.cacheCreation
  return {
    session,
    bucketMs: at * BUCKET_MS,
    model,
    isSubagent,
    sums: { ...sums, costUsd: costUsd ?? plain * (PRICE[model] ?? 0) },
  }
}

const kinds = (tips: readonly Tip[]) => tips.map(({ kind }) => kind)

describe('a cache that goes cold', () => {
  /** Four calls with a million tokens in mind, a pause, and the first call after it. */
  const then = quarter(0, { calls: 4, cacheRead: 4_000_000 })
  const back = (at: number, cacheCreation: number) =>
    quarter(at, { cacheCreation, cacheRead: 1_000_000 - cacheCreation })

  test.each([
    ['an empty quarter and everything written again', [then, back(2, 1_000_000)], true],
    ['the very next quarter', [then, back(1, 1_000_000)], false],
    ['most of it still there', [then, back(2, 400_000)], false],
    ['half of it gone', [then, back(2, 500_000)], true],
    ['another session', [then, { ...back(2, 1_000_000), session: 2 }], false],
    [
      'a subagent, which has a cache of its own',
      [then, { ...back(2, 1_000_000), isSubagent: true }],
      false,
    ],
    [
      'less than a dollar',
      [quarter(0, { cacheRead: 100_000 }), quarter(2, { cacheCreation: 100_000 })],
      false,
    ],
    [
      'next to nothing of what was spent',
      [then, back(2, 1_000_000), quarter(9, { session: 3, costUsd: 1000 })],
      false,
    ],
  ])('%s', (_, quarters, isTold) => {
    expect(kinds(tipsOf(quarters, []))).toEqual(isTold ? ['cold_cache'] : [])
  })

  test('tells what was written again, and what that cost more than reading it', () => {
    expect(tipsOf([back(2, 1_000_000), then], [])).toEqual([
      { kind: 'cold_cache', times: 1, tokens: 1_000_000, usd: expect.closeTo(5 * 1.15) },
    ])
  })

  test('growth beyond what was in mind is not the fault of the pause', () => {
    const grown = quarter(2, { cacheCreation: 3_000_000 })
    expect(tipsOf([then, grown], [])).toMatchObject([{ tokens: 1_000_000 }])
  })
})

describe('a dear model on small subagents', () => {
  const main = quarter(0, { model: 'haiku', input: 1_000_000 })
  const subagent = (change: Change = {}) =>
    quarter(0, {
      isSubagent: true,
      calls: 100,
      input: 1_000_000,
      output: 60_000,
      ...change,
    })

  test.each([
    ['600 tokens of answer', [main, subagent()], true],
    ['longer answers', [main, subagent({ output: 60_100 })], false],
    ['no cheaper model in use', [subagent()], false],
    ['a model of the same price', [main, subagent({ model: 'haiku' })], false],
    ['the main agent', [main, { ...subagent(), isSubagent: false }], false],
    ['less than a dollar to save', [main, subagent({ input: 1000, output: 1000 })], false],
  ])('%s', (_, quarters, isTold) => {
    expect(kinds(tipsOf(quarters, []))).toEqual(isTold ? ['dear_subagents'] : [])
  })

  test('tells both prices', () => {
    expect(tipsOf([main, subagent()], [])).toEqual([
      {
        kind: 'dear_subagents',
        model: 'opus',
        calls: 100,
        outputTokens: 600,
        usd: expect.closeTo(6.5),
        cheaperModel: 'haiku',
        cheaperUsd: expect.closeTo(1.3),
      },
    ])
  })
})

describe('a tool that fails', () => {
  const tool = (name: string, failures: number, results: number) => ({
    tool: name,
    failures,
    results,
  })

  test.each([
    ['a third of ten or more', [tool('Bash', 4, 12)], ['Bash']],
    ['less than a third', [tool('Bash', 3, 10)], []],
    ['fewer than ten', [tool('Bash', 9, 9)], []],
    [
      'two of them: the one with more failures',
      [tool('Edit', 5, 10), tool('Bash', 6, 18)],
      ['Bash'],
    ],
  ])('%s', (_, tools, named) => {
    expect(tipsOf([], tools).map((tip) => 'tool' in tip && tip.tool)).toEqual(named)
  })
})

test('at most three, the most expensive first, the tool last', () => {
  const quarters = [
    quarter(0, { cacheRead: 2_000_000 }),
    quarter(2, { cacheCreation: 2_000_000 }),
    quarter(0, { session: 2, model: 'haiku', input: 1000 }),
    ...['opus', 'dearer'].map((model) =>
      quarter(0, {
        session: 3,
        model,
        isSubagent: true,
        calls: 100,
        input: 2_000_000,
        costUsd: 15,
      }),
    ),
  ]
  const tips = tipsOf(quarters, [{ tool: 'Bash', failures: 10, results: 10 }])
  expect(tips).toHaveLength(3)
  expect(
    kinds(tipsOf(quarters.slice(0, 4), [{ tool: 'Bash', failures: 10, results: 10 }])),
  ).toEqual(['dear_subagents', 'cold_cache', 'failing_tool'])
})

test('nothing is nothing to tell', () => expect(tipsOf([], [])).toEqual([]))
