/**
 * An empty PostgreSQL database as the target of a move (`move.ts`). Until the move is done no bridge can
 * be started on it (`open-database.ts`).
 */
import { err, ok, type Result } from '../../domain/result.ts'
import type {
  IdRange,
  MovedTable,
  MoveFigures,
  MoveSource,
  MoveTarget,
  SessionEnd,
  SourceRow,
  Stage,
} from '../move.ts'
import type { Database, Statements } from './connection.ts'
import { movedColumns } from './moved-rows.ts'
import { databaseName } from '../store-place.ts'
import { openForMove, openProblem } from './open-database.ts'
import { POSITIONS_PER_BLOCK } from './positions.ts'
import { BYTES_BESIDE } from './record-rows.ts'
import { isAlive } from './replica.ts'
import { indexRows } from './search-rows.ts'
import { keyText, sha256 } from './stored-values.ts'
import { ACTIVITY, addToUsage, MODEL_USAGE, TOOL_USAGE, type UsageTable } from './usage-rows.ts'
import { insertRows } from './values-list.ts'

/** One statement may add eight megabytes, or sum up a table. */
const STATEMENT_TIMEOUT_MS = 600_000

/** What is moved, and so what an attempt that begins anew empties. */
const TABLES = `sessions, session_states, record_batches, session_controls, seen, session_attributes,
  prompts, model_usage, tool_usage, activity, work_segments, plan_windows, origins, policies, usage_dimensions,
  outbox,
  outbox_deliveries, outbox_readers, outbox_leases, budget_alerts, budget_days, quarantine, forwarded,
  pauses, totals, deletions, bare_ids, api_keys, audit_log, budget_overrides, budgets, alerts, transcript_sessions,
  transcript_claims, transcript_joins, transcript_files, span_traces, span_trace_parts,
  search_texts, search_backlog`

/** Their rows keep the numbers they had. */
const NUMBERED = [
  'sessions',
  'origins',
  'usage_dimensions',
  'quarantine',
  'audit_log',
  'budget_overrides',
  'transcript_joins',
  'span_traces',
]

/** Figures of rows that become one are added up, as commits do it. */
const USAGE: readonly UsageTable[] = [MODEL_USAGE, TOOL_USAGE, ACTIVITY]
const plainColumns = movedColumns(() => 0)

/** Why a move cannot go on, for a person. */
export class MoveError extends Error {}

/** Opens the database, and makes its tables. The error is for a person. */
export async function openPostgresMoveTarget(
  url: string,
  source: MoveSource,
): Promise<Result<MoveTarget, string>> {
  const opened = await openForMove({ url, size: 2, statementTimeoutMs: STATEMENT_TIMEOUT_MS })
  if (!opened.ok) return err(opened.error.message)
  return ok(targetOver(opened.value, databaseName(url), source))
}

/** What went wrong in the middle, for a person; undefined when that is a bug. */
export function explainPostgresMove(error: unknown, url: string): string | undefined {
  return error instanceof MoveError ? error.message : openProblem(error, url)
}

interface MoveRow {
  readonly source: string
  readonly fingerprint: string
  readonly stage: Stage
  readonly through_id: number
  readonly done_ms: number | null
}

function targetOver(database: Database, place: string, source: MoveSource): MoveTarget {
  let columns: ReturnType<typeof movedColumns> | undefined

  /** Once the policies are there. */
  async function policyRefs(statements: Statements): Promise<(position: number) => number> {
    const rows = await statements.query<{ id: number; hash: string }>(
      'select id, hash from policies',
    )
    const refs = new Map(rows.map(({ id, hash }) => [hash, id]))
    const policies = [...source.all('policies')].flat().map(({ after_id, policy }) => {
      return { afterId: Number(after_id), ref: refs.get(sha256(String(policy))) ?? 0 }
    })
    return (position) => policies.findLast(({ afterId }) => afterId < position)?.ref ?? 0
  }

  async function insert(
    statements: Statements,
    table: MovedTable,
    rows: readonly SourceRow[],
  ): Promise<void> {
    // What references are told by is not asked of rows that stand before them.
    if (columns === undefined && table === 'sessions')
      columns = movedColumns(await policyRefs(statements))
    const values = (columns ?? plainColumns)[table]
    const usage = USAGE.find(({ name }) => name === table)
    if (usage !== undefined) {
      const read = (names: readonly string[], row: SourceRow) =>
        names.map((name) => values[name]?.(row))
      await addToUsage(
        statements,
        usage,
        rows.map((row) => [read(usage.key, row), read(usage.sums, row).map(Number)]),
      )
      return
    }
    const converted = Object.entries(values)
    await insertRows(
      statements,
      table,
      converted.map(([column]) => column),
      rows.map((row) => converted.map(([, value]) => value(row))),
      // Two rows of a source that become one: a policy that came back, a key with a NUL.
      'on conflict do nothing',
    )
  }

  return {
    begin: () =>
      database.transaction(async (statements) => {
        await statements.query('lock table moves in exclusive mode')
        const [move, ...others] = await statements.query<MoveRow>(
          `select *, (extract(epoch from done_at) * 1000)::double precision as done_ms from moves`,
        )
        if (move !== undefined && (move.source !== source.id || others.length > 0)) {
          throw new MoveError(`${place} was filled from another data folder: use an empty database`)
        }
        if (move?.stage === 'done') {
          const isSame = move.fingerprint === source.fingerprint
          const changedSinceMs = move.done_ms ?? 0
          return { stage: 'done', throughId: 0, ...(!isSame && { changedSinceMs }) }
        }
        await expectNoBridge(statements, place)
        if (move?.fingerprint === source.fingerprint) {
          return { stage: move.stage, throughId: move.through_id }
        }
        if (move === undefined) await expectEmpty(statements, place)
        await statements.query(`truncate ${TABLES} restart identity`)
        await statements.run(
          `insert into moves (source, fingerprint, stage, through_id) values ($1, $2, 'references', 0)
           on conflict (source) do update
             set fingerprint = excluded.fingerprint, stage = excluded.stage, through_id = 0`,
          [source.id, source.fingerprint],
        )
        return { stage: 'references', throughId: 0 }
      }),
    lacking: async (sessions) => {
      const lacking: SessionEnd[] = []
      for (const session of sessions) {
        // Numbers go on in both stores after a move.
        const found = await database.query(
          `select 1 from record_batches where id = $2 and received_ms = $3
             and session_ref = (select id from sessions where session_key = $1)`,
          [keyText(session.key), session.position, session.receivedMs],
        )
        if (found.length === 0) lacking.push(session)
      }
      return lacking
    },
    step: (next, range, work) =>
      database.transaction(async (statements) => {
        await expectNoBridge(statements, place)
        await work({ insert: (table, rows) => insert(statements, table, rows) })
        if (next.stage === 'sessions' && range !== undefined) {
          await sumUpBytes(statements, range)
          await indexLater(statements, range)
        }
        if (next.stage === 'verify') await continueNumbers(statements, source.reserved)
        await statements.run(
          `update moves set stage = $2, through_id = $3,
             done_at = case when $2 = 'done' then now() end where source = $1`,
          [source.id, next.stage, next.throughId],
        )
      }),
    keyOf: (table, row) => {
      const column = table === 'session_attributes' ? 'key' : 'dedup_key'
      return String(plainColumns[table][column]?.(row))
    },
    figures: () => figuresOf(database),
    close: () => database.close(),
  }
}

async function expectNoBridge(statements: Statements, place: string): Promise<void> {
  const alive = await statements.query(
    `select 1 from replicas where ${isAlive('replicas')} limit 1`,
  )
  if (alive.length > 0) {
    throw new MoveError(`a bridge uses ${place}: stop it, and run the command again`)
  }
}

/** What people and agents put into a store, by table. A bridge that merely ran has none of it. */
const HOLDINGS: Readonly<Record<string, string>> = {
  sessions: 'sessions',
  record_batches: 'records',
  outbox: 'items to be delivered',
  quarantine: 'quarantined records',
  forwarded: 'requests to be forwarded',
  api_keys: 'API keys',
  audit_log: 'audit entries',
  budgets: 'budgets',
  budget_overrides: 'budget overrides',
  budget_alerts: 'budget alerts',
  alerts: 'alerts',
  transcript_files: 'positions in transcripts',
}

/** The move empties its tables first, so whatever is in the target would be lost. */
async function expectEmpty(statements: Statements, place: string): Promise<void> {
  const found = await statements.query<{ name: string; count: number }>(
    Object.entries(HOLDINGS)
      .map(([table, name]) => `select '${name}' as name, count(*) as count from ${table}`)
      .join(' union all '),
  )
  const held = found.filter(({ count }) => count > 0)
  if (held.length === 0) return
  const list = held.map(({ name, count }) => `${name}: ${count}`).join(', ')
  throw new MoveError(
    `${place} holds data of claude-telemetry already (${list}), which would be lost: use an empty database, and make keys and budgets after the move`,
  )
}

/** What sessions are found by: their rows now, their records by the bridge that is started over them. */
async function indexLater(statements: Statements, range: IdRange): Promise<void> {
  await indexRows(statements, range)
  await statements.run(
    `insert into search_backlog (session_ref, after_id)
     select id, 0 from sessions where id > $1 and id <= $2`,
    [range.afterId, range.throughId],
  )
}

/** As commits keep it (`record-rows.ts`). */
async function sumUpBytes(statements: Statements, { afterId, throughId }: IdRange): Promise<void> {
  await statements.run(
    `update sessions s set stored_bytes =
       coalesce((select sum(octet_length(body) + records * ${BYTES_BESIDE}) from record_batches
         where session_ref = s.id), 0)
       + coalesce((select octet_length(state) from session_states where session_ref = s.id), 0)
     where id > $1 and id <= $2`,
    [afterId, throughId],
  )
}

/** What comes is numbered behind everything that was ever numbered there. */
async function continueNumbers(
  statements: Statements,
  { positions, outbox }: MoveSource['reserved'],
): Promise<void> {
  for (const table of NUMBERED) {
    await continueFrom(statements, table, `(select max(id) from ${table})`)
  }
  await continueFrom(
    statements,
    'outbox',
    `greatest($1::bigint, (select max(id) from outbox))`,
    outbox,
  )
  if (positions === 0) return
  const block = Math.ceil(positions / POSITIONS_PER_BLOCK) * POSITIONS_PER_BLOCK
  await statements.query(`select setval('positions', $1)`, [block])
}

async function continueFrom(
  statements: Statements,
  table: string,
  last: string,
  ...values: readonly number[]
): Promise<void> {
  await statements.query(
    `select setval(pg_get_serial_sequence('${table}', 'id'), last) from (select ${last} as last) l
     where last > 0`,
    values,
  )
}

async function figuresOf(database: Database): Promise<MoveFigures> {
  const rows = await database.query<{ name: string; value: number | null }>(FIGURES)
  return Object.fromEntries(rows.map(({ name, value }) => [name, value ?? 0]))
}

const usd = 'sum(cost_nanousd)::double precision / 1e9::double precision'
const tokens = 'sum(input_tokens + output_tokens + cache_read_tokens + cache_creation_tokens)'
const sessionTokens = `sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)
  + coalesce(cache_read_tokens, 0) + coalesce(cache_creation_tokens, 0))`

/** As `sqlite/move-source.ts` names them. */
const FIGURES = [
  `select 'sessions' as name, count(*)::double precision as value from sessions`,
  `select 'sessions: cost, USD', ${usd} from sessions`,
  `select 'sessions: tokens', ${sessionTokens} from sessions`,
  `select 'records', sum(records) from record_batches`,
  `select 'records: bytes', sum(json_bytes)::double precision from record_batches`,
  `select 'controls', count(*) from session_controls`,
  `select 'keys of records', count(*) from seen`,
  `select 'attributes', count(*) from session_attributes`,
  `select 'prompts', count(*) from prompts`,
  `select 'usage: model calls', sum(calls)::double precision from model_usage`,
  `select 'usage: cost, USD', ${usd} from model_usage`,
  `select 'usage: tokens', ${tokens} from model_usage`,
  `select 'usage: tool results', sum(results)::double precision from tool_usage`,
  `select 'usage: activity', sum(value) from activity`,
  `select 'usage: work', count(*) from work_segments`,
  `select 'outbox ' || exporter || ': ' || state, count(*) from outbox_deliveries
    group by exporter, state`,
  `select 'budget alerts', count(*) from budget_alerts`,
  `select 'plan windows', count(*) from plan_windows`,
  `select 'quarantine', count(*) from quarantine`,
  `select 'forwarded', count(*) from forwarded`,
  `select 'keys', count(*) from api_keys`,
  `select 'audit log', count(*) from audit_log`,
  `select 'budget overrides', count(*) from budget_overrides`,
  `select 'budgets', count(*) from budgets`,
  `select 'alerts', count(*) from alerts`,
  `select 'transcripts: joins', count(*) from transcript_joins`,
  `select 'transcripts: files', count(*) from transcript_files`,
  `select 'traces', count(*) from span_traces`,
  `select 'traces: parts', count(*) from span_trace_parts`,
].join(' union all ')
