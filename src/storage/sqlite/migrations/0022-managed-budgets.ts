/**
 * Budgets that commands define, and alerts with a queue for each channel. What waited for the webhook in
 * `budget_alerts` is put into its queue at the next start.
 */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { COUNT, NUMBER, REF } from '../schema.ts'

export const managedBudgets: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('budgets')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('subject_kind', 'text', (column) => column.notNull())
      .addColumn('subject', 'text')
      .addColumn('time_window', 'text', (column) => column.notNull())
      .addColumn('limit_usd', NUMBER, (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('alerts')
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('channel', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('topic', 'text', (column) => column.notNull())
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addColumn('session_ref', REF, (column) =>
        column.references('sessions.id').onDelete('cascade'),
      )
      .addColumn('created_ms', NUMBER, (column) => column.notNull())
      .addColumn('attempts', COUNT, (column) => column.notNull())
      .addColumn('not_before_ms', NUMBER)
      .addPrimaryKeyConstraint('alerts_key', ['id', 'channel'])
      .execute()
    await sql`create index alerts_topic on alerts (topic, created_ms) where channel = ''`.execute(
      db,
    )
    await sql`create index alerts_waiting on alerts (channel, not_before_ms, created_ms)
      where not_before_ms is not null`.execute(db)
    await sql`create index alerts_session on alerts (session_ref) where session_ref is not null`.execute(
      db,
    )
    await sql`create index alerts_created on alerts (created_ms) where session_ref is null`.execute(
      db,
    )
  },
}
