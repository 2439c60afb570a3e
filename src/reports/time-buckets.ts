/**
 * Days, weeks, months and hours of a time zone. Weeks begin on Monday. Days have 23 to 25 hours,
 * as the zone's clocks say.
 */
import { Temporal } from 'temporal-polyfill'
import { createBoundedMap } from '../storage/bounded-map.ts'
import type { Span } from '../storage/usage-slice.ts'

export type BucketUnit = 'hour' | 'day' | 'week' | 'month'

/** When the day begins that a moment lies in. */
export function startOfDay(ms: number, timeZone: string): number {
  return zoned(ms, timeZone).startOfDay().epochMilliseconds
}

/** A year of days, for each of some questions: to work one out takes 20 µs. */
const MAX_DAYS = 4000
const days = createBoundedMap<string, Day>(MAX_DAYS)

type Day = Span & { readonly date: string }

/** The day that a moment lies in. */
export function dayOf(ms: number, timeZone: string): Day {
  const key = `${ms} ${timeZone}`
  const known = days.get(key)
  if (known !== undefined) return known
  const start = zoned(ms, timeZone).startOfDay()
  const day = {
    fromMs: start.epochMilliseconds,
    toMs: next(start, 'day').epochMilliseconds,
    date: start.toPlainDate().toString(),
  }
  days.set(key, day)
  return day
}

/** The day, week or month that a moment lies in, with the date of its first day; of a month, `2026-11`. */
export function calendarSpan(
  ms: number,
  unit: Exclude<BucketUnit, 'hour'>,
  timeZone: string,
): Span & { readonly date: string } {
  const start = startOf(zoned(ms, timeZone), unit)
  const date = start.toPlainDate()
  return {
    fromMs: start.epochMilliseconds,
    toMs: next(start, unit).epochMilliseconds,
    date: unit === 'month' ? date.toPlainYearMonth().toString() : date.toString(),
  }
}

/** The minute that a moment lies in: `2026-11-21 14:05`. */
export function minuteText(ms: number, timeZone: string): string {
  const at = zoned(ms, timeZone)
  return `${at.toPlainDate().toString()} ${at.toPlainTime().toString().slice(0, 5)}`
}

/** The hour that a moment lies in: `2026-11-21 14:00`. */
export function hourText(ms: number, timeZone: string): string {
  const at = zoned(ms, timeZone)
  return `${at.toPlainDate().toString()} ${String(at.hour).padStart(2, '0')}:00`
}

/**
 * The buckets that cover a range, in order, the newest `limit` of them. The first begins at or
 * before the range's begin.
 */
export function bucketsOf(
  range: Span,
  unit: BucketUnit,
  timeZone: string,
  limit: number,
): readonly Span[] {
  const buckets: Span[] = []
  let end = startOf(zoned(range.toMs, timeZone), unit)
  if (end.epochMilliseconds < range.toMs) end = next(end, unit)
  while (end.epochMilliseconds > range.fromMs && buckets.length < limit) {
    const start = before(end, unit)
    buckets.push({ fromMs: start.epochMilliseconds, toMs: end.epochMilliseconds })
    end = start
  }
  return buckets.reverse()
}

/** The bucket of a list in order that a moment lies in. */
export function bucketAt(buckets: readonly Span[], ms: number): Span | undefined {
  let low = 0
  let high = buckets.length
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if ((buckets[middle]?.toMs ?? 0) <= ms) low = middle + 1
    else high = middle
  }
  const found = buckets[low]
  return found !== undefined && found.fromMs <= ms ? found : undefined
}

/**
 * How many buckets a range has that ends with one, without making them. Hours of a zone whose clock
 * changes by half an hour may be one off.
 */
export function countBuckets({ fromMs, toMs }: Span, unit: BucketUnit, timeZone: string): number {
  if (fromMs >= toMs) return 0
  const first = startOf(zoned(fromMs, timeZone), unit)
  const end = zoned(toMs, timeZone)
  // A day or an hour may be shorter or longer than usual, so there is something to round.
  return Math.round(first.until(end).total({ unit, relativeTo: first }))
}

function zoned(ms: number, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(ms)).toZonedDateTimeISO(timeZone)
}

function startOf(at: Temporal.ZonedDateTime, unit: BucketUnit): Temporal.ZonedDateTime {
  switch (unit) {
    case 'hour':
      return at.round({ smallestUnit: 'hour', roundingMode: 'floor' })
    case 'day':
      return at.startOfDay()
    case 'week':
      return at.subtract({ days: at.dayOfWeek - 1 }).startOfDay()
    case 'month':
      return at.with({ day: 1 }).startOfDay()
  }
}

function next(start: Temporal.ZonedDateTime, unit: BucketUnit): Temporal.ZonedDateTime {
  // From the next one's middle: where a clock change takes midnight away, days begin later.
  return unit === 'hour' ? start.add({ hours: 1 }) : startOf(start.add(durationOf(unit)), unit)
}

/** From just before it: also right where the one before is shorter or longer. */
function before(start: Temporal.ZonedDateTime, unit: BucketUnit): Temporal.ZonedDateTime {
  return startOf(start.subtract({ milliseconds: 1 }), unit)
}

function durationOf(unit: 'day' | 'week' | 'month'): Temporal.DurationLike {
  return { [`${unit}s`]: 1 }
}
