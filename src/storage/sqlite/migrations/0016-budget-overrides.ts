/** Who lifted which budget, and until when. Kept as history. */
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { NUMBER } from '../schema.ts'

export const budgetOverrides: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('budget_overrides')
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('scope', 'text')
      .addColumn('subject', 'text')
      .addColumn('until_ms', NUMBER, (column) => column.notNull())
      .addColumn('created_ms', NUMBER, (column) => column.notNull())
      .addColumn('created_by', 'text', (column) => column.notNull())
      .execute()
  },
}
