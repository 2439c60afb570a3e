/** What programs of two versions over one database have to know of each other (`migrations.ts`). */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

export const rollingUpgrades: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`alter table instance add column needed_migration text`.execute(db)
    await sql`alter table replicas add column newest_migration text`.execute(db)
  },
}
