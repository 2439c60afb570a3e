/**
 * When the transcripts of a session were begun and last written: of two sessions that have a line, the one
 * that ranks first wrote it. Null where an earlier version imported it. And which claims are of lines that
 * were told by a copy in another session's file, or without content: the whole line is told again.
 */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

export const transcriptRanks: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`alter table transcript_claims
      add column is_partial boolean not null default false`.execute(db)
    await sql`alter table transcript_sessions
      add column begun_ms double precision, add column ended_ms double precision`.execute(db)
  },
}
