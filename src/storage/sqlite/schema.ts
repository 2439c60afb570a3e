/**
 * Column types of the migrations, where a rule stands behind the choice, and the tables in SQLite as Kysely
 * sees them; `migrations/` creates them.
 */
import type { ColumnDefinitionBuilder, Generated } from 'kysely'
import type { ItemKind } from '../../domain/outbox.ts'
import type * as shared from '../shared/schema.ts'

/** Points at an `id`. */
export const REF = 'integer'

/** Counts, sizes and flags that the program itself makes. */
export const COUNT = 'integer'

/** Times, tokens, money: whatever a sender says. See `schema.ts`. */
export const NUMBER = 'double precision'

/** An `id` that counts up and is never given twice, not even after its row was deleted. */
export function identity(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder {
  return column.primaryKey().autoIncrement()
}

// Numbers that come from outside are double precision, exact for integers up to 2^53, and may be null
// (SQLite makes NaN null): no number an agent sends makes a commit fail.

/** A boolean as SQLite keeps it. */
export type Flag = 0 | 1

export interface SessionsTable extends shared.SessionsTable {
  cost_usd: number | null
  /** Parts of it; null where there is none. */
  estimated_usd: number | null
  metrics_usd: number | null
  /** Nothing has happened in it (`sessions/eventful.ts`): it is not listed and not counted. */
  is_empty: Generated<Flag>
}

export interface SessionStatesTable extends shared.SessionStatesTable {
  /** JSON. */
  state: string
}

/** Ids are from `ids`. */
export interface RecordBatchesTable extends shared.RecordBatchesTable {
  /** JSON list of what `StoredRecord` calls `record`. */
  body: string
}

/** What sessions were folded under, as the program put it: a row for each change. */
export interface PoliciesTable {
  /** It was in force for all records and controls behind this position. */
  after_id: number
  /** JSON. */
  policy: string
}

/** Up to when a key that is made of an id was believed alone: a single row. */
export interface BareIdsTable {
  until_ms: number | null
}

export interface ModelUsageTable extends shared.ModelUsageTable {
  is_subagent: Flag
  cost_usd: number | null
  /** Parts of it; null where there is none. */
  estimated_usd: number | null
  metrics_usd: number | null
  /** Calls whose cost is not known. */
  unpriced_calls: Generated<number>
  input_tokens: number | null
  output_tokens: number | null
  cache_read_tokens: number | null
  cache_creation_tokens: number | null
  duration_ms: number | null
}

export interface ToolUsageTable extends shared.ToolUsageTable {
  duration_ms: number | null
}

export interface ActivityTable extends shared.ActivityTable {
  value: number | null
}

export interface WorkSegmentsTable extends shared.WorkSegmentsTable {
  has_pull_request: Flag
}

export interface OutboxTable extends shared.OutboxTable {
  /** From `ids`. */
  id: number
  /** JSON of the emission. */
  payload: string
}

/**
 * How far an exporter has got with the items of one kind. What follows is pending and was never
 * tried; what comes before was delivered, unless an exception says otherwise.
 */
export interface OutboxPositionsTable {
  exporter: string
  kind: ItemKind
  through_id: number
}

/** Ids that were reserved for a process, up to and with `reserved`; see `id-blocks.ts`. */
export interface IdsTable {
  name: 'outbox' | 'record_batches'
  reserved: number
}

export interface DeletionsTable extends shared.DeletionsTable {
  /** Its items in the outbox go from behind this one. */
  outbox_after: number
}

export interface TranscriptSessionsTable extends shared.TranscriptSessionsTable {
  /** 1 once telemetry tells of it as well: then it has rows in `transcript_joins`. */
  is_joined: number
}

export interface TranscriptClaimsTable extends shared.TranscriptClaimsTable {
  /** Told by a copy in the file of another session, or without content. */
  is_partial: Generated<number>
}

/** Written to see whether a commit would succeed; nothing reads it. */
export interface ProbeTable {
  id: number
  filler: Uint8Array
}

export interface Schema extends shared.SharedSchema {
  sessions: SessionsTable
  session_states: SessionStatesTable
  record_batches: RecordBatchesTable
  policies: PoliciesTable
  bare_ids: BareIdsTable
  model_usage: ModelUsageTable
  tool_usage: ToolUsageTable
  activity: ActivityTable
  work_segments: WorkSegmentsTable
  outbox: OutboxTable
  outbox_positions: OutboxPositionsTable
  /** Of items at or before an exporter's position. */
  outbox_exceptions: shared.UndeliveredRow
  ids: IdsTable
  deletions: DeletionsTable
  probe: ProbeTable
  transcript_sessions: TranscriptSessionsTable
  transcript_claims: TranscriptClaimsTable
}
