import { describe, expect, test } from 'vitest'
import { parseOwnPrices } from '../../../src/prices/own-prices.ts'
import { createPriceTable } from '../../../src/prices/price-table.ts'

const AT_MS = Date.parse('2026-11-20T12:00:00Z')
const usage = { input: 1000, output: 500, cacheRead: 20_000, cacheCreation: 300 }
const ask = { timeMs: AT_MS, usage }

const listed = createPriceTable()

describe('a model under other names', () => {
  const opus = listed({ ...ask, model: 'claude-opus-4-1' })?.usd

  test('is known at all', () => {
    expect(opus).toBeCloseTo((1000 * 15 + 500 * 75 + 20_000 * 1.5 + 300 * 18.75) / 1e6, 12)
  })

  test.each([
    'claude-opus-4-1-20250805',
    'claude-opus-4-1[1m]',
    'claude-opus-4-1@20250805',
    'anthropic.claude-opus-4-1-20250805-v1:0',
    'us.anthropic.claude-opus-4-1-20250805-v1:0',
    'global.anthropic.claude-opus-4-1-20250805-v1:0[1m]',
    'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-4-1-20250805-v1:0',
    'arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/anthropic.claude-opus-4-1-20250805-v1:0',
    'anthropic/claude-opus-4-1',
    'bedrock/us.anthropic.claude-opus-4-1-20250805-v1:0',
    'vertex_ai/claude-opus-4-1@20250805',
    'openrouter/anthropic/claude-opus-4.1',
    'projects/p/locations/us-east5/publishers/anthropic/models/claude-opus-4-1@20250805',
  ])('%s', (model) => {
    expect(listed({ ...ask, model })?.usd).toBeCloseTo(opus ?? Number.NaN, 12)
  })

  test.each([
    'claude-haiku-99',
    'mine',
    '',
    'arn:aws:bedrock:us-east-1:000000000000:application-inference-profile/abcdef123456',
    'arn:aws:bedrock:us-east-1:000000000000:provisioned-model/claude',
    '/'.repeat(1000),
    '__proto__',
  ])('is not made up: %s', (model) => {
    expect(listed({ ...ask, model })).toBeUndefined()
  })

  test('is asked of the provider that the agent names, and of any where that has none', () => {
    const model = 'gpt-5-codex'
    expect(listed({ ...ask, model, provider: 'openai' })?.usd).toBeGreaterThan(0)
    expect(listed({ ...ask, model, provider: 'my-gateway' })?.usd).toBe(
      listed({ ...ask, model })?.usd,
    )
  })
})

describe('cache writes', () => {
  const write = (cacheCreation5m: number, cacheCreation1h: number) =>
    listed({
      timeMs: AT_MS,
      model: 'claude-opus-5-5',
      usage: {
        input: 0,
        output: 0,
        cacheRead: 0,
        cacheCreation: cacheCreation5m + cacheCreation1h,
        cacheCreation5m,
        cacheCreation1h,
      },
    })

  test('for five minutes and for an hour have prices of their own', () => {
    expect(write(1e6, 0)?.usd).toBeCloseTo(5, 9)
    expect(write(0, 1e6)?.usd).toBeCloseTo(8, 9)
    expect(write(1e6, 1e6)).toMatchObject({
      usd: 13,
      byKind: { cacheCreation: 13, cacheCreation5m: 5, cacheCreation1h: 8 },
    })
  })

  test('for an hour cost twice the input where the list has no price for them', () => {
    const model = 'us.anthropic.claude-opus-4-1-20250805-v1:0'
    const hour = { input: 0, output: 0, cacheRead: 0, cacheCreation: 1e6, cacheCreation1h: 1e6 }
    expect(listed({ timeMs: AT_MS, model, usage: hour })?.usd).toBeCloseTo(30, 9)
  })
})

test('a long input is priced by its tier, all of it', () => {
  const of = (input: number) =>
    listed({
      timeMs: Date.parse('2026-01-10'),
      model: 'claude-sonnet-4-5',
      usage: { input, output: 0, cacheRead: 0, cacheCreation: 0 },
    })?.usd
  expect(of(200_000)).toBeCloseTo(0.6, 12)
  expect(of(200_001)).toBeCloseTo(200_001 * 6e-6, 12)
})

describe('own prices', () => {
  const table = (prices: unknown) => {
    const parsed = parseOwnPrices(JSON.stringify({ prices }))
    if (!parsed.ok) throw new Error(parsed.error)
    return createPriceTable(parsed.value)
  }
  const profile =
    'arn:aws:bedrock:us-east-1:000000000000:application-inference-profile/abcdef123456'

  test('go before the list, and say so', () => {
    const priceOf = table([{ model: 'claude-opus-4-1', input: 1, output: 2 }])
    expect(priceOf({ ...ask, model: 'claude-opus-4-1' })).toMatchObject({
      usd: (1000 + 500 * 2 + 20_000 + 300) / 1e6,
      source: 'override',
    })
    expect(priceOf({ ...ask, model: 'claude-opus-4-0' })).toMatchObject({ source: 'estimated' })
  })

  test('may be free', () => {
    const priceOf = table([{ model: 'local-*', input: 0, output: 0 }])
    expect(priceOf({ ...ask, model: 'local-7b' })).toMatchObject({ usd: 0, source: 'override' })
  })

  test('name the model behind an id', () => {
    const priceOf = table([{ model: profile, as: 'claude-opus-4-1' }])
    expect(priceOf({ ...ask, model: profile })?.usd).toBe(
      listed({ ...ask, model: 'claude-opus-4-1' })?.usd,
    )
  })

  test('take a discount off, between two days', () => {
    const priceOf = table([
      { model: 'claude-*', discount: 0.25, from: '2026-11-01', until: '2026-12-01' },
    ])
    const full = listed({ ...ask, model: 'claude-opus-4-1' })?.usd ?? Number.NaN
    const at = (date: string) =>
      priceOf({ ...ask, timeMs: Date.parse(date), model: 'claude-opus-4-1' })
    expect(at('2026-11-01')?.usd).toBeCloseTo(full * 0.75, 12)
    expect(at('2026-10-31T23:59:59Z')).toMatchObject({ source: 'estimated' })
    expect(at('2026-12-01')).toMatchObject({ source: 'estimated' })
  })

  test.each([
    ['nothing', 'it is not JSON: Unexpected token'],
    ['{}', 'it has to be an object with a list "prices"'],
    ['{"prices": [1]}', 'entry 1: it is not an object'],
    ['{"prices": [{"model": "m", "input": 1}]}', 'entry 1: "output" has to be US dollars'],
    ['{"prices": [{"model": "m", "discount": 15}]}', 'entry 1: "discount" has to be a number'],
    ['{"prices": [{"model": "m", "discount": 0.1, "from": "soon"}]}', 'entry 1: "from" has to be'],
    ['{"prices": [{"model": "m", "ouput": 1}]}', 'entry 1: it has a field "ouput"; known are'],
    ['{"prices": [{"model": "m"}]}', 'entry 1: it has neither prices nor "as" nor a "discount"'],
  ])('%s is refused with its reason', (text, reason) => {
    const parsed = parseOwnPrices(text)
    expect(parsed.ok ? '' : parsed.error).toContain(reason)
  })
})
