/**
 * What limits and retention need: a way to find closed sessions by age, the size of the outbox
 * without reading its payloads, and totals that outlive a process.
 */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { NUMBER } from '../schema.ts'

export const upkeep: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createIndex('sessions_closed')
      .on('sessions')
      .column('updated_ms')
      .where(sql.ref('deadline_ms'), 'is', null)
      .execute()
    await db.schema.createIndex('outbox_size').on('outbox').columns(['id', 'bytes']).execute()
    await db.schema
      .createTable('totals')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('value', NUMBER, (column) => column.notNull())
      .execute()
  },
}
