/**
 * Sums of decimals that are exact. What agents report are decimals of about ten digits, which binary
 * fractions only come near to: added up as they are, three cents become $0.030000000000000002. So
 * amounts are added as whole numbers of a small unit, and every sum is the number nearest to its
 * decimal. The order of the parts does not matter (docs/decisions/0011).
 *
 * What a single call cost is shown as the agent said it, and never rounded.
 */

/** Finer than the price of one token. Sums are exact up to two million dollars. */
export const UNITS_PER_USD = 1e9
const UNITS_PER_SECOND = 1e6

/** An amount of money without what lies below a billionth of a dollar. */
export function roundUsd(usd: number): number {
  return sumIn(UNITS_PER_USD, usd, 0)
}

/** The sum of two amounts of money; `a - b` is `addUsd(a, -b)`. */
export function addUsd(a: number, b: number): number {
  return sumIn(UNITS_PER_USD, a, b)
}

/** The sum of two times in seconds, exact to the microsecond. */
export function addSeconds(a: number, b: number): number {
  return sumIn(UNITS_PER_SECOND, a, b)
}

function sumIn(unitsPerOne: number, a: number, b: number): number {
  const units = Math.round(a * unitsPerOne) + Math.round(b * unitsPerOne)
  // Adding 0 turns -0 into 0.
  return units / unitsPerOne + 0
}
