/**
 * What transcripts need: whose a line is that several files have, what both a transcript and telemetry
 * tell of a session, and how far each file was read.
 */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { COUNT, identity, NUMBER, REF } from '../schema.ts'

export const transcripts: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('transcript_sessions')
      .addColumn('session_ref', REF, (column) =>
        column.primaryKey().references('sessions.id').onDelete('cascade'),
      )
      .addColumn('is_joined', COUNT, (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('transcript_claims')
      .addColumn('claim', 'text', (column) => column.primaryKey().notNull())
      .addColumn('session_ref', REF, (column) =>
        column.notNull().references('sessions.id').onDelete('cascade'),
      )
      .modifyEnd(sql`without rowid`)
      .execute()
    await db.schema
      .createIndex('transcript_claims_session')
      .on('transcript_claims')
      .column('session_ref')
      .execute()
    await db.schema
      .createTable('transcript_joins')
      .addColumn('id', COUNT, identity)
      .addColumn('session_ref', REF, (column) =>
        column.notNull().references('sessions.id').onDelete('cascade'),
      )
      .addColumn('join_id', 'text')
      .addColumn('alike', 'text', (column) => column.notNull())
      .addColumn('told', COUNT, (column) => column.notNull())
      .addColumn('join_key', 'text')
      .addColumn('telemetry_key', 'text')
      .execute()
    await db.schema
      .createIndex('transcript_joins_id')
      .on('transcript_joins')
      .columns(['session_ref', 'join_id'])
      .execute()
    await db.schema
      .createIndex('transcript_joins_alike')
      .on('transcript_joins')
      .columns(['session_ref', 'alike', 'told'])
      .execute()
    await db.schema
      .createTable('transcript_files')
      .addColumn('path_hash', 'text', (column) => column.primaryKey())
      .addColumn('position', NUMBER, (column) => column.notNull())
      .addColumn('head', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('read_ms', NUMBER, (column) => column.notNull())
      .execute()
  },
}
