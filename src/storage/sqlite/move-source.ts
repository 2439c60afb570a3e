/**
 * A SQLite store as the source of a move (`move.ts`): nobody else has the folder meanwhile, and all is
 * read in one transaction.
 */
import type Database from 'better-sqlite3'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { err, ok, type Result } from '../../domain/result.ts'
import { UNITS_PER_USD } from '../../domain/exact-sum.ts'
import { GREATEST_SUM } from '../../domain/numbers.ts'
import { dataFolderAt, isDataMissing, makePrivateFile } from '../data-folder.ts'
import { keepInstanceId } from '../instance-id.ts'
import type { MaintenanceProblem } from '../maintenance.ts'
import type {
  KeyOfMovedRow,
  MergedTable,
  MovedTable,
  MoveFigures,
  MoveSource,
  SessionEnd,
  SourceRow,
} from '../move.ts'
import type { Connection } from './connection.ts'
import { acquireFolderLock } from './folder-lock.ts'
import { openDatabase } from './open-database.ts'
import { besideErrorOf, lockedError, type SqliteOpenError } from './open-error.ts'
import { openExisting } from './open-existing.ts'

/** What one step copies: many small sessions, or one large one. */
const MAX_SESSIONS = 200
const MAX_RECORDS = 50_000
const MAX_ITEMS = 2000
/** Rows handed over at once. */
const MAX_ROWS = 1000
const MAX_CHARS = 8 * 1024 * 1024

/** Holds the folder's lock until it is closed, so no bridge can start. The problem is for a person. */
export async function openSqliteMoveSource(
  dataDir: string,
): Promise<Result<MoveSource, MaintenanceProblem>> {
  const folder = dataFolderAt(dataDir)
  const unusable = (message: string) => err<MaintenanceProblem>({ reason: 'unusable', message })
  let release = () => {}
  try {
    // Where there is no database, no lock is made either.
    if (existsSync(folder.databasePath)) {
      makePrivateFile(folder.lockPath)
      const lock = acquireFolderLock(folder.lockPath)
      if (lock === undefined) {
        return err({ reason: 'in_use', message: lockedError(dataDir).message })
      }
      release = () => lock.release()
    }
    const opened = await openCurrent(dataDir)
    if (opened.ok) return ok(sourceOver(opened.value.handle, keepInstanceId(folder), release))
    release()
    return unusable(opened.error.message)
  } catch (error) {
    release()
    const expected = besideErrorOf(error, folder.databasePath)
    if (expected === undefined) throw error
    return unusable(expected.message)
  }
}

/** A database of an earlier version is brought up to date first, as the bridge does at its start. */
async function openCurrent(dataDir: string): Promise<Result<Connection, SqliteOpenError>> {
  const opened = openExisting(dataDir, 'read')
  if (opened.ok || isDataMissing(dataDir)) return opened
  const upgraded = await openDatabase(dataFolderAt(dataDir).databasePath)
  if (!upgraded.ok) return upgraded
  await upgraded.value.kysely.destroy()
  upgraded.value.close()
  return openExisting(dataDir, 'read')
}

function sourceOver(handle: Database.Database, id: string, release: () => void): MoveSource {
  // Begins with the first question, and ends with the connection.
  handle.exec('begin')
  const number = (sql: string, ...values: readonly number[]): number => {
    const found = handle.prepare<unknown[], { value: number | null }>(sql).get(...values)
    return found?.value ?? 0
  }

  function endOf(table: 'sessions' | 'outbox', afterId: number): number | undefined {
    const [sql, maxRows, maxSum] =
      table === 'sessions'
        ? [WEIGHED_SESSIONS, MAX_SESSIONS, MAX_RECORDS]
        : [WEIGHED_ITEMS, MAX_ITEMS, MAX_CHARS]
    let last: number | undefined
    let sum = 0
    const rows = handle.prepare<unknown[], { id: number; weight: number }>(sql)
    for (const row of rows.iterate(afterId, maxRows)) {
      last = row.id
      sum += row.weight
      if (sum >= maxSum) break
    }
    return last
  }

  return {
    id,
    fingerprint: createHash('sha256')
      .update(JSON.stringify(handle.prepare(STATE_OF_STORE).get()))
      .digest('base64url'),
    sessions: number('select count(*) as value from sessions'),
    reserved: {
      positions: number(`select reserved as value from ids where name = 'record_batches'`),
      outbox: number(`select reserved as value from ids where name = 'outbox'`),
    },
    endOf,
    within: (table, { afterId, throughId }) =>
      chunks(handle, RANGES[table] ?? ofSessions(table), [afterId, throughId]),
    all: (table) => chunks(handle, WHOLE[table] ?? `select * from ${table}`, []),
    changedSince: (atMs) => handle.prepare<unknown[], SessionEnd>(ENDS).all(atMs),
    figures: (keyOf) => withoutMerged(handle, keyOf, figuresOf(handle)),
    close: () => {
      handle.close()
      release()
    },
  }
}

const WEIGHED_SESSIONS = `
  select id, (select coalesce(sum(records), 0) from record_batches where session_ref = sessions.id)
    as weight from sessions where id > ? order by id limit ?`
const WEIGHED_ITEMS = 'select id, bytes as weight from outbox where id > ? order by id limit ?'

/** Sessions that were taken out have rows until those are deleted, too: they are not moved. */
const isKept = `not exists (select 1 from deletions d where d.session_key = o.session_key
  and o.id > d.outbox_after and o.id <= d.outbox_through)`
/** Who waits for an item: it stands behind a position, or is an exception to it. */
const deliveries = (where: string) => `
  select p.exporter, o.id as outbox_id, o.kind, o.session_key, coalesce(e.state, 'pending') as state,
    coalesce(e.attempts, 0) as attempts, coalesce(e.not_before_ms, 0) as not_before_ms, e.reason
  from outbox o
  join outbox_positions p on p.kind = o.kind and
    iif(o.destination = '', instr(p.exporter, ':') = 0, o.destination = p.exporter)
  left join outbox_exceptions e on e.outbox_id = o.id and e.exporter = p.exporter
  where ${where} (o.id > p.through_id or e.outbox_id is not null) and ${isKept}`
const RANGE = 'o.id > ? and o.id <= ?'

const RANGES: Partial<Record<MovedTable, string>> = {
  sessions: 'select * from sessions where id > ? and id <= ? order by id',
  outbox: `select o.* from outbox o where ${RANGE} and ${isKept}
    and exists (${deliveries('o.id = o.id and')})`,
  outbox_deliveries: `${deliveries(`${RANGE} and`)} order by o.id`,
}

const WHOLE: Partial<Record<MovedTable, string>> = {
  policies: 'select * from policies order by after_id',
  outbox_readers: 'select exporter, kind from outbox_positions',
  bare_ids: 'select until_ms from bare_ids where until_ms is not null',
}

function ofSessions(table: MovedTable): string {
  return `select t.* from sessions s join ${table} t on t.session_ref = s.id
    where s.id > ? and s.id <= ? order by s.id`
}

function* chunks(
  handle: Database.Database,
  sql: string,
  values: readonly number[],
): Generator<readonly SourceRow[], void> {
  let rows: SourceRow[] = []
  let chars = 0
  for (const row of handle.prepare<unknown[], SourceRow>(sql).iterate(...values)) {
    rows.push(row)
    for (const value of Object.values(row)) chars += typeof value === 'string' ? value.length : 8
    if (rows.length < MAX_ROWS && chars < MAX_CHARS) continue
    yield rows
    rows = []
    chars = 0
  }
  if (rows.length > 0) yield rows
}

const ENDS = `select s.session_key as key, r.id as position, r.received_ms as receivedMs
  from sessions s join record_batches r on r.session_ref = s.id
    and r.id = (select max(id) from record_batches where session_ref = s.id)
  where s.updated_ms >= ? order by s.id`

/** Whatever changes a store changes one of these, retention and delivery included. */
const STATE_OF_STORE = `select
  (select json_group_array(reserved) from ids) as reserved,
  (select count(*) || ' ' || coalesce(max(updated_ms), 0) || ' ' || coalesce(max(id), 0) from sessions)
    as sessions,
  (select json_group_array(through_id) from outbox_positions) as positions,
  (select count(*) || ' ' || coalesce(sum(attempts), 0) from outbox_exceptions) as exceptions,
  (select count(*) || ' ' || coalesce(max(id), 0) from outbox) as outbox,
  (select count(*) || ' ' || coalesce(max(id), 0) from quarantine) as quarantine,
  (select count(*) from budget_alerts) as budget_alerts,
  (select count(*) || ' ' || coalesce(sum(used_percent), 0) from plan_windows) as plan_windows,
  (select count(*) || ' ' || coalesce(sum(attempts), 0) || ' ' || count(not_before_ms) from alerts) as alerts,
  (select json_group_array(name || limit_usd) from budgets) as budgets,
  (select count(*) from forwarded) as forwarded,
  (select count(*) || ' ' || coalesce(max(last_used_ms), 0) from api_keys) as keys,
  (select coalesce(max(id), 0) from audit_log) as audit,
  (select coalesce(max(id), 0) from budget_overrides) as overrides,
  (select coalesce(max(read_ms), 0) from transcript_files) as transcripts,
  (select count(*) || ' ' || coalesce(max(id), 0) || ' ' || coalesce(sum(last_part), 0) from span_traces)
    as span_traces,
  (select json_group_array(value) from totals) as totals`

function figuresOf(handle: Database.Database): MoveFigures {
  const rows = handle.prepare<[], { name: string; value: number | null }>(FIGURES).all()
  return Object.fromEntries(rows.map(({ name, value }) => [name, value ?? 0]))
}

/** Tables by their figures, with the column that makes two rows of a session one. */
const MERGED = {
  'keys of records': { table: 'seen', column: 'dedup_key' },
  attributes: { table: 'session_attributes', column: 'key' },
  prompts: { table: 'prompts', column: 'dedup_key' },
} as const satisfies Record<string, { readonly table: MergedTable; readonly column: string }>

function withoutMerged(
  handle: Database.Database,
  keyOf: KeyOfMovedRow,
  figures: MoveFigures,
): MoveFigures {
  const merged = Object.entries(MERGED).map(([name, { table, column }]) => {
    const rows = handle.prepare<[], SourceRow>(
      // As bytes: a text ends at its first NUL for the functions of SQLite.
      `select session_ref, ${column} from ${table} t
       where instr(cast(${column} as blob), x'00') > 0 and ${isOf('t')}`,
    )
    const plain = handle.prepare(`select 1 from ${table} where session_ref = ? and ${column} = ?`)
    const met = new Set<string>()
    let count = 0
    for (const row of rows.all()) {
      const key = keyOf(table, row)
      const name = JSON.stringify([row.session_ref, key])
      const isMerged = met.has(name) || plain.get(row.session_ref, key) !== undefined
      if (isMerged) count += 1
      met.add(name)
    }
    return [name, (figures[name] ?? 0) - count]
  })
  return { ...figures, ...(Object.fromEntries(merged) as MoveFigures) }
}

const isOf = (alias: string) => `${alias}.session_ref in (select id from sessions)`
const sound = (column: string, quantity: keyof typeof GREATEST_SUM) =>
  `iif(${column} between 0 and ${GREATEST_SUM[quantity]}, ${column}, 0)`
const nanos = (column: string) =>
  `sum(cast(round(${sound(column, 'usd')} * ${UNITS_PER_USD}) as integer)) / ${UNITS_PER_USD}.0`
const tokens = ['input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_creation_tokens']
  .map((column) => sound(column, 'tokens'))
  .join(' + ')

/** Of what is moved; the names are those of the target (`postgres/move-target.ts`). */
const FIGURES = [
  `select 'sessions' as name, count(*) as value from sessions`,
  `select 'sessions: cost, USD', ${nanos('cost_usd')} from sessions`,
  `select 'sessions: tokens', sum(${tokens}) from sessions`,
  `select 'records', sum(records) from record_batches r where ${isOf('r')}`,
  `select 'records: bytes', sum(octet_length(body)) from record_batches r where ${isOf('r')}`,
  `select 'controls', count(*) from session_controls c where ${isOf('c')}`,
  `select 'keys of records', count(*) from seen k where ${isOf('k')}`,
  `select 'attributes', count(*) from session_attributes a where ${isOf('a')}`,
  `select 'prompts', count(*) from prompts p where ${isOf('p')}`,
  `select 'usage: model calls', sum(calls) from model_usage u where ${isOf('u')}`,
  `select 'usage: cost, USD', ${nanos('cost_usd')} from model_usage u where ${isOf('u')}`,
  `select 'usage: tokens', sum(${tokens}) from model_usage u where ${isOf('u')}`,
  `select 'usage: tool results', sum(results) from tool_usage u where ${isOf('u')}`,
  `select 'usage: activity', sum(${sound('value', 'value')}) from activity u where ${isOf('u')}`,
  `select 'usage: work', count(*) from work_segments w where ${isOf('w')}`,
  `select 'outbox ' || exporter || ': ' || state, count(*) from (${deliveries('')})
    group by exporter, state`,
  `select 'budget alerts', count(*) from budget_alerts`,
  `select 'plan windows', count(*) from plan_windows p where ${isOf('p')}`,
  `select 'quarantine', count(*) from quarantine`,
  `select 'forwarded', count(*) from forwarded`,
  `select 'keys', count(*) from api_keys`,
  `select 'audit log', count(*) from audit_log`,
  `select 'budget overrides', count(*) from budget_overrides`,
  `select 'budgets', count(*) from budgets`,
  `select 'alerts', count(*) from alerts`,
  `select 'transcripts: joins', count(*) from transcript_joins j where ${isOf('j')}`,
  `select 'transcripts: files', count(*) from transcript_files`,
  `select 'traces', count(*) from span_traces`,
  `select 'traces: parts', count(*) from span_trace_parts`,
].join(' union all ')
