/**
 * What decides about sessions besides their records: ticks and closings in one order with the
 * records, and the policies they were folded under. Of the closings before, only the last of each
 * session is known; sessions that are open had, by the time their row was written, done what was
 * due.
 *
 * One program wrote databases under a migration 0003 that was another: without ids that are given
 * once, and with prompts that have no key. They are made like all others first.
 */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { NUMBER, REF } from '../schema.ts'

export const controls: Migration = {
  async up(db: Kysely<unknown>) {
    if (!(await hasTable(db, 'ids'))) for (const statement of repairs) await statement.execute(db)
    await db.schema
      .createTable('session_controls')
      .addColumn('session_ref', REF, (column) =>
        column.notNull().references('sessions.id').onDelete('cascade'),
      )
      .addColumn('id', REF, (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('at_ms', NUMBER, (column) => column.notNull())
      .addColumn('detail', 'text')
      .addPrimaryKeyConstraint('session_controls_key', ['session_ref', 'id'])
      .modifyEnd(sql`without rowid`)
      .execute()
    await db.schema
      .createTable('policies')
      .addColumn('after_id', REF, (column) => column.primaryKey())
      .addColumn('policy', 'text', (column) => column.notNull())
      .execute()
    for (const statement of lastControls) await statement.execute(db)
  },
}

async function hasTable(db: Kysely<unknown>, name: string): Promise<boolean> {
  const tables = await db.introspection.getTables()
  return tables.some((table) => table.name === name)
}

const lastControls: readonly RawBuilder<unknown>[] = [
  sql`insert into session_controls (session_ref, id, kind, at_ms, detail)
      select s.id,
        (select reserved from ids where name = 'record_batches') + row_number() over (order by s.id),
        iif(s.deadline_ms is null, 'close', 'tick'), s.updated_ms,
        iif(s.deadline_ms is null, s.close_reason, null)
      from sessions s join session_states on session_ref = s.id
      where s.deadline_ms is not null
        or s.close_reason in ('idle', 'shutdown', 'max_age', 'limit', 'session_end')`,
  sql`update ids set reserved = reserved + (select count(*) from session_controls)
      where name = 'record_batches'`,
]

const repairs: readonly RawBuilder<unknown>[] = [
  sql`create table ids (name text primary key, reserved integer not null)`,
  sql`insert into ids values
      ('outbox', (select coalesce(max(id), 0) from outbox)),
      ('record_batches', (select coalesce(sum(records), 0) from record_batches))`,
  sql`alter table record_batches rename to old_record_batches`,
  sql`create table record_batches (
        session_ref integer not null references sessions (id) on delete cascade,
        id integer primary key,
        origin_ref integer not null references origins (id),
        signal text not null, received_ms double precision not null,
        records integer not null, body text not null)`,
  // Batches were counted; an id is the position of a batch's last record.
  sql`insert into record_batches (session_ref, id, origin_ref, signal, received_ms, records, body)
      select session_ref, sum(records) over (order by id), origin_ref, signal, received_ms, records,
        body
      from old_record_batches`,
  sql`drop table old_record_batches`,
  sql`create index record_batches_session on record_batches (session_ref)`,
  sql`alter table prompts rename to old_prompts`,
  sql`create table prompts (
        session_ref integer not null references sessions (id) on delete cascade,
        dedup_key text not null, time_ms double precision, prompt_id text, command text,
        length double precision, text text,
        primary key (session_ref, dedup_key)) without rowid`,
  sql`insert into prompts
      select session_ref, 'prompt|' || id, time_ms, prompt_id, command, length, text
      from old_prompts`,
  sql`drop table old_prompts`,
  sql`alter table outbox rename to old_outbox`,
  sql`drop index outbox_pending`,
  sql`drop index outbox_dead`,
  sql`drop index outbox_size`,
  sql`create table outbox (
        id integer primary key, session_key text not null, kind text not null, state text not null,
        attempts integer not null, not_before_ms double precision not null,
        created_ms double precision not null, reason text, payload_version integer not null,
        bytes integer not null, payload text not null)`,
  sql`insert into outbox select id, session_key, kind, state, attempts, not_before_ms, created_ms,
        reason, payload_version, bytes, payload from old_outbox`,
  sql`drop table old_outbox`,
  sql`create index outbox_pending on outbox (not_before_ms, id, bytes) where state = 'pending'`,
  sql`create index outbox_dead on outbox (id, bytes) where state = 'dead'`,
]
