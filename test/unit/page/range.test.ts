/** The range of the address bar, and which part of it a chart draws. */
import { expect, test } from 'vitest'
import { boundsText, CUSTOM, chartRangeOf, dayStart, rangeOf } from '../../../src/page/range.ts'

const at = (text: string): number => new Date(text).getTime()
const NOW_MS = at('2026-11-27T14:30')
const range = (search: string) => rangeOf(new URLSearchParams(search), NOW_MS)

test.each<[string, string, string, string | undefined, string]>([
  ['', '30d', '2026-10-29T00:00', undefined, 'day'],
  ['range=nothing', '30d', '2026-10-29T00:00', undefined, 'day'],
  ['range=today', 'today', '2026-11-27T00:00', undefined, 'hour'],
  ['range=7d&by=hour', '7d', '2026-11-21T00:00', undefined, 'hour'],
  ['from=2026-11-01&to=2026-11-07', CUSTOM, '2026-11-01T00:00', '2026-11-08T00:00', 'day'],
  ['range=7d&from=2026-11-01', CUSTOM, '2026-11-01T00:00', undefined, 'day'],
  ['from=2026-11-07&to=2026-11-07', CUSTOM, '2026-11-07T00:00', '2026-11-08T00:00', 'hour'],
  [
    'from=2026-11-07T09:00&to=2026-11-07T12:00',
    CUSTOM,
    '2026-11-07T09:00',
    '2026-11-07T12:00',
    'hour',
  ],
  ['from=2025-01-01&to=2025-12-31', CUSTOM, '2025-01-01T00:00', '2026-01-01T00:00', 'week'],
  ['from=yesterday&to=2026-13-45', '30d', '2026-10-29T00:00', undefined, 'day'],
])('%j', (search, id, from, to, bucket) => {
  expect(range(search)).toEqual({
    id,
    bucket,
    from: at(from),
    to: to === undefined ? undefined : at(to),
  })
})

test.each([
  ['from=2026-11-01&to=2026-11-07'],
  ['from=2026-11-07&to=2026-11-07'],
  ['from=2026-11-07T09:00&to=2026-11-07T12:00'],
])('a zoom to %s stands in the address as that', (search) => {
  const { from = 0, to = 0 } = range(search)
  expect(new URLSearchParams(boundsText(from, to)).toString()).toBe(
    new URLSearchParams(search).toString(),
  )
})

const days = (sessions: readonly number[]) =>
  sessions.map((count, day) => ({
    startMs: dayStart(at('2026-11-01T00:00'), day),
    sessions: count,
  }))
const MONTH = { id: CUSTOM, bucket: 'day', from: at('2026-11-01T00:00'), to: undefined } as const

test('a first day is drawn by hours, without the days before it', () => {
  expect(chartRangeOf(MONTH, days([0, 0, 0, 0, 0, 0, 3, 0, 0]), false)).toEqual({
    from: at('2026-11-07T00:00'),
    to: at('2026-11-08T00:00'),
    bucket: 'hour',
    isCut: true,
  })
})

test('a chart begins with the data where much of the range lies before it', () => {
  const { from, to, bucket } = chartRangeOf(MONTH, days([0, 0, 0, 0, 2, 1, 0, 4]), false)
  expect({ from, to, bucket }).toEqual({
    from: at('2026-11-05T00:00'),
    to: undefined,
    bucket: 'day',
  })
})

test('a short gap stays, and so does what somebody chose', () => {
  const whole = { from: MONTH.from, to: undefined, bucket: 'day', isCut: false }
  expect(chartRangeOf(MONTH, days([0, 1, 2, 1, 3, 1, 2, 1]), false)).toEqual(whole)
  expect(chartRangeOf(MONTH, days([0, 0, 0, 0, 0, 0, 3, 0]), true)).toEqual(whole)
  expect(chartRangeOf(MONTH, days([0, 0]), false)).toEqual(whole)
})

test('a week that began before the range does not widen it', () => {
  const year = { ...MONTH, bucket: 'week', from: at('2026-11-04T00:00') } as const
  const monday = dayStart(at('2026-11-02T00:00'))
  expect(chartRangeOf(year, [{ startMs: monday, sessions: 2 }], false)).toMatchObject({
    from: year.from,
    bucket: 'day',
  })
})
