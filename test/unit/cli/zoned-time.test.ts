/** Times as people write them. */
import { describe, expect, test } from 'vitest'
import { clockText, dateTimeText } from '../../../src/cli/zoned-time.ts'
import { dayStart, timeOf } from '../../../src/reports/time-text.ts'

const NOW = Date.parse('2026-11-21T09:30:05.678Z')
const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString())

describe('in Vienna', () => {
  test.each([
    ['30m', '2026-11-21T09:00:05.678Z'],
    ['24h', '2026-11-20T09:30:05.678Z'],
    ['2w', '2026-11-07T09:30:05.678Z'],
    ['today', '2026-11-20T23:00:00.000Z'],
    ['yesterday', '2026-11-19T23:00:00.000Z'],
    ['2026-11-01', '2026-10-31T23:00:00.000Z'],
    ['2026-07-01T09:30', '2026-07-01T07:30:00.000Z'],
    ['2026-07-01T09:30:15', '2026-07-01T07:30:15.000Z'],
    ['2026-07-01T09:30:00Z', '2026-07-01T09:30:00.000Z'],
    ['2026-07-01T09:30:00-05:00', '2026-07-01T14:30:00.000Z'],
    // Clocks go from 2 to 3: half past two is the hour after.
    ['2026-03-29T02:30', '2026-03-29T01:30:00.000Z'],
    ['2026-02-30', undefined],
    ['2026-13-01', undefined],
    ['7', undefined],
    ['7y', undefined],
    ['-7d', undefined],
    ['tomorrow', undefined],
    ['', undefined],
  ])('%s', (text, moment) => expect(iso(timeOf(text, NOW, 'Europe/Vienna'))).toBe(moment))
})

test.each([
  ['UTC', 0, '2026-11-21T00:00:00.000Z'],
  ['Asia/Kolkata', 0, '2026-11-20T18:30:00.000Z'],
  ['America/New_York', -20, '2026-11-01T04:00:00.000Z'],
])('the day in %s, %d days on', (zone, days, begins) => {
  expect(iso(dayStart(NOW, zone, days))).toBe(begins)
})

test.each([
  [NOW, '2026-11-21 15:00', '15:00:05'],
  [Number.NaN, '1970-01-01 05:30', '05:30:00'],
  [1e300, '1970-01-01 05:30', '05:30:00'],
])('%d in Kolkata', (ms, dateTime, clock) => {
  expect([dateTimeText(ms, 'Asia/Kolkata'), clockText(ms, 'Asia/Kolkata')]).toEqual([
    dateTime,
    clock,
  ])
})
