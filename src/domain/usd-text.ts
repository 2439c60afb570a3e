/** Money as the page and the CLI write it. */

const money = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' })
const pennies = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  minimumSignificantDigits: 2,
  maximumSignificantDigits: 2,
})
const MIN_USD = 0.000_01

/**
 * `$0.42`, `$1,234.50`: cents, whatever the amount, so that columns line up; below a cent two digits that
 * say something, `$0.0042`.
 */
export function usdText(usd: number): string {
  const size = Math.abs(usd)
  if (size === 0 || size >= 0.009_95) return money.format(usd)
  if (size < MIN_USD) return usd < 0 ? '>-$0.00001' : '<$0.00001'
  return pennies.format(usd)
}

const exact = new Intl.NumberFormat('en-US', { maximumFractionDigits: 9, useGrouping: false })

/** All digits, to the billionth that sums are exact to. */
export function exactUsdText(usd: number): string {
  return `$${exact.format(usd)}`
}
