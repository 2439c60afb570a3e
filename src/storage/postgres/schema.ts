/**
 * The tables in PostgreSQL as Kysely sees them; `migrations/` creates them. They mean what those of
 * SQLite mean (docs/data-model.md), with what several writers need:
 *
 * - A row of `sessions` is the lock of its session, and `revision` says whether a state that a replica
 *   holds in memory is still the newest.
 * - Who waits for an item of the outbox is a row of its own (`outbox_deliveries`): positions, as SQLite
 *   has them, would pass over what another replica commits later under a smaller id.
 * - Each batch and control names the policy that it was folded under: replicas may have different ones.
 *
 * Times are milliseconds since the epoch as double precision, so that what a sender says with fractions
 * comes back as it went in; leases are timestamps of the database's own clock. Money is a whole number of
 * billionths of a dollar (`docs/decisions/0011`), so that sums are exact. Nothing is `jsonb`, which refuses
 * texts that agents send (`\u0000`), and nothing reads into it: JSON is packed (`packed-json.ts`) or text.
 */
import type { Generated } from 'kysely'
import type { BudgetScope } from '../../domain/budget.ts'
import type { ItemKind } from '../../domain/outbox.ts'
import type * as shared from '../shared/schema.ts'

export interface SessionsTable extends shared.SessionsTable {
  /** Raised by every commit that writes the session. */
  revision: Generated<number>
  /** The replica that advances it at its deadline, and for how long; see `replicas`. */
  tick_owner: number | null
  tick_until: Date | null
  cost_nanousd: number | null
  /** Parts of it; null where there is none. */
  estimated_nanousd: number | null
  metrics_nanousd: number | null
  /** Nothing has happened in it (`sessions/eventful.ts`): it is not listed and not counted. */
  is_empty: Generated<boolean>
  /** What its batches and its state take up, for the bound on the store's size. */
  stored_bytes: Generated<number>
}

export interface SessionStatesTable extends shared.SessionStatesTable {
  /** Packed JSON. */
  state: Buffer
}

/** What sessions were folded under, as programs put it: each text once. */
export interface PoliciesTable {
  id: Generated<number>
  /** SHA-256 of the text. */
  hash: string
  /** JSON. */
  policy: string
}

/**
 * Ids are from the sequence `positions`: within a session in the order of the commits; between sessions
 * about that.
 */
export interface RecordBatchesTable extends shared.RecordBatchesTable {
  policy_ref: number
  /** Of the JSON, before it was packed. */
  json_bytes: number
  /** Packed JSON list of what `StoredRecord` calls `record`. */
  body: Buffer
}

export interface SessionControlsTable extends shared.SessionControlsTable {
  policy_ref: number
}

/** Up to when a key that is made of an id was believed alone: only in stores moved from SQLite. */
export interface BareIdsTable {
  until_ms: number
}

export interface ModelUsageTable extends shared.ModelUsageTable {
  is_subagent: boolean
  cost_nanousd: number
  /** Parts of it. */
  estimated_nanousd: number
  metrics_nanousd: number
  /** Calls whose cost is not known. */
  unpriced_calls: number
  input_tokens: number
  output_tokens: number
  cache_read_tokens: number
  cache_creation_tokens: number
  duration_ms: number
}

export interface UsageDimensionsTable extends shared.UsageDimensionsTable {
  /** SHA-256 of the key. */
  hash: string
}

export interface ToolUsageTable extends shared.ToolUsageTable {
  duration_ms: number
}

export interface ActivityTable extends shared.ActivityTable {
  value: number
}

export interface WorkSegmentsTable extends shared.WorkSegmentsTable {
  has_pull_request: boolean
}

/** What sessions are found by, in pieces: see `search-rows.ts`. */
export interface SearchTextsTable {
  session_ref: number
  /** A `tsvector`. */
  words: string
}

export interface OutboxTable extends shared.OutboxTable {
  /** Within a session in the order of the commits. */
  id: Generated<number>
  /** Packed JSON of the emission. */
  payload: Buffer
}

/** Which exporters items of which kind are kept for. */
export interface OutboxReadersTable {
  exporter: string
  kind: ItemKind
}

/** Gone when it was delivered. */
export interface OutboxDeliveriesTable extends shared.UndeliveredRow {
  /** Of the item. */
  session_key: string
}

/**
 * The replica that delivers items of a session for an exporter: one at a time, so that their order stays
 * and a newer score does not overtake the older one that is under way.
 */
export interface OutboxLeasesTable {
  exporter: string
  kind: ItemKind
  session_key: string
  owner: number
}

export interface BudgetAlertsTable extends shared.BudgetAlertsTable {
  /** The replica of an earlier version that is sending it. */
  owner: number | null
}

export interface AlertsTable extends shared.AlertsTable {
  /** The replica that is sending it. */
  owner: number | null
}

/** What was spent within a day, kept up by commits while a daily budget is set; see `budgets.ts`. */
export interface BudgetDaysTable {
  from_ms: number
  to_ms: number
  scope: Exclude<BudgetScope, 'session'>
  /** Empty for the scope `day`. */
  subject: string
  spent_nanousd: number
}

export interface DeletionsTable extends shared.DeletionsTable {
  /** The replica that goes on with it. */
  owner: number | null
}

export interface ApiKeysTable extends shared.ApiKeysTable {
  /** What is left of the records of a minute, as of that time by the database's clock. */
  quota_records: number | null
  quota_at: Date | null
}

export interface TranscriptSessionsTable extends shared.TranscriptSessionsTable {
  /** Telemetry tells of it as well. */
  is_joined: boolean
}

export interface TranscriptClaimsTable extends shared.TranscriptClaimsTable {
  /** Told by a copy in the file of another session, or without content. */
  is_partial: Generated<boolean>
}

export interface TranscriptFilesTable extends shared.TranscriptFilesTable {
  id: Generated<number>
}

/**
 * The processes that share this database. What one of them holds is free again when it was not seen for
 * a while: a process that is frozen or cut off loses it, too, and what it marks then does no harm.
 */
export interface ReplicasTable {
  id: Generated<number>
  seen_at: Date
  /** Since when it takes no records any more. */
  stopping_at: Date | null
  /** The newest migration that its program knows; null of one that does not say. */
  newest_migration: string | null
}

/** Who did a chore of which there is one for all in a span of time. */
export interface ChoresTable {
  chore: string
  /** Number of the span. */
  bucket: number
  owner: number
  is_done: Generated<boolean>
}

/** Which store this is: a random id, in a single row. */
export interface InstanceTable {
  id: string
  /** A program that does not know this migration cannot work over the schema; null: any can. */
  needed_migration: string | null
}

/** A move of another store into this one; see `move-target.ts`. */
export interface MovesTable {
  /** Id of the data folder. */
  source: string
  /** What the folder held when it was begun. */
  fingerprint: string
  /** `done` when it is. */
  stage: string
  through_id: number
  begun_at: Generated<Date>
  done_at: Date | null
}

export interface Schema extends shared.SharedSchema {
  sessions: SessionsTable
  session_states: SessionStatesTable
  policies: PoliciesTable
  record_batches: RecordBatchesTable
  session_controls: SessionControlsTable
  bare_ids: BareIdsTable
  model_usage: ModelUsageTable
  usage_dimensions: UsageDimensionsTable
  tool_usage: ToolUsageTable
  activity: ActivityTable
  work_segments: WorkSegmentsTable
  search_texts: SearchTextsTable
  outbox: OutboxTable
  outbox_readers: OutboxReadersTable
  outbox_deliveries: OutboxDeliveriesTable
  outbox_leases: OutboxLeasesTable
  budget_alerts: BudgetAlertsTable
  budget_days: BudgetDaysTable
  alerts: AlertsTable
  deletions: DeletionsTable
  api_keys: ApiKeysTable
  transcript_sessions: TranscriptSessionsTable
  transcript_claims: TranscriptClaimsTable
  transcript_files: TranscriptFilesTable
  replicas: ReplicasTable
  chores: ChoresTable
  instance: InstanceTable
  moves: MovesTable
}
