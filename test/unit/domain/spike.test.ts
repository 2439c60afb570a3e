/** Hours and sessions far above their usual, and those that only look like it. */
import { describe, expect, test } from 'vitest'
import { hourSpike, hoursToCheck, sessionSpike } from '../../../src/domain/spike.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const NOW_HOUR_MS = Date.parse('2026-11-21T14:00:00Z')

/** Eight hours on each of some days before, each of which cost this. */
function history(days: number, usd: number | ((n: number) => number)): Map<number, number> {
  const quarters = new Map<number, number>()
  let n = 0
  for (let day = 1; day <= days; day += 1) {
    for (let hour = 0; hour < 8; hour += 1) {
      const cost = typeof usd === 'number' ? usd : usd(n)
      quarters.set(NOW_HOUR_MS - day * DAY_MS + hour * HOUR_MS, cost)
      n += 1
    }
  }
  return quarters
}

describe('an hour', () => {
  const withHour = (quarters: Map<number, number>, ...usd: number[]) => {
    for (const [n, each] of usd.entries()) quarters.set(NOW_HOUR_MS + n * 900_000, each)
    return hourSpike(quarters, NOW_HOUR_MS)
  }

  test('is one at three times what nine of ten cost, its quarters together', () => {
    expect(withHour(history(5, 2), 3, 3)).toEqual({ costUsd: 6, usualUsd: 2 })
    expect(withHour(history(5, 2), 3, 2.99)).toBeUndefined()
  })

  test('is none where one in five hours is as dear', () => {
    expect(
      withHour(
        history(5, (n) => (n % 5 === 0 ? 6 : 1)),
        6,
      ),
    ).toBeUndefined()
  })

  test('is none by less than a dollar', () => {
    expect(withHour(history(5, 0.1), 1.09)).toBeUndefined()
    expect(withHour(history(5, 0.1), 1.1)).toBeDefined()
  })

  test('is none without 24 hours on three days of the last fourteen', () => {
    expect(withHour(history(2, 2), 100)).toBeUndefined()
    expect(withHour(history(3, 2), 100)).toBeDefined()
    expect(withHour(new Map(), 100)).toBeUndefined()
    const long = new Map(Array.from({ length: 30 }, (_, n) => [NOW_HOUR_MS - (n + 1) * HOUR_MS, 2]))
    expect(withHour(long, 100)).toBeUndefined()
    const old = new Map([...history(10, 2)].map(([ms, usd]) => [ms - 14 * DAY_MS, usd]))
    expect(withHour(old, 100)).toBeUndefined()
  })

  test('is compared with those before it', () => {
    const quarters = history(5, 2)
    quarters.set(NOW_HOUR_MS + HOUR_MS, 50)
    expect(withHour(quarters, 6)).toBeDefined()
  })
})

describe('a session', () => {
  const twenty = Array.from({ length: 20 }, () => 2)

  test('is one among twenty others', () => {
    expect(sessionSpike(6, twenty)).toEqual({ costUsd: 6, usualUsd: 2 })
    expect(sessionSpike(5.99, twenty)).toBeUndefined()
    expect(sessionSpike(600, twenty.slice(1))).toBeUndefined()
  })

  test('is none among others that are as dear now and then', () => {
    expect(sessionSpike(6, [...twenty, 6, 5, 7])).toBeUndefined()
  })
})

test('the hour before is looked at for a quarter of an hour more', () => {
  expect(hoursToCheck(NOW_HOUR_MS + 60_000)).toEqual([NOW_HOUR_MS - HOUR_MS, NOW_HOUR_MS])
  expect(hoursToCheck(NOW_HOUR_MS + 900_000)).toEqual([NOW_HOUR_MS])
})
