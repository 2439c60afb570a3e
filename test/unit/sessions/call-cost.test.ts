import { expect, test } from 'vitest'
import { costOfCall } from '../../../src/sessions/calls/call-cost.ts'

const usage = { input: 1000, output: 10, cacheRead: 0, cacheCreation: 0 }
const call = { model: 'opus', timeMs: 0, usage }
const priceOf = () =>
  ({ usd: 0.5, byKind: { input: 0.4, output: 0.1 }, source: 'estimated' }) as const

test('web searches are charged beside tokens, a cent each', () => {
  expect(costOfCall({ ...call, webSearches: 3 }, priceOf)).toEqual({
    cost: { usd: 0.53, source: 'estimated' },
    byKind: { input: 0.4, output: 0.1 },
  })
  expect(costOfCall(call, priceOf).cost).toEqual({ usd: 0.5, source: 'estimated' })
})

test('the cost that an agent tells has them in it, and without a price there is none', () => {
  const told = { usd: 0.7, source: 'agent' } as const
  expect(costOfCall({ ...call, webSearches: 3, cost: told }, priceOf).cost).toEqual(told)
  expect(costOfCall({ ...call, webSearches: 3 }, () => undefined).cost).toBeUndefined()
})
