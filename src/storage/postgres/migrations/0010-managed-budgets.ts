/**
 * Budgets that commands define, and alerts with a queue for each channel. What waited for the webhook in
 * `budget_alerts` is put into its queue by whoever sends next.
 */
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const STATEMENTS = [
  `create table budgets (
     name text collate "C" primary key, subject_kind text not null, subject text,
     time_window text not null, limit_usd double precision not null)`,
  `create table alerts (
     id text not null, channel text not null, kind text not null, topic text not null,
     subject text not null, body text not null, session_ref bigint,
     created_ms double precision not null, attempts integer not null,
     not_before_ms double precision, owner integer, primary key (id, channel))`,
  `create index alerts_topic on alerts (topic, created_ms) where channel = ''`,
  `create index alerts_waiting on alerts (channel, not_before_ms, created_ms)
     where not_before_ms is not null`,
  'create index alerts_session on alerts (session_ref) where session_ref is not null',
  'create index alerts_created on alerts (created_ms) where session_ref is null',
]

export const managedBudgets: Migration = {
  async up(db: Kysely<unknown>) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
  },
}
