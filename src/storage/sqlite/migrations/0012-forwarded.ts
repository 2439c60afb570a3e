/** By what is known what was taken in to be forwarded. */
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { NUMBER } from '../schema.ts'

export const forwarded: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('forwarded')
      .addColumn('digest', 'text', (column) => column.primaryKey().notNull())
      .addColumn('received_ms', NUMBER, (column) => column.notNull())
      .execute()
    await db.schema.createIndex('forwarded_by_age').on('forwarded').column('received_ms').execute()
  },
}
