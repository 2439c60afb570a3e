/** When a budget will be spent, at the edges of its window. */
import { describe, expect, test } from 'vitest'
import { forecastOf } from '../../../src/domain/forecast.ts'
import { createBudgetCalendar } from '../../../src/reports/budget-days.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const of = (
  zone: string,
  unit: 'day' | 'month',
  at: string,
  spentUsd: number,
  limitUsd: number,
) => {
  const nowMs = Date.parse(at)
  const { fromMs, toMs } = createBudgetCalendar(zone)(unit, nowMs)
  return forecastOf({ spentUsd, limitUsd, fromMs, toMs, nowMs })
}

describe('a forecast', () => {
  test('goes on at the pace of the window so far', () => {
    // $100 in ten days of thirty: $300 in all, and $190 on the 20th.
    const forecast = of('UTC', 'month', '2026-11-11T00:00:00Z', 100, 190)
    expect(forecast?.projectedUsd).toBeCloseTo(300, 9)
    expect(new Date(forecast?.spentAtMs ?? 0).toISOString()).toBe('2026-11-20T00:00:00.000Z')
  })

  test('says nothing of the day on which a budget that lasts is spent', () => {
    expect(of('UTC', 'month', '2026-11-11T00:00:00Z', 100, 300)).toMatchObject({
      spentAtMs: undefined,
    })
    expect(of('UTC', 'month', '2026-11-11T00:00:00Z', 100, 299.99)?.spentAtMs).toBeLessThan(
      Date.parse('2026-12-01T00:00:00Z'),
    )
  })

  test('needs a tenth of the window, some spending, and something left', () => {
    expect(of('UTC', 'day', '2026-11-11T00:00:00Z', 5, 10)).toBeUndefined()
    expect(of('UTC', 'day', '2026-11-11T02:23:59Z', 5, 10)).toBeUndefined()
    expect(of('UTC', 'day', '2026-11-11T02:24:00Z', 5, 10)).toBeDefined()
    expect(of('UTC', 'day', '2026-11-11T12:00:00Z', 0, 10)).toBeUndefined()
    expect(of('UTC', 'day', '2026-11-11T12:00:00Z', 10, 10)).toBeUndefined()
    expect(of('UTC', 'day', '2026-11-11T12:00:00Z', Number.NaN, 10)).toBeUndefined()
  })

  test('of the last minute of a month is within it', () => {
    const forecast = of('UTC', 'month', '2026-02-28T23:59:00Z', 99, 99.001)
    expect(forecast?.spentAtMs).toBeLessThan(Date.parse('2026-03-01T00:00:00Z'))
    expect(forecast?.spentAtMs).toBeGreaterThan(Date.parse('2026-02-28T23:59:00Z'))
  })

  test.each([
    // Days of 23 and 25 hours: half of the money after half of what is over.
    ['2026-03-29T10:00:00Z', 11],
    ['2026-10-25T11:00:00Z', 13],
  ])('counts the hours that a day has: %s', (at, hours) => {
    const forecast = of('Europe/Vienna', 'day', at, 5, 7.5)
    const { fromMs, toMs } = createBudgetCalendar('Europe/Vienna')('day', Date.parse(at))
    expect((Date.parse(at) - fromMs) / HOUR_MS).toBe(hours)
    expect(forecast?.projectedUsd).toBeCloseTo((5 / hours) * ((toMs - fromMs) / HOUR_MS), 9)
    expect(forecast?.spentAtMs).toBe(fromMs + 1.5 * hours * HOUR_MS)
  })

  test('of a window that is over, or has not begun, is none', () => {
    const common = { spentUsd: 1, limitUsd: 2, fromMs: 0, toMs: DAY_MS }
    expect(forecastOf({ ...common, nowMs: DAY_MS })).toBeUndefined()
    expect(forecastOf({ ...common, nowMs: -1 })).toBeUndefined()
  })
})
