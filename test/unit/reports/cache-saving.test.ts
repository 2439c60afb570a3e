/** What a cache saved, from sums of which the prices are known to the test alone. */
import { describe, expect, test } from 'vitest'
import { addToFit, cacheHitRatio, emptyFit, savedUsd } from '../../../src/reports/cache-saving.ts'
import { addSums, emptySums, type Sums } from '../../../src/reports/sums.ts'

/** Of a model whose input token costs `price`, and a written one `writeRatio` times that. */
function sumsAt(price: number, writeRatio: number, tokens: readonly number[]): Sums {
  const [input = 0, output = 0, cacheRead = 0, cacheCreation = 0] = tokens
  const weighted = input + 5 * output + 0.1 * cacheRead + writeRatio * cacheCreation
  return { ...emptySums(), input, output, cacheRead, cacheCreation, costUsd: price * weighted }
}

function saved(all: readonly Sums[]): number | undefined {
  const fit = emptyFit()
  const total = emptySums()
  for (const sums of all) {
    addToFit(fit, sums)
    addSums(total, sums)
  }
  return savedUsd(total, fit)
}

const MANY = [
  [100, 50, 10_000, 2_000],
  [300, 900, 80_000, 500],
  [20, 10, 0, 9_000],
]
const READS = 90_000
const WRITES = 11_500

describe('savedUsd', () => {
  test.each([1.25, 1.6, 2])('finds what writing costs: %f times the input', (ratio) => {
    const price = 5e-6
    const expected = price * (0.9 * READS - (ratio - 1) * WRITES)
    expect(saved(MANY.map((tokens) => sumsAt(price, ratio, tokens)))).toBeCloseTo(expected, 9)
  })

  test.each([
    [0.5, 1.25],
    [9, 2],
  ])('keeps a ratio of %f within the bounds of the price list', (ratio, bound) => {
    const sums = MANY.map((tokens) => sumsAt(1e-6, ratio, tokens))
    const total = emptySums()
    for (const one of sums) addSums(total, one)
    const weighted =
      total.input + 5 * total.output + 0.1 * total.cacheRead + bound * total.cacheCreation
    const price = total.costUsd / weighted
    expect(saved(sums)).toBeCloseTo(price * (0.9 * READS - (bound - 1) * WRITES), 9)
  })

  test('takes the cheaper writing where one sum alone cannot tell', () => {
    const sums = sumsAt(1e-6, 1.25, [100, 50, 10_000, 2_000])
    expect(saved([sums])).toBeCloseTo(1e-6 * (9_000 - 500), 12)
  })

  test('is negative where writing cost more than reading saved', () => {
    expect(saved([sumsAt(1e-6, 1.25, [100, 50, 0, 2_000])])).toBeLessThan(0)
  })

  test.each([
    ['nothing was paid', { ...emptySums(), input: 5 }],
    ['nothing was used', { ...emptySums(), costUsd: 5 }],
  ])('says nothing where %s', (_, sums) => {
    expect(saved([sums])).toBeUndefined()
  })
})

test('the hit ratio is over all input tokens, and none without any', () => {
  expect(cacheHitRatio({ input: 1, cacheRead: 6, cacheCreation: 1 })).toBe(0.75)
  expect(cacheHitRatio({ input: 0, cacheRead: 0, cacheCreation: 0 })).toBeUndefined()
})
