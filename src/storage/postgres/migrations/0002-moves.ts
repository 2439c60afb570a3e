/** How far a move of another store into this one is; see `move-target.ts`. */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

export const moves: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`create table moves (
      source text primary key, fingerprint text not null,
      stage text not null, through_id bigint not null,
      begun_at timestamptz not null default now(), done_at timestamptz)`.execute(db)
  },
}
