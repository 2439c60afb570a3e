/** What sessions worked on: stretches up to a commit, with their repository, branch and pull request. */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { COUNT, REF } from '../schema.ts'

export const workSegments: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('work_segments')
      .addColumn('session_ref', REF, (column) =>
        column.notNull().references('sessions.id').onDelete('cascade'),
      )
      .addColumn('segment', COUNT, (column) => column.notNull())
      .addColumn('has_pull_request', COUNT, (column) => column.notNull())
      .addColumn('work', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('work_segments_key', ['session_ref', 'segment'])
      .modifyEnd(sql`without rowid`)
      .execute()
    // Few rows of many: all of them are looked through for what a branch costs.
    await sql`create index work_segments_pull_request on work_segments (session_ref)
      where has_pull_request = 1`.execute(db)
  },
}
