/** Three cents are three cents. */
import { expect, test } from 'vitest'
import { addSeconds, addUsd, roundUsd } from '../../../src/domain/exact-sum.ts'

const sumOf = (amounts: readonly number[]) => amounts.reduce(addUsd, 0)

test.each([
  [[0.01, 0.02], 0.03],
  [[0.1, 0.2], 0.3],
  [[0.114068, 0.004712, 0.004712], 0.123492],
  [[0.00011200000000000001, 0.00011200000000000001], 0.000224],
  [Array.from({ length: 1000 }, () => 0.1), 100],
  [Array.from({ length: 1000 }, () => 1e-9), 1e-6],
  [[1_999_999.99, 0.000000001, 0.009999999], 2_000_000],
  [[0.3, -0.1, -0.2], 0],
])('%j add up to %d', (amounts, sum) => {
  expect(sumOf(amounts)).toBe(sum)
  expect(sumOf(amounts.toReversed())).toBe(sum)
})

test('the order of any amounts does not matter', () => {
  let seed = 7
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed / 2_147_483_647
  }
  const amounts = Array.from({ length: 2000 }, () => random() * 10 ** Math.floor(random() * 8 - 4))
  expect(sumOf(amounts.toSorted((a, b) => a - b))).toBe(sumOf(amounts))
})

test('sums printed have no dust and no minus before nothing', () => {
  expect(String(roundUsd(0.07853999999999998))).toBe('0.07854')
  expect(roundUsd(-1e-12)).toBe(0)
  expect(addUsd(-0, -0)).toBe(0)
  expect(addSeconds(0.411, 0.197)).toBe(0.608)
})
