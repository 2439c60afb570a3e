/** What is left of the records that a key may send a minute, and as of when: one for all replicas. */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

export const sharedQuotas: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`alter table api_keys
      add column quota_records double precision, add column quota_at timestamptz`.execute(db)
  },
}
