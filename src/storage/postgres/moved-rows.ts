/** Rows of a SQLite store as rows of this schema: what a text, a sum or a key becomes here. */
import { LONGER } from '../../domain/record-identity.ts'
import { packJson } from '../packed-json.ts'
import type { MovedTable, SourceRow } from '../move.ts'
import { longerKey } from './seen-records.ts'
import { finite, keyText, nanoUsd, plainText, sha256, sound } from './stored-values.ts'

/** The value of a column, out of a row of the source. */
type Value = (row: SourceRow) => unknown

export type MovedColumns = Readonly<Record<string, Value>>

const same =
  (column: string): Value =>
  (row) =>
    row[column] ?? null
/** Texts are null where there is none. */
const textBy =
  (convert: (text: string) => unknown) =>
  (column: string): Value =>
  (row) => {
    const text = row[column] ?? null
    return text === null ? null : convert(String(text))
  }
const text = textBy(plainText)
const key = textBy(keyText)
const packed = textBy(packJson)
const numberBy =
  (convert: (value: number) => unknown) =>
  (column: string): Value =>
  (row) => {
    const value = row[column] ?? null
    return value === null ? null : convert(Number(value))
  }
const time = numberBy(finite)
/** Earlier versions stored what they were told; such a figure counts as none. */
const tokens = numberBy((value) => sound(value, 'tokens'))
const nanos = (column: string): Value => numberBy(nanoUsd)(column)
const flag = numberBy((value) => value !== 0)
/** Counts, which SQLite may hold as fractions. */
const whole = numberBy((value) => Math.trunc(finite(value) ?? 0))
const orZero =
  (value: Value): Value =>
  (row) =>
    value(row) ?? 0
const byName = (convert: (column: string) => Value, ...columns: readonly string[]): MovedColumns =>
  Object.fromEntries(columns.map((column) => [column, convert(column)]))

const AMOUNTS = ['input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_creation_tokens']
const TIMES = ['deadline_ms', 'first_ms', 'last_ms', 'first_prompt_ms', 'first_commit_ms']
/** Where one key for a whole id stands before what tells its records apart, each is bounded by itself. */
const seenKey: Value = textBy((stored) => {
  const at = stored.indexOf(LONGER)
  return at === -1
    ? keyText(stored)
    : longerKey(keyText(stored.slice(0, at)), plainText(stored.slice(at + 1)))
})('dedup_key')

const usage = { ...byName(same, 'session_ref'), ...byName(whole, 'bucket_ms') }

/** Columns of this schema, by table. `policyAt` knows what a position was folded under. */
export function movedColumns(
  policyAt: (position: number) => number,
): Readonly<Record<MovedTable, MovedColumns>> {
  const policy_ref: Value = ({ id }) => policyAt(Number(id))
  return {
    origins: {
      ...byName(same, 'id', 'hash', 'resource'),
      ...byName(text, 'scope_name', 'scope_version'),
    },
    policies: { hash: textBy(sha256)('policy'), policy: same('policy') },
    usage_dimensions: { ...byName(same, 'id', 'key'), hash: textBy(sha256)('key') },
    sessions: {
      id: same('id'),
      session_key: key('session_key'),
      ...byName(
        text,
        'agent',
        'session_id',
        'user_id',
        'title',
        'project',
        'team',
        'close_reason',
        'owner_team',
        'owner_user',
        'route',
      ),
      ...byName(time, ...TIMES, 'updated_ms'),
      cost_nanousd: nanos('cost_usd'),
      estimated_nanousd: nanos('estimated_usd'),
      metrics_nanousd: nanos('metrics_usd'),
      ...byName(tokens, ...AMOUNTS),
      ...byName(whole, 'unpriced_calls', 'prompts', 'model_calls', 'tool_results', 'errors'),
      is_empty: flag('is_empty'),
    },
    session_states: { ...byName(same, 'session_ref', 'version'), state: packed('state') },
    record_batches: {
      ...byName(same, 'session_ref', 'id', 'origin_ref', 'signal', 'received_ms', 'records'),
      policy_ref,
      json_bytes: textBy((body) => Buffer.byteLength(body))('body'),
      body: packed('body'),
    },
    session_controls: {
      ...byName(same, 'session_ref', 'id', 'kind', 'at_ms'),
      policy_ref,
      detail: text('detail'),
    },
    seen: { session_ref: same('session_ref'), dedup_key: seenKey, detail: text('detail') },
    session_attributes: {
      session_ref: same('session_ref'),
      key: key('key'),
      value: text('value'),
    },
    prompts: {
      session_ref: same('session_ref'),
      dedup_key: key('dedup_key'),
      ...byName(time, 'time_ms', 'length'),
      ...byName(text, 'prompt_id', 'command', 'text'),
    },
    model_usage: {
      ...usage,
      model: key('model'),
      is_subagent: flag('is_subagent'),
      dimensions_ref: same('dimensions_ref'),
      ...byName(whole, 'calls', 'errors', 'unpriced_calls'),
      cost_nanousd: orZero(nanos('cost_usd')),
      estimated_nanousd: orZero(nanos('estimated_usd')),
      metrics_nanousd: orZero(nanos('metrics_usd')),
      ...byName((column) => orZero(tokens(column)), ...AMOUNTS),
      duration_ms: orZero(numberBy((value) => sound(value, 'durationMs'))('duration_ms')),
    },
    tool_usage: {
      ...usage,
      tool: key('tool'),
      ...byName(whole, 'results', 'failures', 'refusals'),
      duration_ms: orZero(numberBy((value) => sound(value, 'durationMs'))('duration_ms')),
    },
    activity: {
      ...usage,
      measure: same('measure'),
      facet: key('facet'),
      value: orZero(numberBy((value) => sound(value, 'value'))('value')),
    },
    work_segments: {
      ...byName(same, 'session_ref', 'segment'),
      has_pull_request: flag('has_pull_request'),
      work: text('work'),
    },
    plan_windows: byName(same, 'session_ref', 'name', 'bucket_ms', 'used_percent', 'resets_ms'),
    outbox: {
      ...byName(same, 'id', 'kind', 'created_ms', 'payload_version', 'bytes', 'destination'),
      ...byName(key, 'session_key', 'score_key'),
      payload: packed('payload'),
    },
    outbox_deliveries: {
      ...byName(same, 'exporter', 'outbox_id', 'kind', 'state', 'attempts', 'not_before_ms'),
      session_key: key('session_key'),
      reason: text('reason'),
    },
    outbox_readers: byName(same, 'exporter', 'kind'),
    budget_alerts: {
      ...byName(same, 'id', 'scope', 'date', 'threshold', 'limit_usd', 'spent_usd', 'created_ms'),
      ...byName(same, 'session_ref', 'webhook_attempts', 'webhook_not_before_ms'),
      subject: text('subject'),
    },
    quarantine: {
      ...byName(same, 'id', 'hash', 'received_ms', 'signal', 'bytes', 'record', 'owner'),
      ...byName(text, 'reason', 'message', 'name'),
    },
    api_keys: {
      ...byName(
        same,
        'id',
        'created_ms',
        'revoked_ms',
        'last_used_ms',
        'used_day_ms',
        'used_bytes',
      ),
      ...byName(text, 'name', 'body'),
    },
    audit_log: {
      ...byName(same, 'id', 'at_ms', 'action', 'outcome'),
      ...byName(text, 'actor', 'target'),
    },
    budget_overrides: {
      ...byName(same, 'id', 'scope', 'until_ms', 'created_ms'),
      ...byName(text, 'subject', 'created_by'),
    },
    budgets: {
      ...byName(same, 'name', 'subject_kind', 'time_window', 'limit_usd'),
      subject: text('subject'),
    },
    alerts: {
      ...byName(same, 'id', 'channel', 'kind', 'topic', 'session_ref', 'created_ms'),
      ...byName(same, 'attempts', 'not_before_ms'),
      ...byName(text, 'subject', 'body'),
    },
    span_traces: byName(
      same,
      'id',
      'owner',
      'trace_id',
      'facts',
      'last_part',
      'spans',
      'changed_ms',
    ),
    span_trace_parts: byName(same, 'trace_ref', 'id', 'body'),
    transcript_sessions: {
      ...byName(same, 'session_ref', 'begun_ms', 'ended_ms'),
      is_joined: flag('is_joined'),
    },
    transcript_claims: {
      claim: key('claim'),
      session_ref: same('session_ref'),
      is_partial: flag('is_partial'),
    },
    transcript_joins: {
      ...byName(same, 'id', 'session_ref', 'told'),
      ...byName(key, 'join_id', 'alike'),
      ...byName(text, 'join_key', 'telemetry_key'),
    },
    transcript_files: byName(same, 'path_hash', 'position', 'head', 'state', 'read_ms'),
    forwarded: byName(same, 'digest', 'received_ms'),
    pauses: byName(same, 'destination', 'until_ms'),
    totals: { name: same('name'), value: whole('value') },
    bare_ids: byName(same, 'until_ms'),
  }
}
