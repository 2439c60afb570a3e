/**
 * The tables as Kysely sees them, as far as they are the same in every engine. What an engine stores
 * in its own way (money, booleans, JSON) stands in the schema in its folder, which extends this one.
 * Names of columns carry their unit.
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
  user_id: string | null
  title: string | null
  project: string | null
  team: string | null
  /** Whose it is: the first that was known, which stays (`domain/access.ts`). */
  owner_team: Generated<string | null>
  owner_user: Generated<string | null>
  /** JSON list of the destinations that its items go to, once that was decided; null is all. */
  route: Generated<string | null>
  /** When it next wants a tick; null when it is closed. */
  deadline_ms: number | null
  close_reason: string | null
  first_ms: number | null
  last_ms: number | null
  first_prompt_ms: number | null
  first_commit_ms: number | null
  /** When this row was last written. */
  updated_ms: number
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
}

/** Its state for the machine, once it was folded. Large, so apart from what lists read. */
export interface SessionStatesTable {
  session_ref: number
  version: number
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

/**
 * Records as they were sent, the source for mapping anew: those of one request that are of one
 * session, origin and signal, together.
 */
export interface RecordBatchesTable {
  session_ref: number
  /** Grows by the number of records, so that it is the position of the last of them. */
  id: number
  origin_ref: number
  signal: Signal
  received_ms: number
  /** How many. */
  records: number
}

/** What decided something about a session besides its records, in one order with them. */
export interface SessionControlsTable {
  session_ref: number
  /** A position, like those of records. */
  id: number
  kind: SessionControl['kind']
  at_ms: number
  /** Of a closing, why; of a budget, the alert as JSON. */
  detail: string | null
}

/** The duplicate filter: a record is stored once in its session. */
export interface SeenTable {
  session_ref: number
  dedup_key: string
  /** What tells apart two records whose key is made of an id; see `seen-records.ts`. */
  detail: string | null
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
  dimensions_ref: number
  calls: number
  errors: number
}

/** Distinct sets of what calls can be grouped by, each stored once; see `domain/usage.ts`. */
export interface UsageDimensionsTable {
  id: Generated<number>
  /** The set as JSON, equal for equal sets: `dimensionsKey`. */
  key: string
}

export interface ToolUsageTable extends UsageRow {
  tool: string
  results: number
  failures: number
  refusals: number
}

export interface ActivityTable extends UsageRow {
  measure: string
  facet: string
}

/** What sessions worked on: see `domain/work.ts`. */
export interface WorkSegmentsTable {
  session_ref: number
  segment: number
  /** JSON of a `WorkSegment`, without its number. */
  work: string
}

/** Sessions whose records the index of the search has to read again, and how far each of them is. */
export interface SearchBacklogTable {
  session_ref: number
  /** The position of the last batch that was read. */
  after_id: number
}

/** Items on their way out, each once, whichever exporters it is for. Gone once no exporter needs it. */
export interface OutboxTable {
  session_key: string
  kind: ItemKind
  /** The key of a score, of which there is one in a session; null for everything else. */
  score_key: string | null
  created_ms: number
  payload_version: number
  /** Of the JSON. */
  bytes: number
  /** The exporter, or its named destination, that it is for; empty for all that read its kind. */
  destination: Generated<string>
}

/** An item that an exporter still has to deliver, or has given up. */
export interface UndeliveredRow {
  exporter: string
  outbox_id: number
  kind: ItemKind
  state: 'pending' | 'dead'
  /** Deliveries tried so far. */
  attempts: number
  /** 0 when it may be tried at once. */
  not_before_ms: number
  /** Why the last try failed, or why it is dead. */
  reason: string | null
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

/** Budgets that commands defined. */
export type BudgetsTable = BudgetRow

/** Alerts as they were raised, and for each channel its queue of them: see `stored-alerts.ts`. */
export interface AlertsTable extends AlertRow {
  /** The session that it goes with. */
  session_ref: number | null
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

/** Items that were taken in to be forwarded, by what they hold. */
export interface ForwardedTable {
  digest: string
  received_ms: number
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

/** Sessions that transcripts tell of. */
export interface TranscriptSessionsTable {
  session_ref: number
  /** When its transcripts were begun and last written; null where an earlier version imported them. */
  begun_ms: number | null
  ended_ms: number | null
}

/** Which session wrote a line first that several transcripts have. */
export interface TranscriptClaimsTable {
  claim: string
  session_ref: number
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

/** How far transcripts were read. */
export interface TranscriptFilesTable {
  path_hash: string
  /** Byte behind the last line that was taken. */
  position: number
  /** A hash of how the file begins: another one means another file. */
  head: string
  /** What its reader knows, as JSON. */
  state: string
  read_ms: number
}

/** What is known of a trace whose spans are a source (`domain/trace-store.ts`), apart from its spans. */
export interface SpanTracesTable {
  id: Generated<number>
  /** As `ownerTag` has it; empty for none. */
  owner: string
  trace_id: string
  /** JSON. */
  facts: string
  last_part: number
  /** Of all parts. */
  spans: number
  changed_ms: number
}

/** What one request told of a trace's spans. */
export interface SpanTracePartsTable {
  trace_ref: number
  /** Counts up within the trace. */
  id: number
  /** JSON. */
  body: string
}

export interface SharedSchema {
  sessions: SessionsTable
  session_states: SessionStatesTable
  origins: OriginsTable
  record_batches: RecordBatchesTable
  session_controls: SessionControlsTable
  seen: SeenTable
  session_attributes: SessionAttributesTable
  prompts: PromptsTable
  model_usage: ModelUsageTable
  usage_dimensions: UsageDimensionsTable
  tool_usage: ToolUsageTable
  activity: ActivityTable
  work_segments: WorkSegmentsTable
  search_backlog: SearchBacklogTable
  outbox: OutboxTable
  budget_alerts: BudgetAlertsTable
  budget_overrides: BudgetOverridesTable
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
  transcript_sessions: TranscriptSessionsTable
  transcript_claims: TranscriptClaimsTable
  transcript_joins: TranscriptJoinsTable
  transcript_files: TranscriptFilesTable
  span_traces: SpanTracesTable
  span_trace_parts: SpanTracePartsTable
}
