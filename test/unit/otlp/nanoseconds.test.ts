import { expect, it } from 'vitest'
import { nanosecondsOf } from '../../../src/otlp/nanoseconds.ts'

it.each([
  [0, '0'],
  [1_790_000_000_000, '1790000000000000000'],
  [1_790_000_000_123, '1790000000123000000'],
  [1_790_000_000_000.5, '1790000000000500000'],
  [1_790_000_000_000.25, '1790000000000250000'],
  // A float of nanoseconds would have rounded the last digits: it is beyond 2^53.
  [1_790_000_000_000 + 2 ** -10, '1790000000000000977'],
  [0.000001, '1'],
  [1.9999999, '2000000'],
])('%d ms', (timeMs, expected) => {
  expect(nanosecondsOf(timeMs)).toBe(expected)
})

it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('%d is no time', (timeMs) => {
  expect(() => nanosecondsOf(timeMs)).toThrow(RangeError)
})
