/**
 * Numbers as the page and the CLI write them: one rule for rounding, one notation. Money is in
 * `usd-text.ts`. Pure; one locale, so that a script that reads a report finds the same text everywhere.
 */

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

const exact = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const compact = new Intl.NumberFormat('en-US', {
  notation: 'compact',
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
})
const percent = new Intl.NumberFormat('en-US', {
  style: 'percent',
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
})

/** `950`, `12.3K`, `2.0M`: always one decimal from a thousand on, so that columns line up. */
export function countText(count: number): string {
  const whole = Math.round(count)
  return Math.abs(whole) < 1000 ? exact.format(whole) : compact.format(whole)
}

/** `1,234`. */
export function exactCountText(count: number): string {
  return exact.format(count)
}

/** `1 record`, `1,234 records`: exact, since it may be what a command did. */
export function countOfText(count: number, noun: string, plural = `${noun}s`): string {
  return `${exact.format(count)} ${count === 1 ? noun : plural}`
}

/** `1 token`, `1.2M tokens`. */
export function tokensText(tokens: number): string {
  return `${countText(tokens)} ${tokens === 1 ? 'token' : 'tokens'}`
}

/** `87.5%` of a share between 0 and 1; `0%` and `100%` only where nothing was rounded. */
export function shareText(share: number): string {
  if (share === 0 || share === 1) return `${100 * share}%`
  if (share > 0 && share < 0.0005) return '<0.1%'
  if (share >= 0.9995 && share < 1) return '>99.9%'
  return percent.format(share)
}

/** A score as it is read: of one that ends at 1 its share (`87.5%`), of one that ends at 100 the same number (`87.5`). */
export function scoreText(value: number, max: number): string {
  const share = shareText(value / max)
  return max === 1 ? share : share.replace('%', '')
}

/** Names and numbers of a score's comment as people write them: `api_success_rate`, `58120`. */
export function scoreComment(comment: string): string {
  return comment
    .replaceAll(/[a-z]+(?:_[a-z]+)+/g, (name) => name.replaceAll('_', ' '))
    .replaceAll(/(?<![\d.])\d{4,}(?![\d.])/g, (digits) => exact.format(Number(digits)))
}

/** From this factor on, a factor says more than percent. */
const MIN_FACTOR = 10
/** Less than this spent before is no base to compare with. */
const MIN_BASE_USD = 0.1

/**
 * What was spent in a range against the range before: `+12.5%`, `×236` from tenfold on, `new` where
 * nothing was spent before; undefined where a comparison says nothing: a cost is unknown, nothing was
 * spent, or the base is below ten cents.
 */
export function costChangeText(
  nowUsd: number | null,
  beforeUsd: number | null,
): string | undefined {
  if (nowUsd === null || beforeUsd === null) return undefined
  if (beforeUsd <= 0) return nowUsd > 0 ? 'new' : undefined
  if (beforeUsd < MIN_BASE_USD) return undefined
  const factor = nowUsd / beforeUsd
  if (factor >= MIN_FACTOR) return `×${exact.format(factor)}`
  const change = factor - 1
  if (Math.abs(change) < 0.0005) return '±0%'
  return `${change < 0 ? '−' : '+'}${shareText(Math.abs(change))}`
}

/** The same as part of a sentence: `+12.5% vs. the previous range`, `×236 of the previous range`. */
export function costComparison(
  nowUsd: number | null,
  beforeUsd: number | null,
  before: string,
): string | undefined {
  const change = costChangeText(nowUsd, beforeUsd)
  if (change === undefined) return undefined
  if (change === 'new') return `nothing in ${before}`
  return `${change} ${change.startsWith('×') ? 'of' : 'vs.'} ${before}`
}

/** `850ms`, `4.3s`, `42s`, `3m 20s`, `2h 5m`, `3d 4h`: two units at most, rounded to the lesser. */
export function durationText(ms: number): string {
  if (ms < 0) return `-${durationText(-ms)}`
  if (ms >= DAY_FROM_MS) return pair(Math.round(ms / HOUR_MS), 24, 'd', 'h')
  return hoursText(ms)
}

/** The same of time that somebody worked, which nobody counts in days: `30h 5m`, from 100 hours on `826h`. */
export function hoursText(ms: number): string {
  const wholeMs = Math.round(ms)
  if (wholeMs < SECOND_MS) return ms > 0 && wholeMs === 0 ? '<1ms' : `${wholeMs}ms`
  const tenths = Math.round(ms / 100)
  if (tenths < 100) return `${(tenths / 10).toFixed(1)}s`
  const seconds = Math.round(ms / SECOND_MS)
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return pair(seconds, 60, 'm', 's')
  const minutes = Math.round(ms / MINUTE_MS)
  if (minutes < 100 * 60) return pair(minutes, 60, 'h', 'm')
  return `${exact.format(Math.round(ms / HOUR_MS))}h`
}

/** What rounds to 24 hours is a day. */
const DAY_FROM_MS = 24 * HOUR_MS - MINUTE_MS / 2

/** `512 B`, `1.2 MB`, by thousands, as disks are sold. */
export function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (Math.round(value * 10) >= 10_000 && unit < BYTE_UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${BYTE_UNITS[unit]}`
}

/** `count` of the lesser unit, `size` of which are one of the greater. */
function pair(count: number, size: number, greater: string, lesser: string): string {
  const rest = count % size
  const head = `${Math.floor(count / size)}${greater}`
  return rest === 0 ? head : `${head} ${rest}${lesser}`
}
