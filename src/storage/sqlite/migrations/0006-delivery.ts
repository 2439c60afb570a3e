/**
 * A score in the outbox is known by its key, so that a newer one takes the place of the one that
 * still waits: of those that wait already, the newest stays. `deletions` are sessions that were
 * taken out and whose rows are still being deleted, `pauses` what destinations asked for, which a
 * restart must not forget, and `probe` is where it is tried whether a commit would succeed.
 */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { NUMBER, REF } from '../schema.ts'

export const delivery: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('outbox').addColumn('score_key', 'text').execute()
    await nameScores.execute(db)
    await keepNewest.execute(db)
    await db.schema
      .createIndex('outbox_scores')
      .unique()
      .on('outbox')
      .columns(['session_key', 'score_key'])
      .where(sql.ref('score_key'), 'is not', null)
      .execute()
    await db.schema
      .createTable('deletions')
      .addColumn('session_ref', REF, (column) => column.primaryKey())
      .addColumn('session_key', 'text', (column) => column.notNull())
      .addColumn('outbox_after', REF, (column) => column.notNull())
      .addColumn('outbox_through', REF, (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('pauses')
      .addColumn('destination', 'text', (column) => column.primaryKey())
      .addColumn('until_ms', NUMBER, (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('probe')
      .addColumn('id', REF, (column) => column.primaryKey())
      .addColumn('filler', 'blob', (column) => column.notNull())
      .execute()
  },
}

/** A payload that is no JSON is put aside when it is due, as before. */
const nameScores = sql`
  update outbox set score_key =
    case when json_valid(payload) then cast(json_extract(payload, '$.key') as text) end
  where kind = 'score'`

const keepNewest = sql`
  delete from outbox where id in (
    select id from (
      select id, row_number() over (partition by session_key, score_key order by id desc) as place
      from outbox where score_key is not null)
    where place > 1)`
