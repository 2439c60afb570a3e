/**
 * The outbox keeps an emission once, whoever it is for. How far an exporter has got stands in
 * `outbox_positions`, a row for each kind of item; what it could not send in its turn stands in
 * `outbox_exceptions`. Until now Langfuse was the only exporter, and its progress stood in the rows
 * themselves.
 */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { COUNT, NUMBER, REF } from '../schema.ts'

export const exporters: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('outbox_positions')
      .addColumn('exporter', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('through_id', REF, (column) => column.notNull())
      .addPrimaryKeyConstraint('outbox_positions_key', ['exporter', 'kind'])
      .modifyEnd(sql`without rowid`)
      .execute()
    await db.schema
      .createTable('outbox_exceptions')
      .addColumn('exporter', 'text', (column) => column.notNull())
      .addColumn('outbox_id', REF, (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('attempts', COUNT, (column) => column.notNull())
      .addColumn('not_before_ms', NUMBER, (column) => column.notNull())
      .addColumn('reason', 'text')
      .addPrimaryKeyConstraint('outbox_exceptions_key', ['exporter', 'outbox_id'])
      .modifyEnd(sql`without rowid`)
      .execute()
    await db.schema
      .createIndex('outbox_exceptions_due')
      .on('outbox_exceptions')
      .columns(['exporter', 'kind', 'state', 'not_before_ms'])
      .execute()
    await db.schema
      .createIndex('outbox_exceptions_dead')
      .on('outbox_exceptions')
      .column('outbox_id')
      .where(sql.ref('state'), '=', 'dead')
      .execute()
    for (const statement of moves) await statement.execute(db)
  },
}

const moves: readonly RawBuilder<unknown>[] = [
  // Behind the last item that was tried or put aside, everything is still in its turn.
  sql`insert into outbox_positions
      select 'langfuse', kinds.kind, coalesce((
        select max(id) from outbox
        where outbox.kind = kinds.kind
          and (state = 'dead' or attempts > 0 or not_before_ms > 0)), 0)
      from (select 'observation' as kind union all select 'score') as kinds`,
  sql`insert into outbox_exceptions
      select 'langfuse', id, outbox.kind, state, attempts, not_before_ms, reason
      from outbox join outbox_positions on outbox_positions.kind = outbox.kind
      where id <= through_id`,
  sql`alter table outbox rename to old_outbox`,
  sql`create table outbox (
        id integer primary key, session_key text not null, kind text not null, score_key text,
        created_ms double precision not null, payload_version integer not null,
        bytes integer not null, payload text not null)`,
  sql`insert into outbox
      select id, session_key, kind, score_key, created_ms, payload_version, bytes, payload
      from old_outbox`,
  sql`drop table old_outbox`,
  sql`create index outbox_kind on outbox (kind, id, bytes)`,
  sql`create unique index outbox_scores on outbox (session_key, score_key)
      where score_key is not null`,
]
