/** Records that could not be assigned, each once, with why. */
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { COUNT, identity, NUMBER } from '../schema.ts'

export const quarantine: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('quarantine')
      .addColumn('id', COUNT, identity)
      .addColumn('hash', 'text', (column) => column.notNull().unique())
      .addColumn('received_ms', NUMBER, (column) => column.notNull())
      .addColumn('signal', 'text', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .addColumn('message', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('bytes', COUNT, (column) => column.notNull())
      .addColumn('record', 'text', (column) => column.notNull())
      .execute()
  },
}
