/** Figures as they are asked for. */
import { type RawBuilder, sql } from 'kysely'

const NANOS = sql`1e9::double precision`

/** Dollars of a column of billionths; null where nothing is known. */
export function usd(column: string): RawBuilder<number | null> {
  return sql`${sql.ref(column)}::double precision / ${NANOS}`
}

/** Dollars of a sum over such a column: exact, since it is made of whole numbers. */
export function usdSum(column: string): RawBuilder<number> {
  return sql`coalesce(sum(${sql.ref(column)}), 0)::double precision / ${NANOS}`
}

/** The sum of a column; 0 of no rows. */
export function total(column: string): RawBuilder<number> {
  return sql`coalesce(sum(${sql.ref(column)}), 0)`
}

/** The sum of a column with fractions: in decimals, so that the order of the rows does not matter. */
export function decimalTotal(column: string): RawBuilder<number> {
  return sql`coalesce(sum(${sql.ref(column)}::numeric), 0)`
}
