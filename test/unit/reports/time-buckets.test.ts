/** Buckets of time zones, over changes of the clock. */
import { describe, expect, test } from 'vitest'
import {
  bucketAt,
  bucketsOf,
  type BucketUnit,
  countBuckets,
  dayOf,
} from '../../../src/reports/time-buckets.ts'

const HOUR_MS = 3_600_000
const at = (text: string): number => Date.parse(text)

describe('a day', () => {
  test.each([
    ['Europe/Vienna', '2026-03-29T12:00:00Z', '2026-03-28T23:00:00Z', 23],
    ['Europe/Vienna', '2026-10-25T12:00:00Z', '2026-10-24T22:00:00Z', 25],
    ['America/New_York', '2026-11-21T03:00:00Z', '2026-11-20T05:00:00Z', 24],
    ['Asia/Kathmandu', '2026-11-21T18:20:00Z', '2026-11-21T18:15:00Z', 24],
    // Midnight does not exist there on that day.
    ['America/Santiago', '2026-09-06T12:00:00Z', '2026-09-06T04:00:00Z', 23],
    ['UTC', '2026-11-21T23:59:59.999Z', '2026-11-21T00:00:00Z', 24],
  ])('in %s around %s begins at %s and has %i hours', (zone, time, start, hours) => {
    const day = dayOf(at(time), zone)
    expect(new Date(day.fromMs).toISOString()).toBe(new Date(at(start)).toISOString())
    expect((day.toMs - day.fromMs) / HOUR_MS).toBe(hours)
  })

  test('is named by its date there', () => {
    expect(dayOf(at('2026-11-21T23:30:00Z'), 'Europe/Vienna').date).toBe('2026-11-22')
  })
})

describe('buckets', () => {
  test.each(['hour', 'day', 'week', 'month'] as const)('by %s follow each other', (unit) => {
    const range = { fromMs: at('2026-03-10T10:20:00Z'), toMs: at('2026-04-20T10:20:00Z') }
    const buckets = bucketsOf(range, unit, 'Europe/Vienna', 10_000)
    expect(buckets[0]?.fromMs).toBeLessThanOrEqual(range.fromMs)
    expect(buckets[0]?.toMs).toBeGreaterThan(range.fromMs)
    expect(buckets.at(-1)?.fromMs).toBeLessThan(range.toMs)
    expect(buckets.at(-1)?.toMs).toBeGreaterThanOrEqual(range.toMs)
    for (const [index, bucket] of buckets.slice(1).entries()) {
      expect(bucket.fromMs).toBe(buckets[index]?.toMs)
    }
    expect(buckets).toHaveLength({ hour: 24 * 41 + 1, day: 42, week: 7, month: 2 }[unit])
  })

  const units: readonly BucketUnit[] = ['hour', 'day', 'week', 'month']
  const changes = [
    // Clocks go forward, back, and back by half an hour within these weeks.
    ['Europe/Vienna', '2026-03-20T10:20:00Z', '2026-04-05T10:20:00Z'],
    ['America/New_York', '2026-10-25T10:20:00Z', '2026-11-09T10:20:00Z'],
    ['Australia/Lord_Howe', '2026-03-28T10:20:00Z', '2026-04-12T10:20:00Z'],
    ['Australia/Lord_Howe', '2026-09-28T10:20:00Z', '2026-10-12T10:20:00Z'],
    ['Asia/Kathmandu', '2026-09-28T10:20:00Z', '2026-10-12T10:20:00Z'],
  ] as const

  test.each(changes)(
    'of %s around a change of the clock hold each moment once',
    (zone, from, to) => {
      const range = { fromMs: at(from), toMs: at(to) }
      for (const unit of units) {
        const buckets = bucketsOf(range, unit, zone, 10_000)
        for (let ms = range.fromMs; ms < range.toMs; ms += HOUR_MS / 4) {
          const found = buckets.filter(({ fromMs, toMs }) => fromMs <= ms && ms < toMs)
          expect(found).toHaveLength(1)
          expect(bucketAt(buckets, ms)).toBe(found[0])
        }
        expect(bucketAt(buckets, (buckets[0]?.fromMs ?? 0) - 1)).toBeUndefined()
        expect(bucketAt(buckets, buckets.at(-1)?.toMs ?? 0)).toBeUndefined()
      }
    },
  )

  test.each(changes)('of %s are counted without being made', (zone, from, to) => {
    for (const unit of units) {
      const buckets = bucketsOf({ fromMs: at(from), toMs: at(to) }, unit, zone, 10_000)
      const last = buckets.at(-1)?.fromMs ?? 0
      const count = countBuckets({ fromMs: at(from), toMs: last }, unit, zone)
      // One bucket there is half an hour shorter or longer than it counts for.
      const isOdd = unit === 'hour' && zone === 'Australia/Lord_Howe'
      expect(Math.abs(count - (buckets.length - 1))).toBeLessThanOrEqual(isOdd ? 1 : 0)
    }
    expect(countBuckets({ fromMs: at(to), toMs: at(from) }, 'day', zone)).toBe(0)
  })

  test('weeks begin on Monday', () => {
    const range = { fromMs: at('2026-11-18T10:00:00Z'), toMs: at('2026-11-18T11:00:00Z') }
    const [week] = bucketsOf(range, 'week', 'UTC', 10)
    expect(new Date(week?.fromMs ?? 0).toISOString()).toBe('2026-11-16T00:00:00.000Z')
  })

  test('are the newest ones where there are too many, none for an empty range', () => {
    const range = { fromMs: at('2026-01-01T00:00:00Z'), toMs: at('2026-11-01T00:00:00Z') }
    const buckets = bucketsOf(range, 'day', 'UTC', 3)
    expect(buckets.map(({ fromMs }) => new Date(fromMs).toISOString().slice(0, 10))).toEqual([
      '2026-10-29',
      '2026-10-30',
      '2026-10-31',
    ])
    expect(bucketsOf({ fromMs: range.toMs, toMs: range.toMs }, 'day', 'UTC', 3)).toEqual([])
  })
})
