/** Counts and shares as people write them. */

const plain = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 })
const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** `1,234`. */
export function formatCount(count: number): string {
  return plain.format(count)
}

/** `1.2M` from ten thousand on. */
export function formatCompact(count: number): string {
  return Math.abs(count) < 10_000 ? plain.format(count) : compact.format(count)
}

/** `97.4%`; a dash when there is nothing to divide. */
export function formatRatio(ratio: number | null): string {
  return ratio === null ? '–' : percent.format(ratio)
}

/** `1 call`, `2 calls`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

/** `12.4 MB`. */
export function formatBytes(bytes: number): string {
  let size = bytes
  let unit = 0
  while (Math.abs(size) >= 1000 && unit < units.length - 1) {
    size /= 1000
    unit += 1
  }
  return `${size >= 100 || unit === 0 ? Math.round(size) : size.toFixed(1)} ${units[unit] ?? ''}`
}
