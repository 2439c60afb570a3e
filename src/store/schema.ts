/**
 * The tables as Kysely sees them; `migrations/` creates them. Names of columns carry their unit.
 * Numbers that come from outside are double precision in every dialect, exact for integers up to
 * 2^53, and may be null (SQLite makes NaN null): no number an agent sends makes a commit fail.
 * Knows nothing of a dialect.
 */
import type { Generated } from 'kysely'

/** A boolean as SQLite keeps it. */
export type Flag = 0 | 1

/** One agent session: its state for the machine, its totals for lists and reports. */
export interface SessionsTable {
  id: Generated<number>
  session_key: string
  agent: string
  session_id: string
  user_id: string | null
  /** When it next wants a tick; null when it is closed. */
  deadline_ms: number | null
  close_reason: string | null
  first_ms: number | null
  last_ms: number | null
  /** When this row was last written. */
  updated_ms: number
  cost_usd: number | null
  input_tokens: number | null
  output_tokens: number | null
  cache_read_tokens: number | null
  cache_creation_tokens: number | null
  prompts: number | null
  model_calls: number | null
  tool_results: number | null
  errors: number | null
  state_version: number
  /** JSON; null until the session was folded for the first time. */
  state: string | null
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

/** Each accepted record as it was sent: the source for mapping anew, and the duplicate filter. */
export interface EventsTable {
  id: Generated<number>
  session_ref: number
  dedup_key: string
  signal: 'log' | 'metric' | 'trace' | 'hook'
  name: string
  time_ms: number | null
  received_ms: number
  origin_ref: number
  /** JSON of the record's own attributes. */
  attributes: string
}

/** What the typed rows of events have in common. */
interface TypedRow {
  event_id: number
  session_ref: number
  time_ms: number | null
}

/** What those that belong to a turn have besides. */
interface TurnRow extends TypedRow {
  prompt_id: string | null
  /** The subagent that did it; null for the main agent. */
  subagent_id: string | null
}

export interface PromptsTable extends TurnRow {
  command: string | null
  length: number | null
  text: string | null
}

/** Model calls that ended, well or not. */
export interface ModelCallsTable extends TurnRow {
  model: string
  success: Flag
  input_tokens: number | null
  output_tokens: number | null
  cache_read_tokens: number | null
  cache_creation_tokens: number | null
  cost_usd: number | null
  duration_ms: number | null
  ttft_ms: number | null
  request_id: string | null
  query_source: string | null
  is_main: Flag
  attempt: number | null
  status_code: number | null
  error: string | null
}

export interface ToolDecisionsTable extends TurnRow {
  tool: string
  tool_use_id: string | null
  request_id: string | null
  accepted: Flag
  source: string
}

export interface ToolCallsTable extends TurnRow {
  tool: string
  tool_use_id: string | null
  request_id: string | null
  success: Flag
  duration_ms: number | null
  input_bytes: number | null
  result_bytes: number | null
  error_type: string | null
  error: string | null
}

export interface MetricPointsTable extends TypedRow {
  name: string
  measure: string
  facet: string | null
  series_key: string
  temporality: 'delta' | 'cumulative'
  /** As sent: an increment, or the total since the series began. */
  value: number | null
}

/** Emissions on their way out. What was delivered is deleted. */
export interface OutboxTable {
  id: Generated<number>
  session_key: string
  kind: string
  state: 'pending' | 'dead'
  /** Deliveries tried so far. */
  attempts: number
  /** 0 until a try has failed. */
  not_before_ms: number
  created_ms: number
  /** Why the last try failed, or why it is dead. */
  reason: string | null
  payload_version: number
  bytes: number
  /** JSON of the emission. */
  payload: string
}

/** Counts that outlive a process. */
export interface TotalsTable {
  name: 'outbox_dropped'
  value: number
}

export interface Schema {
  sessions: SessionsTable
  origins: OriginsTable
  events: EventsTable
  prompts: PromptsTable
  model_calls: ModelCallsTable
  tool_decisions: ToolDecisionsTable
  tool_calls: ToolCallsTable
  metric_points: MetricPointsTable
  outbox: OutboxTable
  totals: TotalsTable
}
