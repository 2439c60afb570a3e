/** Which store this is, and how far a move of another one into it is (`move-target.ts`). */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

export const instance: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`create table instance (id text not null)`.execute(db)
    await sql`insert into instance values (gen_random_uuid()::text)`.execute(db)
    await sql`create table moves (
      source text primary key, fingerprint text not null,
      stage text not null, through_id bigint not null,
      begun_at timestamptz not null default now(), done_at timestamptz)`.execute(db)
  },
}
