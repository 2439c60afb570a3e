/**
 * Numbers as people write them: 1.2M, 3m 20s. Pure; one locale, so that a script that reads
 * a report finds the same text everywhere.
 */

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

const exact = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 })
const percent = new Intl.NumberFormat('en-US', { style: 'percent', maximumFractionDigits: 1 })

/** `950`, `12.3K`, `1.2M`. */
export function countText(count: number): string {
  return compact.format(count)
}

/** `1 record`, `1,234 records`: exact, since it may be what a command did. */
export function countOfText(count: number, noun: string, plural = `${noun}s`): string {
  return `${exact.format(count)} ${count === 1 ? noun : plural}`
}

/** `1 token`, `1.2M tokens`. */
export function tokensText(tokens: number): string {
  return `${countText(tokens)} ${tokens === 1 ? 'token' : 'tokens'}`
}

/** `87.5%` of a share between 0 and 1. */
export function shareText(share: number): string {
  return percent.format(share)
}

/** `850ms`, `4.3s`, `42s`, `3m 20s`, `2h 5m`, `3d 4h`: two units at most, rounded to the lesser. */
export function durationText(ms: number): string {
  if (ms < 0) return `-${durationText(-ms)}`
  const wholeMs = Math.round(ms)
  if (wholeMs < SECOND_MS) return `${wholeMs}ms`
  const tenths = Math.round(ms / 100)
  if (tenths < 100) return `${tenths / 10}s`
  const seconds = Math.round(ms / SECOND_MS)
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return pair(seconds, 60, 'm', 's')
  const minutes = Math.round(ms / MINUTE_MS)
  if (minutes < 24 * 60) return pair(minutes, 60, 'h', 'm')
  return pair(Math.round(ms / HOUR_MS), 24, 'd', 'h')
}

/** `512 B`, `1.2 MB`, by thousands, as disks are sold. */
export function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (Math.round(value * 10) >= 10_000 && unit < BYTE_UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${Math.round(value * 10) / 10} ${BYTE_UNITS[unit]}`
}

/** `count` of the lesser unit, `size` of which are one of the greater. */
function pair(count: number, size: number, greater: string, lesser: string): string {
  const rest = count % size
  const head = `${Math.floor(count / size)}${greater}`
  return rest === 0 ? head : `${head} ${rest}${lesser}`
}
