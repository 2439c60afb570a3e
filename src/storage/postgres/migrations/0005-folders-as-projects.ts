/** Sessions without a project or repository have the folder that their agent worked in as their project. */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

export const foldersAsProjects: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`update sessions set project = (
        select value from session_attributes
        where session_ref = sessions.id and key = 'folder')
      where project is null`.execute(db)
  },
}
