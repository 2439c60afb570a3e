/** Points in time as people write them, in the browser's own time zone. */

const clock = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const dayAndClock = new Intl.DateTimeFormat('en', {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
})
const yearAndClock = new Intl.DateTimeFormat('en', {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
})
const full = new Intl.DateTimeFormat('en', {
  dateStyle: 'medium',
  timeStyle: 'medium',
  hourCycle: 'h23',
})
const ago = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' })

/** The browser's IANA time zone. */
export const TIME_ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone

/** `14:03:59`. */
export function formatClock(ms: number): string {
  return clock.format(ms)
}

/** `Nov 21, 14:03`; of another year with it. */
export function formatMoment(ms: number): string {
  return (isThisYear(ms) ? dayAndClock : yearAndClock).format(ms)
}

/** `Nov 21, 14:03 – 15:10`: nothing twice that both ends have in common. */
export function formatStretch(fromMs: number, toMs: number): string {
  const format = isThisYear(fromMs) && isThisYear(toMs) ? dayAndClock : yearAndClock
  return format.formatRange(fromMs, Math.max(fromMs, toMs))
}

function isThisYear(ms: number): boolean {
  return new Date(ms).getFullYear() === new Date().getFullYear()
}

/** With date, year and seconds, for titles. */
export function exactMoment(ms: number): string {
  return full.format(ms)
}

/** `3 min. ago`; beyond a week the day. */
export function formatAgo(ms: number, nowMs: number): string {
  const behindS = Math.round((nowMs - ms) / 1000)
  if (behindS < 5) return 'now'
  if (behindS < 60) return ago.format(-behindS, 'second')
  if (behindS < 3600) return ago.format(-Math.round(behindS / 60), 'minute')
  if (behindS < 86_400) return ago.format(-Math.round(behindS / 3600), 'hour')
  if (isLately(ms, nowMs)) return ago.format(-Math.round(behindS / 86_400), 'day')
  return formatMoment(ms)
}

/** Less than a week ago. */
export function isLately(ms: number, nowMs: number): boolean {
  return nowMs - ms < 7 * 86_400_000
}

const bucketFormats = {
  hour: new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
  day: new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric' }),
  week: new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric' }),
  month: new Intl.DateTimeFormat('en', { month: 'short', year: 'numeric' }),
}
const bucketTitles = {
  hour: dayAndClock,
  day: new Intl.DateTimeFormat('en', { weekday: 'short', month: 'short', day: 'numeric' }),
  week: bucketFormats.week,
  month: bucketFormats.month,
}

export type BucketSize = keyof typeof bucketFormats

/** A bucket's beginning, short enough for an axis. */
export function formatBucket(startMs: number, size: BucketSize): string {
  return bucketFormats[size].format(startMs)
}

/** The same where there is room. */
export function bucketTitle(startMs: number, size: BucketSize): string {
  const text = bucketTitles[size].format(startMs)
  return size === 'week' ? `week of ${text}` : text
}
