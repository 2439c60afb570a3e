/** How much of a subscription's allowance was used, as sessions' status lines told it. They go with the session. */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

export const planWindows: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`create table plan_windows (
      session_ref bigint not null, name text not null, bucket_ms bigint not null,
      used_percent double precision not null, resets_ms double precision,
      primary key (session_ref, name, bucket_ms))`.execute(db)
    await sql`create index plan_windows_time on plan_windows (bucket_ms)`.execute(db)
  },
}
