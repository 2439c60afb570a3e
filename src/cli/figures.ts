/**
 * Numbers as people write them: $0.42, 1.2M, 3m 20s. Pure; one locale, so that a script that reads
 * a report finds the same text everywhere.
 */

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

const money = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' })
const pennies = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  maximumSignificantDigits: 2,
})
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 })
const percent = new Intl.NumberFormat('en-US', { style: 'percent', maximumFractionDigits: 1 })

/** `$0.42`, `$1,234.50`; below a cent two digits that say something, `$0.0042`. */
export function usdText(usd: number): string {
  return usd !== 0 && Math.abs(usd) < 0.01 ? pennies.format(usd) : money.format(usd)
}

/** `950`, `12.3K`, `1.2M`. */
export function countText(count: number): string {
  return compact.format(count)
}

/** `1 token`, `1.2M tokens`. */
export function countOfText(count: number, noun: string, plural = `${noun}s`): string {
  return `${countText(count)} ${count === 1 ? noun : plural}`
}

/** `87.5%` of a share between 0 and 1. */
export function shareText(share: number): string {
  return percent.format(share)
}

/** `850ms`, `4.2s`, `42s`, `3m 20s`, `2h 5m`, `3d 4h`: two units at most, the rest cut off. */
export function durationText(ms: number): string {
  if (ms < 0) return `-${durationText(-ms)}`
  if (ms < SECOND_MS) return `${Math.floor(ms)}ms`
  if (ms < 10 * SECOND_MS) return `${Math.floor(ms / 100) / 10}s`
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)}s`
  if (ms < HOUR_MS) return pair(ms, MINUTE_MS, 'm', SECOND_MS, 's')
  if (ms < DAY_MS) return pair(ms, HOUR_MS, 'h', MINUTE_MS, 'm')
  return pair(ms, DAY_MS, 'd', HOUR_MS, 'h')
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

function pair(ms: number, bigMs: number, big: string, smallMs: number, small: string): string {
  const rest = Math.floor((ms % bigMs) / smallMs)
  const head = `${Math.floor(ms / bigMs)}${big}`
  return rest === 0 ? head : `${head} ${rest}${small}`
}
