/**
 * Budget alerts, as they were told: a history that outlives its budget's settings, and the queue of
 * those that a webhook has not taken yet. Those of a session go with it. What is spent has no table
 * of its own, since the usage rows say it.
 */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { COUNT, NUMBER, REF } from '../schema.ts'

export const budgets: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('budget_alerts')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('scope', 'text', (column) => column.notNull())
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('date', 'text', (column) => column.notNull())
      .addColumn('threshold', COUNT, (column) => column.notNull())
      .addColumn('limit_usd', NUMBER, (column) => column.notNull())
      .addColumn('spent_usd', NUMBER, (column) => column.notNull())
      .addColumn('created_ms', NUMBER, (column) => column.notNull())
      .addColumn('session_ref', REF, (column) =>
        column.references('sessions.id').onDelete('cascade'),
      )
      .addColumn('webhook_attempts', COUNT, (column) => column.notNull())
      .addColumn('webhook_not_before_ms', NUMBER)
      .addUniqueConstraint('budget_alerts_key', [
        'scope',
        'subject',
        'date',
        'threshold',
        'limit_usd',
      ])
      .execute()
    await db.schema
      .createIndex('budget_alerts_session')
      .on('budget_alerts')
      .column('session_ref')
      .where(sql.ref('session_ref'), 'is not', null)
      .execute()
    await db.schema
      .createIndex('budget_alerts_waiting')
      .on('budget_alerts')
      .columns(['webhook_not_before_ms', 'created_ms'])
      .where(sql.ref('webhook_not_before_ms'), 'is not', null)
      .execute()
    await db.schema
      .createIndex('budget_alerts_created')
      .on('budget_alerts')
      .column('created_ms')
      .where(sql.ref('session_ref'), 'is', null)
      .execute()
  },
}
