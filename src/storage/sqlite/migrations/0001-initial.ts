/** Sessions, the raw records with their typed rows, and the outbox. */
import { type ColumnDefinitionBuilder, type CreateTableBuilder, type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { COUNT, identity, NUMBER, REF } from '../schema.ts'

const notNull = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull()

export const initial: Migration = {
  async up(db: Kysely<unknown>) {
    await createSessions(db)
    await createEvents(db)
    await createTypedRows(db)
    await createOutbox(db)
  },
}

/** The state comes last: lists do not read past the columns before it. */
async function createSessions(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('sessions')
    .addColumn('id', REF, identity)
    .addColumn('session_key', 'text', (column) => column.notNull().unique())
    .addColumn('agent', 'text', notNull)
    .addColumn('session_id', 'text', notNull)
    .addColumn('user_id', 'text')
    .addColumn('deadline_ms', NUMBER)
    .addColumn('close_reason', 'text')
    .addColumn('first_ms', NUMBER)
    .addColumn('last_ms', NUMBER)
    .addColumn('updated_ms', NUMBER, notNull)
    .addColumn('cost_usd', NUMBER)
    .addColumn('input_tokens', NUMBER)
    .addColumn('output_tokens', NUMBER)
    .addColumn('cache_read_tokens', NUMBER)
    .addColumn('cache_creation_tokens', NUMBER)
    .addColumn('prompts', NUMBER)
    .addColumn('model_calls', NUMBER)
    .addColumn('tool_results', NUMBER)
    .addColumn('errors', NUMBER)
    .addColumn('state_version', COUNT, notNull)
    .addColumn('state', 'text')
    .execute()
  await db.schema
    .createIndex('sessions_open')
    .on('sessions')
    .column('deadline_ms')
    .where(sql.ref('deadline_ms'), 'is not', null)
    .execute()
}

async function createEvents(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('origins')
    .addColumn('id', REF, identity)
    .addColumn('hash', 'text', (column) => column.notNull().unique())
    .addColumn('scope_name', 'text', notNull)
    .addColumn('scope_version', 'text', notNull)
    .addColumn('resource', 'text', notNull)
    .execute()
  await db.schema
    .createTable('events')
    .addColumn('id', REF, identity)
    .addColumn('session_ref', REF, (column) =>
      column.notNull().references('sessions.id').onDelete('cascade'),
    )
    .addColumn('dedup_key', 'text', notNull)
    .addColumn('signal', 'text', notNull)
    .addColumn('name', 'text', notNull)
    .addColumn('time_ms', NUMBER)
    .addColumn('received_ms', NUMBER, notNull)
    .addColumn('origin_ref', REF, (column) => column.notNull().references('origins.id'))
    .addColumn('attributes', 'text', notNull)
    .addUniqueConstraint('events_dedup', ['session_ref', 'dedup_key'])
    .execute()
}

/**
 * A typed row has its event's id, so the events of a session lead to all its rows, and nothing
 * but the event's deletion deletes them: no index of their own to keep up.
 */
async function createTypedRows(db: Kysely<unknown>): Promise<void> {
  const typed = (table: string): CreateTableBuilder<string> =>
    db.schema
      .createTable(table)
      .addColumn('event_id', REF, (column) =>
        column.primaryKey().references('events.id').onDelete('cascade'),
      )
      .addColumn('session_ref', REF, notNull)
      .addColumn('time_ms', NUMBER)
  const ofTurn = (table: string): CreateTableBuilder<string> =>
    typed(table).addColumn('prompt_id', 'text').addColumn('subagent_id', 'text')

  await ofTurn('prompts')
    .addColumn('command', 'text')
    .addColumn('length', NUMBER)
    .addColumn('text', 'text')
    .execute()
  await ofTurn('model_calls')
    .addColumn('model', 'text', notNull)
    .addColumn('success', COUNT, notNull)
    .addColumn('input_tokens', NUMBER)
    .addColumn('output_tokens', NUMBER)
    .addColumn('cache_read_tokens', NUMBER)
    .addColumn('cache_creation_tokens', NUMBER)
    .addColumn('cost_usd', NUMBER)
    .addColumn('duration_ms', NUMBER)
    .addColumn('ttft_ms', NUMBER)
    .addColumn('request_id', 'text')
    .addColumn('query_source', 'text')
    .addColumn('is_main', COUNT, notNull)
    .addColumn('attempt', NUMBER)
    .addColumn('status_code', NUMBER)
    .addColumn('error', 'text')
    .execute()
  await ofTurn('tool_decisions')
    .addColumn('tool', 'text', notNull)
    .addColumn('tool_use_id', 'text')
    .addColumn('request_id', 'text')
    .addColumn('accepted', COUNT, notNull)
    .addColumn('source', 'text', notNull)
    .execute()
  await ofTurn('tool_calls')
    .addColumn('tool', 'text', notNull)
    .addColumn('tool_use_id', 'text')
    .addColumn('request_id', 'text')
    .addColumn('success', COUNT, notNull)
    .addColumn('duration_ms', NUMBER)
    .addColumn('input_bytes', NUMBER)
    .addColumn('result_bytes', NUMBER)
    .addColumn('error_type', 'text')
    .addColumn('error', 'text')
    .execute()
  await typed('metric_points')
    .addColumn('name', 'text', notNull)
    .addColumn('measure', 'text', notNull)
    .addColumn('facet', 'text')
    .addColumn('series_key', 'text', notNull)
    .addColumn('temporality', 'text', notNull)
    .addColumn('value', NUMBER)
    .execute()
}

async function createOutbox(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('outbox')
    .addColumn('id', REF, identity)
    .addColumn('session_key', 'text', notNull)
    .addColumn('kind', 'text', notNull)
    .addColumn('state', 'text', notNull)
    .addColumn('attempts', COUNT, notNull)
    .addColumn('not_before_ms', NUMBER, notNull)
    .addColumn('created_ms', NUMBER, notNull)
    .addColumn('reason', 'text')
    .addColumn('payload_version', COUNT, notNull)
    .addColumn('bytes', COUNT, notNull)
    .addColumn('payload', 'text', notNull)
    .execute()
  await db.schema
    .createIndex('outbox_pending')
    .on('outbox')
    .columns(['not_before_ms', 'id'])
    .where(sql.ref('state'), '=', 'pending')
    .execute()
  await db.schema
    .createIndex('outbox_dead')
    .on('outbox')
    .column('id')
    .where(sql.ref('state'), '=', 'dead')
    .execute()
}
