/**
 * The range of time that is looked at, as the address bar has it: `?range=30d&by=week`, or one of one's
 * own, `?from=2026-11-01&to=2026-11-07`. Days are those of the browser's time zone, so that a day's bar is
 * a whole day; a bound may have a time as well, `2026-11-07T14:00`.
 */
import { BUCKETS } from '../api/contract/overview.ts'
import type { BucketSize } from './format/moment.ts'

export interface RangeChoice {
  readonly id: string
  readonly label: string
  /** Days up to and with today; undefined is everything. */
  readonly days: number | undefined
  readonly bucket: BucketSize
}

export const RANGES: readonly RangeChoice[] = [
  { id: 'today', label: 'Today', days: 1, bucket: 'hour' },
  { id: '7d', label: '7 days', days: 7, bucket: 'day' },
  { id: '30d', label: '30 days', days: 30, bucket: 'day' },
  { id: '90d', label: '90 days', days: 90, bucket: 'week' },
  { id: '1y', label: 'Year', days: 365, bucket: 'month' },
  { id: 'all', label: 'All', days: undefined, bucket: 'week' },
]

const DEFAULT_RANGE = '30d'
/** The `id` of a range of one's own. */
export const CUSTOM = 'custom'

const DAY_MS = 86_400_000

export interface Range {
  /** Of `RANGES`, or `CUSTOM`. */
  readonly id: string
  readonly bucket: BucketSize
  /** Epoch ms, included. */
  readonly from: number | undefined
  /** Epoch ms, excluded; undefined: up to now. */
  readonly to: number | undefined
}

/** The range that search parameters name, else the default. */
export function rangeOf(search: URLSearchParams, nowMs: number): Range {
  const by = BUCKETS.find((size) => size === search.get('by'))
  const from = momentOf(search.get('from'))
  const to = momentOf(search.get('to'), 1)
  if (from !== undefined || to !== undefined) {
    return { id: CUSTOM, bucket: by ?? bucketFor((to ?? nowMs) - (from ?? 0)), from, to }
  }
  const id = search.get('range') ?? DEFAULT_RANGE
  const choice =
    RANGES.find((range) => range.id === id) ?? RANGES.find((range) => range.id === DEFAULT_RANGE)
  if (choice === undefined) throw new Error('RANGES lacks the default range')
  return {
    id: choice.id,
    bucket: by ?? choice.bucket,
    from: choice.days === undefined ? undefined : dayStart(nowMs, 1 - choice.days),
    to: undefined,
  }
}

/** Bars that are neither too many nor too few. */
function bucketFor(lengthMs: number): BucketSize {
  if (lengthMs <= 3 * DAY_MS) return 'hour'
  if (lengthMs <= 62 * DAY_MS) return 'day'
  return lengthMs <= 400 * DAY_MS ? 'week' : 'month'
}

/** Where the day of a moment begins, or one so many days before or after it. */
export function dayStart(ms: number, days = 0): number {
  const day = new Date(ms)
  day.setHours(0, 0, 0, 0)
  day.setDate(day.getDate() + days)
  return day.getTime()
}

/**
 * A bound of the address bar: a day is its beginning, or that of the day `days` after it; a time is itself.
 * Undefined for what is neither.
 */
function momentOf(text: string | null, days = 0): number | undefined {
  if (text === null || !/^\d{4}-\d\d-\d\d(T\d\d:\d\d)?$/.test(text)) return undefined
  const isDay = !text.includes('T')
  const ms = new Date(isDay ? `${text}T00:00` : text).getTime()
  if (Number.isNaN(ms)) return undefined
  return isDay ? dayStart(ms, days) : ms
}

/** What the address bar has for a range: days where it consists of whole ones. */
export function boundsText(fromMs: number, toMs: number): { from: string; to: string } {
  const isOfDays = fromMs === dayStart(fromMs) && toMs === dayStart(toMs) && toMs > fromMs
  if (isOfDays) return { from: dayText(fromMs), to: dayText(dayStart(toMs, -1)) }
  return { from: minuteText(fromMs), to: minuteText(toMs) }
}

/** `2026-11-07`. */
export function dayText(ms: number): string {
  const day = new Date(ms)
  return `${String(day.getFullYear()).padStart(4, '0')}-${two(day.getMonth() + 1)}-${two(day.getDate())}`
}

function minuteText(ms: number): string {
  const at = new Date(ms)
  return `${dayText(ms)}T${two(at.getHours())}:${two(at.getMinutes())}`
}

function two(count: number): string {
  return String(count).padStart(2, '0')
}

/** Which part of a range is drawn, and how. */
export interface ChartRange {
  readonly from: number | undefined
  readonly to: number | undefined
  readonly bucket: BucketSize
  /** The chart begins later than the range: nothing is known of the time before. */
  readonly isCut: boolean
}

/** So many bars with data are better shown by smaller ones. */
const FEW_BARS = 2
const FINER = { month: 'week', week: 'day', day: 'hour', hour: undefined } as const
/** A gap before the first bar shorter than that part of the range is one of the facts. */
const MIN_GAP = 0.25

/**
 * A chart of the part of a range that has data: the time before the first record takes no room, and where
 * one or two bars would stand alone they are split into smaller ones, unless somebody chose their size.
 * `series` is that of the whole range.
 */
export function chartRangeOf(
  { from, to, bucket }: Range,
  series: readonly { readonly startMs: number; readonly sessions: number }[],
  isChosen: boolean,
): ChartRange {
  const first = series.findIndex(({ sessions }) => sessions > 0)
  const last = series.findLastIndex(({ sessions }) => sessions > 0)
  const [begin, end] = [series[first], series[last]]
  if (begin === undefined || end === undefined || isChosen) {
    return { from, to, bucket, isCut: false }
  }
  // A week or a month may have begun before the range did.
  const beginMs = Math.max(begin.startMs, from ?? begin.startMs)
  const finer = FINER[bucket]
  if (finer !== undefined && last - first < FEW_BARS) {
    return {
      from: beginMs,
      to: series[last + 1]?.startMs ?? to,
      bucket: finer,
      isCut: first > 0,
    }
  }
  const isCut = first >= MIN_GAP * series.length
  return { from: isCut ? beginMs : from, to, bucket, isCut }
}
