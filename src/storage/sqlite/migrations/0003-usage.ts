/**
 * Records in batches instead of a row each, and what sessions used by quarters of an hour instead
 * of a typed row for each event: reports read a tenth of the rows. States move to a table of their
 * own, so that lists do not read past them. The outbox gets its ids from `ids` and has one index
 * less, since every page that a commit touches is written twice. What is there is carried over;
 * records of before lack what was not stored then (a log's body, a metric's unit and start).
 */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { COUNT, NUMBER, REF } from '../schema.ts'

export const usage: Migration = {
  async up(db: Kysely<unknown>) {
    for (const table of ['prompts', 'outbox']) {
      await db.schema.alterTable(table).renameTo(`old_${table}`).execute()
    }
    await createTables(db)
    await addSessionColumns(db)
    for (const statement of carryOver) await statement.execute(db)
    for (const table of OLD_TABLES) await db.schema.dropTable(table).execute()
    for (const column of ['state', 'state_version']) {
      await db.schema.alterTable('sessions').dropColumn(column).execute()
    }
  },
}

/** Those that point at another one come first. */
const OLD_TABLES = [
  'old_outbox',
  'old_prompts',
  'model_calls',
  'tool_decisions',
  'tool_calls',
  'metric_points',
  'events',
]

async function createTables(db: Kysely<unknown>): Promise<void> {
  const ofSession = (table: string) =>
    db.schema
      .createTable(table)
      .addColumn('session_ref', REF, (column) =>
        column.notNull().references('sessions.id').onDelete('cascade'),
      )
  const byBucket = (table: string) =>
    ofSession(table).addColumn('bucket_ms', NUMBER, (column) => column.notNull())
  const clustered = sql`without rowid`

  await db.schema
    .createTable('session_states')
    .addColumn('session_ref', REF, (column) =>
      column.primaryKey().references('sessions.id').onDelete('cascade'),
    )
    .addColumn('version', COUNT, (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('ids')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('reserved', REF, (column) => column.notNull())
    .execute()
  await ofSession('record_batches')
    .addColumn('id', REF, (column) => column.primaryKey())
    .addColumn('origin_ref', REF, (column) => column.notNull().references('origins.id'))
    .addColumn('signal', 'text', (column) => column.notNull())
    .addColumn('received_ms', NUMBER, (column) => column.notNull())
    .addColumn('records', COUNT, (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .execute()
  await ofSession('seen')
    .addColumn('dedup_key', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('seen_key', ['session_ref', 'dedup_key'])
    .modifyEnd(clustered)
    .execute()
  await ofSession('session_attributes')
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('session_attributes_key', ['session_ref', 'key'])
    .modifyEnd(clustered)
    .execute()
  await ofSession('prompts')
    .addColumn('dedup_key', 'text', (column) => column.notNull())
    .addColumn('time_ms', NUMBER)
    .addColumn('prompt_id', 'text')
    .addColumn('command', 'text')
    .addColumn('length', NUMBER)
    .addColumn('text', 'text')
    .addPrimaryKeyConstraint('prompts_key', ['session_ref', 'dedup_key'])
    .modifyEnd(clustered)
    .execute()
  await byBucket('model_usage')
    .addColumn('model', 'text', (column) => column.notNull())
    .addColumn('is_subagent', COUNT, (column) => column.notNull())
    .addColumn('calls', COUNT, (column) => column.notNull())
    .addColumn('errors', COUNT, (column) => column.notNull())
    .addColumn('cost_usd', NUMBER)
    .addColumn('input_tokens', NUMBER)
    .addColumn('output_tokens', NUMBER)
    .addColumn('cache_read_tokens', NUMBER)
    .addColumn('cache_creation_tokens', NUMBER)
    .addColumn('duration_ms', NUMBER)
    .addPrimaryKeyConstraint('model_usage_key', [
      'session_ref',
      'bucket_ms',
      'model',
      'is_subagent',
    ])
    .modifyEnd(clustered)
    .execute()
  await byBucket('tool_usage')
    .addColumn('tool', 'text', (column) => column.notNull())
    .addColumn('results', COUNT, (column) => column.notNull())
    .addColumn('failures', COUNT, (column) => column.notNull())
    .addColumn('refusals', COUNT, (column) => column.notNull())
    .addColumn('duration_ms', NUMBER)
    .addPrimaryKeyConstraint('tool_usage_key', ['session_ref', 'bucket_ms', 'tool'])
    .modifyEnd(clustered)
    .execute()
  await byBucket('activity')
    .addColumn('measure', 'text', (column) => column.notNull())
    .addColumn('facet', 'text', (column) => column.notNull())
    .addColumn('value', NUMBER)
    .addPrimaryKeyConstraint('activity_key', ['session_ref', 'bucket_ms', 'measure', 'facet'])
    .modifyEnd(clustered)
    .execute()
  await createOutbox(db)
  await createIndexes(db)
}

/** Both indexes hold the sizes, so that their sum is known without reading a payload. */
async function createOutbox(db: Kysely<unknown>): Promise<void> {
  for (const index of ['outbox_pending', 'outbox_dead', 'outbox_size']) {
    await db.schema.dropIndex(index).execute()
  }
  await db.schema
    .createTable('outbox')
    .addColumn('id', REF, (column) => column.primaryKey())
    .addColumn('session_key', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('attempts', COUNT, (column) => column.notNull())
    .addColumn('not_before_ms', NUMBER, (column) => column.notNull())
    .addColumn('created_ms', NUMBER, (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('payload_version', COUNT, (column) => column.notNull())
    .addColumn('bytes', COUNT, (column) => column.notNull())
    .addColumn('payload', 'text', (column) => column.notNull())
    .execute()
  await db.schema
    .createIndex('outbox_pending')
    .on('outbox')
    .columns(['not_before_ms', 'id', 'bytes'])
    .where(sql.ref('state'), '=', 'pending')
    .execute()
  await db.schema
    .createIndex('outbox_dead')
    .on('outbox')
    .columns(['id', 'bytes'])
    .where(sql.ref('state'), '=', 'dead')
    .execute()
}

async function createIndexes(db: Kysely<unknown>): Promise<void> {
  for (const table of ['model_usage', 'tool_usage', 'activity']) {
    await db.schema.createIndex(`${table}_bucket`).on(table).column('bucket_ms').execute()
  }
  await db.schema
    .createIndex('record_batches_session')
    .on('record_batches')
    .column('session_ref')
    .execute()
  await db.schema
    .createIndex('session_attributes_value')
    .on('session_attributes')
    .columns(['key', 'value'])
    .execute()
}

async function addSessionColumns(db: Kysely<unknown>): Promise<void> {
  for (const name of ['title', 'project', 'team'] as const) {
    await db.schema.alterTable('sessions').addColumn(name, 'text').execute()
  }
  for (const name of ['first_prompt_ms', 'first_commit_ms'] as const) {
    await db.schema.alterTable('sessions').addColumn(name, NUMBER).execute()
  }
}

const bucket = (time: string): RawBuilder<unknown> =>
  sql`floor(coalesce(${sql.ref(time)}, 0) / 900000.0) * 900000`

const carryOver: readonly RawBuilder<unknown>[] = [
  sql`insert into session_states select id, state_version, state from sessions
      where state is not null`,
  sql`insert into seen select session_ref, dedup_key from events`,
  sql`insert into record_batches (session_ref, origin_ref, signal, received_ms, records, body)
      select e.session_ref, e.origin_ref, e.signal, e.received_ms, 1, json_array(
        case e.signal
          when 'log' then json_object(
            'timeMs', e.time_ms, 'eventName', e.name, 'body', e.name,
            'attributes', json(e.attributes))
          when 'metric' then json_object(
            'name', e.name, 'unit', '', 'temporality', m.temporality,
            'startNanos', '0', 'timeNanos', printf('%d000000', e.time_ms),
            'timeMs', e.time_ms, 'value', m.value, 'attributes', json(e.attributes))
          when 'trace' then json_set(json(e.attributes), '$.name', e.name)
          else json_object('body', json(e.attributes), 'labels', json_object())
        end)
      from events e left join metric_points m on m.event_id = e.id order by e.id`,
  sql`insert into session_attributes
      select distinct b.session_ref, j.key, cast(j.value as text)
      from record_batches b join origins o on o.id = b.origin_ref, json_each(o.resource) j
      where true on conflict do update set value = excluded.value`,
  sql`insert into prompts
      select o.session_ref, e.dedup_key, o.time_ms, o.prompt_id, o.command, o.length, o.text
      from old_prompts o join events e on e.id = o.event_id`,
  sql`insert into outbox select * from old_outbox`,
  // Higher ones were given to items that are gone; nobody holds those any more.
  sql`insert into ids values
      ('outbox', (select coalesce(max(id), 0) from outbox)),
      ('record_batches', (select coalesce(max(id), 0) from record_batches))`,
  sql`insert into model_usage
      select session_ref, ${bucket('time_ms')}, model, subagent_id is not null, sum(success),
        sum(1 - success), total(cost_usd), total(input_tokens), total(output_tokens),
        total(cache_read_tokens), total(cache_creation_tokens),
        total(iif(success = 1, duration_ms, 0))
      from model_calls group by 1, 2, 3, 4`,
  sql`insert into tool_usage
      select session_ref, bucket_ms, tool, sum(results), sum(failures), sum(refusals),
        total(duration_ms)
      from (
        select session_ref, ${bucket('time_ms')} as bucket_ms, tool, 1 as results,
          1 - success as failures, 0 as refusals, duration_ms from tool_calls
        union all
        select session_ref, ${bucket('time_ms')}, tool, 0, 0, 1, 0 from tool_decisions
          where accepted = 0)
      group by 1, 2, 3`,
  // Only increments: totals that grow cannot be told apart without their series' state.
  sql`insert into activity
      select session_ref, ${bucket('time_ms')}, measure, coalesce(facet, ''), total(value)
      from metric_points
      where temporality = 'delta' and measure not in ('cost_usd', 'tokens', 'other')
      group by 1, 2, 3, 4`,
  sql`insert into activity
      select session_ref, ${bucket('time_ms')}, 'prompts', '', count(*) from prompts
      group by 1, 2`,
  sql`update sessions set first_prompt_ms =
        (select min(time_ms) from prompts where session_ref = sessions.id),
        title = (select substr(text, 1, 200) from prompts where session_ref = sessions.id
          order by time_ms limit 1)`,
]
