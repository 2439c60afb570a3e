/** Money as people read it. */

const money = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' })
const pennies = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  maximumSignificantDigits: 2,
})

/** `$0.42`, `$1,234.50`; below a cent two digits that say something, `$0.0042`. */
export function usdText(usd: number): string {
  return usd !== 0 && Math.abs(usd) < 0.01 ? pennies.format(usd) : money.format(usd)
}
