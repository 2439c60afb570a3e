/** Money as people write it: cents from a cent on, more digits below, none beyond a thousand. */

const cents = new Intl.NumberFormat('en', {
  style: 'currency',
  currency: 'USD',
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
})
const whole = new Intl.NumberFormat('en', {
  style: 'currency',
  currency: 'USD',
  maximumFractionDigits: 0,
})
const small = new Intl.NumberFormat('en', {
  style: 'currency',
  currency: 'USD',
  maximumSignificantDigits: 2,
})

export function formatUsd(usd: number): string {
  const size = Math.abs(usd)
  if (size === 0 || (size >= 0.0995 && size < 1000)) return cents.format(usd)
  if (size >= 1000) return whole.format(usd)
  if (size < 0.000_01) return usd < 0 ? '> −$0.00001' : '< $0.00001'
  return small.format(usd)
}

const exact = new Intl.NumberFormat('en', { maximumFractionDigits: 9, useGrouping: false })

/** All digits, to the billionth that sums are exact to, for titles. */
export function exactUsd(usd: number): string {
  return `$${exact.format(usd)}`
}
