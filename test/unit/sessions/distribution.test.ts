import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { emptyDistribution, quantile, record } from '../../../src/sessions/usage/distribution.ts'

describe('a distribution', () => {
  test('has no quantile while it is empty', () => {
    expect(quantile(emptyDistribution(), 0.5)).toBeUndefined()
  })

  test('keeps count, sum, least and greatest exactly', () => {
    const of = emptyDistribution()
    for (const value of [5, 0.2, 70, 5]) record(of, value)
    expect(of).toMatchObject({ count: 4, sum: 80.2, min: 0.2, max: 70 })
  })

  test('answers quantiles within 1 %', () => {
    const values = fc.array(fc.double({ min: 1, max: 1e7, noNaN: true }), { minLength: 1 })
    fc.assert(
      fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (list, q) => {
        const of = emptyDistribution()
        for (const value of list) record(of, value)
        const sorted = [...list].sort((a, b) => a - b)
        const exact = sorted[Math.max(1, Math.ceil(q * list.length)) - 1] as number
        expect(Math.abs((quantile(of, q) as number) - exact) / exact).toBeLessThan(0.0101)
      }),
    )
  })
})
