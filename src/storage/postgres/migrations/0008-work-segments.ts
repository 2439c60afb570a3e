/** What sessions worked on: stretches up to a commit, with their repository, branch and pull request. */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

export const workSegments: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`create table work_segments (
      session_ref bigint not null, segment integer not null, has_pull_request boolean not null,
      work text not null, primary key (session_ref, segment))`.execute(db)
    await sql`create index work_segments_pull_request on work_segments (session_ref)
      where has_pull_request`.execute(db)
  },
}
