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
import type { BudgetScope, Threshold } from '../../domain/budget.ts'
import type { OverrideScope } from '../../domain/budget-brake.ts'
import type { ItemKind } from '../../domain/outbox.ts'
import type { SessionControl } from '../../domain/session-control.ts'
import type { Signal } from '../../domain/telemetry-record.ts'
import type { AlertRow, BudgetRow } from '../stored-alerts.ts'

/** One agent session: its deadline for the machine, its totals for lists and reports. */
export interface SessionsTable {
  id: Generated<number>
  session_key: string
  agent: string
  session_id: string
  /** Raised by every commit that writes the session. */
  revision: Generated<number>
  user_id: string | null
  title: string | null
  project: string | null
  team: string | null
  /** Whose it is, and where it goes: both decided once. */
  owner_team: string | null
  owner_user: string | null
  route: string | null
  /** When it next wants a tick; null when it is closed. */
  deadline_ms: number | null
  /** The replica that advances it at its deadline, and for how long; see `replicas`. */
  tick_owner: number | null
  tick_until: Date | null
  close_reason: string | null
  first_ms: number | null
  last_ms: number | null
  first_prompt_ms: number | null
  first_commit_ms: number | null
  /** When this row was last written. */
  updated_ms: number
  cost_nanousd: number | null
  /** Parts of it; null where there is none. */
  estimated_nanousd: number | null
  metrics_nanousd: number | null
  /** Calls whose cost is not known. */
  unpriced_calls: Generated<number>
  input_tokens: number | null
  output_tokens: number | null
  cache_read_tokens: number | null
  cache_creation_tokens: number | null
  prompts: number | null
  model_calls: number | null
  tool_results: number | null
  errors: number | null
  /** Nothing has happened in it (`sessions/eventful.ts`): it is not listed and not counted. */
  is_empty: Generated<boolean>
  /** What its batches and its state take up, for the bound on the store's size. */
  stored_bytes: Generated<number>
}

/** Its state for the machine, once it was folded. Large, so apart from what lists read. */
export interface SessionStatesTable {
  session_ref: number
  version: number
  /** Packed JSON. */
  state: Buffer
}

/** Who sent records: resource and scope, stored once. */
export interface OriginsTable {
  id: Generated<number>
  /** SHA-256 over scope and resource. */
  hash: string
  scope_name: string
  scope_version: string
  /** JSON of the resource's attributes. */
  resource: string
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
 * Records as they were sent: those of one request that are of one session, origin and signal, together.
 */
export interface RecordBatchesTable {
  session_ref: number
  /**
   * From the sequence `positions`: grows by the number of records, so that it is the position of the
   * last of them. Within a session the order of the commits; between sessions about that.
   */
  id: number
  origin_ref: number
  policy_ref: number
  signal: Signal
  received_ms: number
  /** How many. */
  records: number
  /** Of the JSON, before it was packed. */
  json_bytes: number
  /** Packed JSON list of what `StoredRecord` calls `record`. */
  body: Buffer
}

/** What decided something about a session besides its records, in one order with them. */
export interface SessionControlsTable {
  session_ref: number
  /** From `positions`, like those of records. */
  id: number
  policy_ref: number
  kind: SessionControl['kind']
  at_ms: number
  /** Of a closing, why; of a budget, the alert as JSON. */
  detail: string | null
}

/** The duplicate filter: a record is stored once in its session. Keys are as `keyText` makes them. */
export interface SeenTable {
  session_ref: number
  dedup_key: string
  /** What tells apart two records whose key is made of an id. */
  detail: string | null
}

/** Up to when a key that is made of an id was believed alone: only in stores moved from SQLite. */
export interface BareIdsTable {
  until_ms: number
}

/** Resource attributes and labels of sessions with their newest values, to find them by. */
export interface SessionAttributesTable {
  session_ref: number
  key: string
  value: string
}

/** What people asked, as far as it was recorded. */
export interface PromptsTable {
  session_ref: number
  dedup_key: string
  time_ms: number | null
  prompt_id: string | null
  command: string | null
  length: number | null
  text: string | null
}

/** What sessions used, by quarters of an hour: see `domain/usage.ts`. */
interface UsageRow {
  session_ref: number
  bucket_ms: number
}

export interface ModelUsageTable extends UsageRow {
  model: string
  is_subagent: boolean
  dimensions_ref: number
  calls: number
  errors: number
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

/** Distinct sets of what calls can be grouped by, each stored once; see `domain/usage.ts`. */
export interface UsageDimensionsTable {
  id: Generated<number>
  /** SHA-256 of the key. */
  hash: string
  /** Equal for equal sets: `dimensionsKey`. */
  key: string
}

export interface ToolUsageTable extends UsageRow {
  tool: string
  results: number
  failures: number
  refusals: number
  duration_ms: number
}

export interface ActivityTable extends UsageRow {
  measure: string
  facet: string
  value: number
}

/** Items on their way out, each once, whichever exporters it is for. Gone once no exporter needs it. */
export interface OutboxTable {
  /** Within a session in the order of the commits. */
  id: Generated<number>
  session_key: string
  kind: ItemKind
  /** The key of a score, of which there is one in a session; null for everything else. */
  score_key: string | null
  created_ms: number
  payload_version: number
  /** Of the JSON, before it was packed. */
  bytes: number
  /** Packed JSON of the emission. */
  payload: Buffer
  /** Which of an exporter's destinations it is for; empty for the one that is configured. */
  destination: Generated<string>
}

/** Which exporters items of which kind are kept for. */
export interface OutboxReadersTable {
  exporter: string
  kind: ItemKind
}

/** An item that an exporter still has to deliver, or has given up. Gone when it was delivered. */
export interface OutboxDeliveriesTable {
  exporter: string
  outbox_id: number
  kind: ItemKind
  /** Of the item. */
  session_key: string
  state: 'pending' | 'dead'
  /** Deliveries tried so far. */
  attempts: number
  /** 0 when it may be tried at once. */
  not_before_ms: number
  /** Why the last try failed, or why it is dead. */
  reason: string | null
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

/** Thresholds of budgets of the settings that were passed: a history, and what channels are to be given. */
export interface BudgetAlertsTable {
  /** A UUID. */
  id: string
  scope: BudgetScope
  subject: string
  date: string
  threshold: Threshold
  limit_usd: number
  spent_usd: number
  created_ms: number
  /** The session whose budget it is; null for a daily one. */
  session_ref: number | null
  /** Tries that failed. */
  webhook_attempts: number
  /** 0 while it waits for channels to be told by; else null. */
  webhook_not_before_ms: number | null
  /** The replica of an earlier version that is sending it. */
  owner: number | null
}

/** How much of a subscription's allowance was used, as status lines told it. */
export interface PlanWindowsTable {
  session_ref: number
  /** In the agent's own words. */
  name: string
  bucket_ms: number
  used_percent: number
  resets_ms: number | null
}

/** Budgets that commands defined. */
export type BudgetsTable = BudgetRow

/** Alerts as they were raised, and for each channel its queue of them: see `stored-alerts.ts`. */
export interface AlertsTable extends AlertRow {
  /** The session that it goes with. */
  session_ref: number | null
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

/** Counts that outlive a process. */
export interface TotalsTable {
  name: 'outbox_dropped' | 'sessions_dropped' | 'quarantine_dropped'
  value: number
}

/** Sessions that were taken out, and whose rows are still being deleted. */
export interface DeletionsTable {
  /** The id that the session had. */
  session_ref: number
  session_key: string
  /** Its items up to this one go as well. */
  outbox_through: number
  /** The replica that goes on with it. */
  owner: number | null
}

/** Until when a destination asked to be left alone. */
export interface PausesTable {
  /** SHA-256 of its address, since that may hold a key. */
  destination: string
  until_ms: number
}

/** Records that could not be assigned, as JSON with their origin. */
export interface QuarantineTable {
  id: Generated<number>
  /** Of signal and record: each is there once. */
  hash: string
  received_ms: number
  signal: Exclude<Signal, 'hook' | 'transcript'>
  reason: string
  message: string
  name: string
  bytes: number
  record: string
  /** Tag of whoever sent it (`domain/access.ts`); empty where that is nobody by name. */
  owner: Generated<string>
}

/** Named keys. The body is JSON of what is not searched for. */
export interface ApiKeysTable {
  id: string
  name: string
  created_ms: number
  revoked_ms: number | null
  last_used_ms: number | null
  used_day_ms: number | null
  used_bytes: number | null
  /** What is left of the records of a minute, as of that time by the database's clock. */
  quota_records: number | null
  quota_at: Date | null
  body: string
}

/** Who read, deleted or changed what. */
export interface AuditLogTable {
  id: Generated<number>
  at_ms: number
  actor: string
  action: string
  target: string | null
  outcome: 'done' | 'refused' | 'failed'
}

/** Budgets that were lifted for a while. */
export interface BudgetOverridesTable {
  id: Generated<number>
  /** Null for every budget. */
  scope: OverrideScope | null
  /** Null for all of that scope. */
  subject: string | null
  until_ms: number
  created_ms: number
  created_by: string
}

/** Sessions that transcripts tell of. */
export interface TranscriptSessionsTable {
  session_ref: number
  /** Telemetry tells of it as well. */
  is_joined: boolean
  /** When its transcripts were begun and last written; null where an earlier version imported them. */
  begun_ms: number | null
  ended_ms: number | null
}

/** Which session wrote a line first that several transcripts have. */
export interface TranscriptClaimsTable {
  claim: string
  session_ref: number
  /** Told by a copy in the file of another session, or without content. */
  is_partial: Generated<boolean>
}

/** A call, a tool or a prompt of a session that transcripts tell of: see `domain/transcript-join.ts`. */
export interface TranscriptJoinsTable {
  id: Generated<number>
  session_ref: number
  join_id: string | null
  alike: string
  /** 1 by a transcript, 2 by telemetry, 3 by both. */
  told: number
  /** What telemetry refers to it by; null where no transcript has told of it. */
  join_key: string | null
  /** The key of the telemetry that told of it. */
  telemetry_key: string | null
}

/** What sessions worked on: see `domain/work.ts`. */
export interface WorkSegmentsTable {
  session_ref: number
  segment: number
  has_pull_request: boolean
  /** JSON of a `WorkSegment`, without its number. */
  work: string
}

/** What sessions are found by, in pieces: see `search-rows.ts`. */
export interface SearchTextsTable {
  session_ref: number
  /** A `tsvector`. */
  words: string
}

/** Sessions whose records the index of the search has to read again, and how far each of them is. */
export interface SearchBacklogTable {
  /** 0 is all of them. */
  session_ref: number
  /** The position of the last batch that was read. */
  after_id: number
}

/** How far transcripts were read. */
export interface TranscriptFilesTable {
  id: Generated<number>
  path_hash: string
  /** Byte behind the last line that was taken. */
  position: number
  /** A hash of how the file begins: another one means another file. */
  head: string
  /** What its reader knows, as JSON. */
  state: string
  read_ms: number
}

/** Items that were taken in to be forwarded, by what they hold. */
export interface ForwardedTable {
  digest: string
  received_ms: number
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

export interface Schema {
  sessions: SessionsTable
  session_states: SessionStatesTable
  origins: OriginsTable
  policies: PoliciesTable
  record_batches: RecordBatchesTable
  session_controls: SessionControlsTable
  seen: SeenTable
  bare_ids: BareIdsTable
  session_attributes: SessionAttributesTable
  prompts: PromptsTable
  model_usage: ModelUsageTable
  usage_dimensions: UsageDimensionsTable
  tool_usage: ToolUsageTable
  activity: ActivityTable
  work_segments: WorkSegmentsTable
  search_texts: SearchTextsTable
  search_backlog: SearchBacklogTable
  outbox: OutboxTable
  outbox_readers: OutboxReadersTable
  outbox_deliveries: OutboxDeliveriesTable
  outbox_leases: OutboxLeasesTable
  budget_alerts: BudgetAlertsTable
  budget_days: BudgetDaysTable
  budgets: BudgetsTable
  alerts: AlertsTable
  plan_windows: PlanWindowsTable
  totals: TotalsTable
  deletions: DeletionsTable
  pauses: PausesTable
  quarantine: QuarantineTable
  forwarded: ForwardedTable
  api_keys: ApiKeysTable
  audit_log: AuditLogTable
  budget_overrides: BudgetOverridesTable
  transcript_sessions: TranscriptSessionsTable
  transcript_claims: TranscriptClaimsTable
  transcript_joins: TranscriptJoinsTable
  transcript_files: TranscriptFilesTable
  replicas: ReplicasTable
  chores: ChoresTable
  instance: InstanceTable
  moves: MovesTable
}
