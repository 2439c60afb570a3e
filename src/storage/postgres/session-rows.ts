/**
 * The rows of sessions inside a commit: locked, read for the fold, written after it. A lock holds to the
 * end of the transaction, so that commits of different replicas to one session come one after the other.
 */
import { ownerOfSession, type SessionKey } from '../../domain/identity.ts'
import type { SessionRow } from '../../domain/session-store.ts'
import { packJson, readJson } from '../packed-json.ts'
import type { Statements } from './connection.ts'
import { finite, keyText, nanoUsd, optionalText, plainText } from './stored-values.ts'
import { eachChunk, insertRows, type Row, valuesList } from './values-list.ts'

/** What names a session. */
export type SessionName = Pick<SessionRow<unknown>, 'key' | 'agent' | 'sessionId'>

/** A row that this transaction holds. */
export interface LockedSession {
  readonly id: number
  readonly session_key: string
  readonly revision: number
  readonly title: string | null
  readonly first_prompt_ms: number | null
  readonly first_commit_ms: number | null
  /** JSON list of the destinations that it goes to, once that was decided. */
  readonly route: string | null
}

/** A state as it lies in its row. */
export interface StateRow {
  readonly version: number
  readonly text: string
}

/** Keys in one session: what a usual one is found by are a dozen. */
const MAX_ATTRIBUTES = 256

/**
 * Locks those of the keys that there are, in one order for everybody; those with a name are made when
 * they are missing, which another transaction that makes them has to wait for. By their stored keys.
 */
export async function lockSessions(
  statements: Statements,
  keys: Iterable<SessionKey>,
  names: ReadonlyMap<SessionKey, SessionName>,
  nowMs: number,
): Promise<Map<string, LockedSession>> {
  const stored = new Map([...keys].map((key) => [keyText(key), names.get(key)]))
  const locked = await lockExisting(statements, [...stored.keys()])
  const missing = [...stored].filter(([key, name]) => !locked.has(key) && name !== undefined)
  if (missing.length === 0) return locked
  missing.sort(([a], [b]) => (a < b ? -1 : 1))
  const rows = missing.map(([key, name]): Row => {
    return [key, plainText(name?.agent ?? ''), plainText(name?.sessionId ?? ''), nowMs]
  })
  const columns = ['session_key', 'agent', 'session_id', 'updated_ms']
  await insertRows(statements, 'sessions', columns, rows, 'on conflict (session_key) do nothing')
  const made = await lockExisting(
    statements,
    missing.map(([key]) => key),
  )
  return new Map([...locked, ...made])
}

async function lockExisting(
  statements: Statements,
  keys: readonly string[],
): Promise<Map<string, LockedSession>> {
  if (keys.length === 0) return new Map()
  const rows = await statements.query<LockedSession>(
    `select id, session_key, revision, title, first_prompt_ms, first_commit_ms, route
     from sessions where session_key = any($1) order by session_key for update`,
    [keys],
  )
  return new Map(rows.map((row) => [row.session_key, row]))
}

/** The states of sessions by their numbers; a text that is damaged is one that nobody can read. */
export async function readStates(
  statements: Statements,
  ids: readonly number[],
): Promise<ReadonlyMap<number, StateRow>> {
  if (ids.length === 0) return new Map()
  const rows = await statements.query<{
    readonly session_ref: number
    readonly version: number
    readonly state: Buffer
  }>('select session_ref, version, state from session_states where session_ref = any($1)', [ids])
  return new Map(
    rows.map(({ session_ref, version, state }) => [
      session_ref,
      { version, text: readJson(state) },
    ]),
  )
}

export interface WrittenSession<S> {
  readonly id: number
  readonly row: SessionRow<S>
  /** What the commit added to what is stored of it. */
  readonly addedBytes: number
}

const UPDATED: readonly (readonly [column: string, type: string])[] = [
  ['user_id', 'text'],
  ['title', 'text'],
  ['project', 'text'],
  ['team', 'text'],
  ['deadline_ms', 'double precision'],
  ['close_reason', 'text'],
  ['first_ms', 'double precision'],
  ['last_ms', 'double precision'],
  ['first_prompt_ms', 'double precision'],
  ['first_commit_ms', 'double precision'],
  ['updated_ms', 'double precision'],
  ['cost_nanousd', 'bigint'],
  ['estimated_nanousd', 'bigint'],
  ['metrics_nanousd', 'bigint'],
  ['unpriced_calls', 'bigint'],
  ['input_tokens', 'double precision'],
  ['output_tokens', 'double precision'],
  ['cache_read_tokens', 'double precision'],
  ['cache_creation_tokens', 'double precision'],
  ['prompts', 'bigint'],
  ['model_calls', 'bigint'],
  ['tool_results', 'bigint'],
  ['errors', 'bigint'],
  ['is_empty', 'boolean'],
]

/** Whose it is stays, whoever it names later. */
const DECIDED_ONCE = ['owner_team', 'owner_user']

/** Writes rows and states. Resolves to the revisions that they have now, by number. */
export async function writeSessions<S>(
  statements: Statements,
  written: readonly WrittenSession<S>[],
  stateVersion: number,
  nowMs: number,
): Promise<ReadonlyMap<number, number>> {
  if (written.length === 0) return new Map()
  const states = written.map(({ id, row }) => {
    return { id, packed: packJson(JSON.stringify(row.state)) }
  })
  const columns = ['id', ...UPDATED.map(([column]) => column), ...DECIDED_ONCE, 'added_bytes']
  const types = ['bigint', ...UPDATED.map(([, type]) => type), 'text', 'text', 'bigint']
  const rows = written.map(({ id, row, addedBytes }, at): Row => {
    const added = addedBytes + (states[at]?.packed.length ?? 0)
    return [id, ...updatedColumns(row, nowMs), ...ownerColumns(row), added]
  })
  // What its state took before is taken off again: the row that it stands in is still the old one.
  const revisions = await eachChunk<{ readonly id: number; readonly revision: number }>(
    statements,
    rows,
    (chunk) => `update sessions s set
        ${UPDATED.map(([column]) => `${column} = v.${column}`).join(', ')},
        ${DECIDED_ONCE.map((column) => `${column} = coalesce(s.${column}, v.${column})`).join(', ')},
        tick_owner = null, tick_until = null, revision = s.revision + 1,
        stored_bytes = s.stored_bytes + v.added_bytes - coalesce(
          (select octet_length(state) from session_states where session_ref = s.id), 0)
      from (values ${valuesList(chunk, types)}) as v (${columns.join(', ')})
      where s.id = v.id returning s.id, s.revision`,
  )
  await insertRows(
    statements,
    'session_states',
    ['session_ref', 'version', 'state'],
    states.map(({ id, packed }): Row => [id, stateVersion, packed]),
    `on conflict (session_ref) do update
       set version = excluded.version, state = excluded.state`,
  )
  return new Map(revisions.map(({ id, revision }) => [id, revision]))
}

/** The key that it came under says it; without one, the session itself. */
function ownerColumns({ key, team, userId }: SessionRow<unknown>): Row {
  const owner = ownerOfSession(key)
  return [optionalText(owner?.team ?? team), optionalText(owner?.user ?? userId)]
}

function updatedColumns<S>(row: SessionRow<S>, nowMs: number): Row {
  return [
    optionalText(row.userId),
    optionalText(row.title),
    optionalText(row.project),
    optionalText(row.team),
    finite(row.deadlineMs),
    row.closeReason ?? null,
    finite(row.firstMs),
    finite(row.lastMs),
    finite(row.firstPromptMs),
    finite(row.firstCommitMs),
    nowMs,
    nanoUsd(row.costUsd),
    nanoUsd(row.estimatedUsd),
    nanoUsd(row.metricsUsd),
    row.unpricedCalls,
    finite(row.inputTokens),
    finite(row.outputTokens),
    finite(row.cacheReadTokens),
    finite(row.cacheCreationTokens),
    row.prompts,
    row.modelCalls,
    row.toolResults,
    row.errors,
    row.isEmpty === true,
  ]
}

export type Labels = Readonly<Record<string, string>>

/** Attributes of sessions that changed. Those of before that are not among them stay. */
export async function writeAttributes(
  statements: Statements,
  changed: readonly { readonly id: number; readonly labels: Labels }[],
): Promise<void> {
  if (changed.length === 0) return
  const rows = await statements.query<{ readonly session_ref: number; readonly key: string }>(
    'select session_ref, key from session_attributes where session_ref = any($1)',
    [changed.map(({ id }) => id)],
  )
  const known = Map.groupBy(rows, ({ session_ref }) => session_ref)
  const written = changed.flatMap(({ id, labels }) => {
    const keys = new Set(known.get(id)?.map(({ key }) => key))
    const values = new Map<string, string>()
    for (const [name, value] of Object.entries(labels)) {
      const key = keyText(name)
      // A key that is new has room as long as there are few.
      if (!keys.has(key) && keys.size >= MAX_ATTRIBUTES) continue
      keys.add(key)
      values.set(key, plainText(value))
    }
    return [...values].map(([key, value]): Row => [id, key, value])
  })
  await insertRows(
    statements,
    'session_attributes',
    ['session_ref', 'key', 'value'],
    written,
    'on conflict (session_ref, key) do update set value = excluded.value',
  )
}
