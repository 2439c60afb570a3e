/**
 * When the transcripts of a session were begun and last written: of two sessions that have a line, the one
 * that ranks first wrote it. Null where an earlier version imported it. And which claims are of lines that
 * were told by a copy in another session's file, or without content: the whole line is told again.
 */
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { COUNT, NUMBER } from '../schema.ts'

export const transcriptRanks: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable('transcript_claims')
      .addColumn('is_partial', COUNT, (column) => column.notNull().defaultTo(0))
      .execute()
    for (const column of ['begun_ms', 'ended_ms']) {
      await db.schema.alterTable('transcript_sessions').addColumn(column, NUMBER).execute()
    }
  },
}
