/** What status lines tell of plans, and what of it is news. */
import { describe, expect, test } from 'vitest'
import {
  type PlanReading,
  planNews,
  planSinceMs,
  planWindowText,
  readPlanWindows,
} from '../../../src/domain/plan-window.ts'

const HOUR_MS = 3_600_000
const NOW_MS = Date.parse('2026-11-21T12:00:00Z')

test('windows are read from whatever stands there, and nothing else', () => {
  const limits = {
    five_hour: { used_percentage: 62.4, resets_at: NOW_MS / 1000 + 60 },
    seven_day: { used_percentage: 31, resets_at: '2026-11-24T00:00:00Z' },
    seven_day_opus: { used_percentage: 0 },
    one_month: { used_percentage: 5 },
    'five_hour_<b>': { used_percentage: 5 },
    five_hour_x: { used_percentage: '5' },
    five_hour_y: null,
    five_hour_z: { used_percentage: -1 },
  }
  expect(readPlanWindows(limits)).toEqual([
    { window: 'five_hour', usedPercent: 62.4, resetsMs: NOW_MS + 60_000 },
    { window: 'seven_day', usedPercent: 31, resetsMs: Date.parse('2026-11-24T00:00:00Z') },
    { window: 'seven_day_opus', usedPercent: 0, resetsMs: undefined },
  ])
  for (const none of [undefined, null, 5, 'five_hour', []])
    expect(readPlanWindows(none)).toEqual([])
})

test.each([
  ['five_hour', '5-hour window'],
  ['seven_day', '7-day window'],
  ['seven_day_opus', '7-day window (opus)'],
])('%s is called %s', (window, text) => expect(planWindowText(window)).toBe(text))

describe('news', () => {
  const of = (window: string, usedPercent: number, leftMs: number | undefined) => {
    const resetsMs = leftMs === undefined ? undefined : NOW_MS + leftMs
    return planNews({ window, usedPercent, resetsMs }, NOW_MS)
  }

  test.each<[string, number, number | undefined, readonly (80 | 'reset')[]]>([
    ['five_hour', 79.9, 4 * HOUR_MS, []],
    ['five_hour', 80, 4 * HOUR_MS, [80]],
    ['five_hour', 80, undefined, [80]],
    // Half an hour before the end, only where it is nearly used up.
    ['five_hour', 79, 0.5 * HOUR_MS, []],
    ['five_hour', 95, 0.5 * HOUR_MS, [80, 'reset']],
    ['five_hour', 95, 0.6 * HOUR_MS, [80]],
    // It has begun anew already: an idle session shows what it was.
    ['five_hour', 95, 0, []],
    ['five_hour', 100, -100_000, []],
    // What is left of a week is lost with it.
    ['seven_day', 10, 16.8 * HOUR_MS, ['reset']],
    ['seven_day', 10, 17 * HOUR_MS, []],
  ])('of a %s window at %d %% with %d ms left', (window, used, leftMs, news) => {
    expect(of(window, used, leftMs)).toEqual(news)
  })

  test('are told once since the window began, whatever little the reset moves', () => {
    const reading: PlanReading = {
      ...{ window: 'five_hour', usedPercent: 90, resetsMs: NOW_MS + HOUR_MS },
    }
    const sinceMs = planSinceMs(reading, NOW_MS)
    expect(sinceMs).toBeGreaterThan(NOW_MS - 4 * HOUR_MS)
    expect(sinceMs).toBeLessThan(NOW_MS - 3.5 * HOUR_MS)
    const before = { ...reading, resetsMs: NOW_MS - 4 * HOUR_MS }
    // What was told in the last minutes of the window before is of that one.
    expect(planSinceMs(reading, NOW_MS)).toBeGreaterThan(before.resetsMs)
  })
})
