/**
 * The range of time that is looked at, as the address bar has it: `?range=30d&by=week`. Bounds
 * are days of the browser's time zone, so that a day's bar is a whole day.
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

export interface Range {
  readonly choice: RangeChoice
  readonly bucket: BucketSize
  /** Epoch ms. */
  readonly from: number | undefined
}

/** The range that search parameters name, else the default. */
export function rangeOf(search: URLSearchParams, nowMs: number): Range {
  const id = search.get('range') ?? DEFAULT_RANGE
  const choice =
    RANGES.find((range) => range.id === id) ?? RANGES.find((range) => range.id === DEFAULT_RANGE)
  if (choice === undefined) throw new Error('RANGES lacks the default range')
  const by = search.get('by')
  const bucket = BUCKETS.find((size) => size === by) ?? choice.bucket
  return {
    choice,
    bucket,
    from: choice.days === undefined ? undefined : dayStart(nowMs, choice.days),
  }
}

/** Where the day begins that is `days - 1` days before today. */
function dayStart(nowMs: number, days: number): number {
  const day = new Date(nowMs)
  day.setHours(0, 0, 0, 0)
  day.setDate(day.getDate() - (days - 1))
  return day.getTime()
}
