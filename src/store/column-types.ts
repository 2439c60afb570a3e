/**
 * Column types of the migrations, where the dialects differ or a rule stands behind the choice.
 * The one place to give PostgreSQL its own.
 */
import type { ColumnDefinitionBuilder } from 'kysely'

/** Points at an `id`. */
export const REF = 'integer'

/** Counts, sizes and flags that the program itself makes. */
export const COUNT = 'integer'

/** Times, tokens, money: whatever a sender says. See `schema.ts`. */
export const NUMBER = 'double precision'

/** An `id` that counts up and is never given twice, not even after its row was deleted. */
export function identity(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder {
  return column.primaryKey().autoIncrement()
}
