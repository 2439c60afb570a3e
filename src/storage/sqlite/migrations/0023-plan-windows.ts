/** How much of a subscription's allowance was used, as sessions' status lines told it. They go with the session. */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { NUMBER, REF } from '../schema.ts'

export const planWindows: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('plan_windows')
      .addColumn('session_ref', REF, (column) =>
        column.notNull().references('sessions.id').onDelete('cascade'),
      )
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('bucket_ms', NUMBER, (column) => column.notNull())
      .addColumn('used_percent', NUMBER, (column) => column.notNull())
      .addColumn('resets_ms', NUMBER)
      .addPrimaryKeyConstraint('plan_windows_key', ['session_ref', 'name', 'bucket_ms'])
      .modifyEnd(sql`without rowid`)
      .execute()
    await db.schema
      .createIndex('plan_windows_time')
      .on('plan_windows')
      .column('bucket_ms')
      .execute()
  },
}
