/**
 * Named keys and the audit log; whose a session is, and which destinations it goes to, both decided
 * once; and for which of them an item of the outbox is. What is there belongs to the team and the
 * person that it says, and goes to every exporter.
 */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { COUNT, identity, NUMBER } from '../schema.ts'

export const access: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('api_keys')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('created_ms', NUMBER, (column) => column.notNull())
      .addColumn('revoked_ms', NUMBER)
      .addColumn('last_used_ms', NUMBER)
      .addColumn('used_day_ms', NUMBER)
      .addColumn('used_bytes', NUMBER)
      .addColumn('body', 'text', (column) => column.notNull())
      .execute()
    await db.schema
      .createIndex('api_keys_in_force')
      .unique()
      .on('api_keys')
      .column('name')
      .where(sql.ref('revoked_ms'), 'is', null)
      .execute()
    await db.schema
      .createTable('audit_log')
      .addColumn('id', COUNT, identity)
      .addColumn('at_ms', NUMBER, (column) => column.notNull())
      .addColumn('actor', 'text', (column) => column.notNull())
      .addColumn('action', 'text', (column) => column.notNull())
      .addColumn('target', 'text')
      .addColumn('outcome', 'text', (column) => column.notNull())
      .execute()
    for (const column of ['owner_team', 'owner_user', 'route']) {
      await db.schema.alterTable('sessions').addColumn(column, 'text').execute()
    }
    await sql`update sessions set owner_team = team, owner_user = user_id`.execute(db)
    await db.schema
      .alterTable('quarantine')
      .addColumn('owner', 'text', (column) => column.notNull().defaultTo(''))
      .execute()
    await db.schema
      .alterTable('outbox')
      .addColumn('destination', 'text', (column) => column.notNull().defaultTo(''))
      .execute()
    await db.schema.dropIndex('outbox_kind').execute()
    await db.schema.dropIndex('outbox_scores').execute()
    await db.schema
      .createIndex('outbox_kind')
      .on('outbox')
      .columns(['kind', 'destination', 'id', 'bytes'])
      .execute()
    await db.schema
      .createIndex('outbox_scores')
      .unique()
      .on('outbox')
      .columns(['session_key', 'score_key', 'destination'])
      .where(sql.ref('score_key'), 'is not', null)
      .execute()
  },
}
