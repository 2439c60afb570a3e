/**
 * Beside what was spent, the parts of it that the agent did not tell: what a price table estimated,
 * and what metrics alone told; and the calls whose cost is not known. Of what is there, all was told
 * by events; of how many calls it was, nobody kept count.
 *
 * Keys of the duplicate filter that are made of an id get beside them what else tells two records
 * apart. What is there lacks it: `until_ms` is the newest arrival before, up to which such a key alone
 * is believed.
 */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { COUNT, NUMBER } from '../schema.ts'

export const costs: Migration = {
  async up(db: Kysely<unknown>) {
    for (const table of ['sessions', 'model_usage']) {
      for (const column of ['estimated_usd', 'metrics_usd']) {
        await db.schema.alterTable(table).addColumn(column, NUMBER).execute()
      }
      await db.schema
        .alterTable(table)
        .addColumn('unpriced_calls', COUNT, (column) => column.notNull().defaultTo(0))
        .execute()
    }
    await db.schema.alterTable('seen').addColumn('detail', 'text').execute()
    await db.schema.createTable('bare_ids').addColumn('until_ms', NUMBER).execute()
    await sql`insert into bare_ids select max(received_ms) from record_batches`.execute(db)
  },
}
