import { expect, it } from 'vitest'
import { backoffMs } from '../../../src/exporters/backoff.ts'
import { DELIVERY_LIMITS } from '../../../src/exporters/limits.ts'

it.each([
  [1, 0.5, 500],
  [2, 0.5, 1_000],
  [3, 0.25, 1_000],
  [6, 0.5, 16_000],
  [7, 0.5, 30_000],
  [7, 0.999, 59_940],
  [5_000, 0.5, 30_000],
  [1, 0, 100],
])('failure %d, random %d: %d ms', (failures, random, expected) => {
  expect(backoffMs(failures, () => random, DELIVERY_LIMITS)).toBe(expected)
})
