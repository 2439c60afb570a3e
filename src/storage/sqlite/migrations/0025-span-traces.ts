/** What is known of traces whose spans are a source, for those that come later: `domain/trace-store.ts`. */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { COUNT, identity, NUMBER, REF } from '../schema.ts'

export const spanTraces: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('span_traces')
      .addColumn('id', 'integer', identity)
      .addColumn('owner', 'text', (column) => column.notNull())
      .addColumn('trace_id', 'text', (column) => column.notNull())
      .addColumn('facts', 'text', (column) => column.notNull())
      .addColumn('last_part', REF, (column) => column.notNull())
      .addColumn('spans', COUNT, (column) => column.notNull())
      .addColumn('changed_ms', NUMBER, (column) => column.notNull())
      .addUniqueConstraint('span_traces_key', ['owner', 'trace_id'])
      .execute()
    await db.schema
      .createIndex('span_traces_by_age')
      .on('span_traces')
      .column('changed_ms')
      .execute()
    await db.schema
      .createTable('span_trace_parts')
      .addColumn('trace_ref', REF, (column) => column.notNull())
      .addColumn('id', REF, (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('span_trace_parts_key', ['trace_ref', 'id'])
      .modifyEnd(sql`without rowid`)
      .execute()
  },
}
