/**
 * Stored figures as they can be true. Earlier versions stored whatever they were told, 1e308 and
 * infinities among it; such a figure counts as unknown wherever it is read, so that one row does not
 * make the sum of all others worthless. Sums of money are exact (`domain/exact-sum.ts`).
 */
import { type RawBuilder, sql } from 'kysely'
import { UNITS_PER_USD } from '../../../domain/exact-sum.ts'
import { GREATEST_SUM } from '../../../domain/numbers.ts'

type Quantity = keyof typeof GREATEST_SUM

/** A column's value; null where it cannot be true. */
export function sound(column: string, quantity: Quantity): RawBuilder<number | null> {
  const value = sql.ref<number>(column)
  return sql`iif(${value} between 0 and ${sql.lit(GREATEST_SUM[quantity])}, ${value}, null)`
}

/** The sum of a column; null where nothing is known. */
export function soundSum(column: string, quantity: Quantity): RawBuilder<number | null> {
  return quantity === 'usd'
    ? sql`${inUsd(sql`sum(${inUnits(sound(column, quantity))})`)}`
    : sql`sum(${sound(column, quantity)})`
}

/** A column's value with more added to it, for an update. */
export function soundAddition(
  column: string,
  more: string,
  quantity: Quantity,
): RawBuilder<number | null> {
  const known = sql`coalesce(${sound(column, quantity)}, 0)`
  const added = sql.ref<number>(more)
  return quantity === 'usd'
    ? sql`${inUsd(sql`${inUnits(known)} + ${inUnits(added)}`)}`
    : sql`${known} + ${added}`
}

function inUnits(usd: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`round(${usd} * ${sql.lit(UNITS_PER_USD)})`
}

function inUsd(units: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`(${units}) / ${sql.lit(UNITS_PER_USD)}`
}
