/**
 * Numbers as people write them: 1.2M, 3m 20s. Pure; one locale, so that a script that reads
 * a report finds the same text everywhere.
 */

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
