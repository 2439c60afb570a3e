/**
 * What is known of traces over PostgreSQL. A row of `span_traces` is the lock of its trace: what replicas
 * learn of one trace at the same moment they learn one after the other.
 */
import type { Clock } from '../../domain/clock.ts'
import {
  type AskedTrace,
  excessOf,
  partsToRead,
  type StoredTrace,
  type TraceBounds,
  traceBounds,
  type TraceChange,
  type TraceStore,
  type TraceVersion,
  versionsAfter,
} from '../../domain/trace-store.ts'
import type { Database, Statements } from './connection.ts'
import type { Write } from './writer.ts'

const PER_SLICE = 500

export interface TraceRows extends TraceStore {
  /** One slice of forgetting what is too old or too much; whether there is more. */
  expire(nowMs: number): Promise<boolean>
}

interface TraceRowsDeps {
  readonly database: Database
  readonly write: Write
  readonly clock: Pick<Clock, 'now'>
  /** Connections that may change traces at the same moment. */
  readonly atOnce: number
  readonly bounds?: TraceBounds
}

/** A row of `span_traces`, under the names that the domain has for them. */
interface TraceRow extends TraceVersion, Pick<StoredTrace, 'traceId' | 'facts'> {}

const TRACE_COLUMNS = 'id as ref, trace_id as "traceId", facts, last_part as "lastPart"'

export function createTraceRows(deps: TraceRowsDeps): TraceRows {
  const { database, write, clock, atOnce, bounds = traceBounds } = deps
  const inTurn = createGate(atOnce)

  return {
    change: (owner, traces, heldVersion, learn) =>
      inTurn(() =>
        write(async () => {
          const isBegun = traces.some((trace) => trace.isBegun)
          if (!isBegun && !(await isAnyKnown(database, owner, traces))) return new Map()
          return database.transaction(async (statements) => {
            const rows = await lockTraces(statements, owner, traces, clock.now())
            const stored = await readParts(statements, rows, heldVersion)
            const changes = learn(stored)
            await writeChanges(statements, changes, clock.now())
            return versionsAfter(rows, changes)
          })
        }),
      ),
    expire: (nowMs) =>
      write(async () => {
        const old = await database.transaction((statements) =>
          forgetOld(statements, nowMs - bounds.ageMs),
        )
        const excess = await database.transaction((statements) =>
          forgetExcess(statements, bounds.spansPerOwner),
        )
        return old || excess
      }),
  }
}

/**
 * So many at a time, in the order of asking. Each request changes traces in a transaction of its own, and may
 * wait for another replica there: the connections that are left are for commits, which requests share.
 */
function createGate(atOnce: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let taken = 0
  return async (work) => {
    if (taken < atOnce) taken += 1
    else await new Promise<void>((resolve) => void waiting.push(resolve))
    try {
      return await work()
    } finally {
      // Whoever waits takes over the place.
      const next = waiting.shift()
      if (next === undefined) taken -= 1
      else next()
    }
  }
}

/** Asked without a lock, for most spans that are nobody's work are of traces without any. */
async function isAnyKnown(
  statements: Statements,
  owner: string,
  traces: readonly AskedTrace[],
): Promise<boolean> {
  const rows = await statements.query(
    'select 1 from span_traces where owner = $1 and trace_id = any($2) limit 1',
    [owner, idsOf(traces)],
  )
  return rows.length > 0
}

/** In one order for everybody, so that nobody waits in a circle. */
async function lockTraces(
  statements: Statements,
  owner: string,
  traces: readonly AskedTrace[],
  nowMs: number,
): Promise<readonly TraceRow[]> {
  const known = await statements.query<TraceRow>(
    `select ${TRACE_COLUMNS} from span_traces
     where owner = $1 and trace_id = any($2) order by trace_id for update`,
    [owner, idsOf(traces)],
  )
  const isKnown = new Set(known.map(({ traceId }) => traceId))
  const fresh = traces.filter(({ traceId, isBegun }) => isBegun && !isKnown.has(traceId))
  if (fresh.length === 0) return known
  const begun = await statements.query<TraceRow>(
    `insert into span_traces (owner, trace_id, facts, last_part, spans, changed_ms)
     select $1, trace_id, '', 0, 0, $3 from unnest($2::text[]) as trace_id order by trace_id
     on conflict (owner, trace_id) do update set changed_ms = excluded.changed_ms
     returning ${TRACE_COLUMNS}`,
    [owner, idsOf(fresh), nowMs],
  )
  return [...known, ...begun]
}

async function readParts(
  statements: Statements,
  rows: readonly TraceRow[],
  heldVersion: (traceId: string) => TraceVersion | undefined,
): Promise<readonly StoredTrace[]> {
  const asked = rows.map((row) => ({ ...row, ...partsToRead(row, heldVersion(row.traceId)) }))
  const behind = asked.filter(({ lastPart, afterPart }) => lastPart > afterPart)
  const parts =
    behind.length === 0
      ? []
      : await statements.query<{ readonly ref: number; readonly body: string }>(
          `select p.trace_ref as ref, p.body
           from unnest($1::bigint[], $2::bigint[]) as asked (ref, after_part)
             join span_trace_parts p on p.trace_ref = asked.ref and p.id > asked.after_part
           order by p.trace_ref, p.id`,
          [behind.map(({ ref }) => ref), behind.map(({ afterPart }) => afterPart)],
        )
  const byTrace = Map.groupBy(parts, ({ ref }) => ref)
  return asked.map(({ traceId, ref, facts, isWhole }) => {
    return { traceId, ref, facts, isWhole, parts: (byTrace.get(ref) ?? []).map(({ body }) => body) }
  })
}

async function writeChanges(
  statements: Statements,
  changes: readonly TraceChange[],
  nowMs: number,
): Promise<void> {
  if (changes.length === 0) return
  const whole = changes.filter(({ isWhole }) => isWhole).map(({ ref }) => ref)
  if (whole.length > 0) {
    await statements.run('delete from span_trace_parts where trace_ref = any($1)', [whole])
  }
  await statements.run(
    `with change as (
       select * from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::boolean[])
         as change (ref, facts, body, spans, is_whole)),
     changed as (
       update span_traces t set last_part = t.last_part + 1, facts = c.facts, changed_ms = $6,
         spans = case when c.is_whole then 0 else t.spans end + c.spans
       from change c where t.id = c.ref returning t.id, t.last_part)
     insert into span_trace_parts (trace_ref, id, body)
     select changed.id, changed.last_part, change.body
     from changed join change on change.ref = changed.id`,
    [
      changes.map(({ ref }) => ref),
      changes.map(({ facts }) => facts),
      changes.map(({ part }) => part),
      changes.map(({ spans }) => spans),
      changes.map(({ isWhole }) => isWhole),
      nowMs,
    ],
  )
}

/** Whether there may be more. What somebody is at is left to them: it is not that old. */
async function forgetOld(statements: Statements, beforeMs: number): Promise<boolean> {
  const rows = await statements.query<{ readonly id: number }>(
    `select id from span_traces where changed_ms < $1
     order by changed_ms limit ${PER_SLICE} for update skip locked`,
    [beforeMs],
  )
  await forgetTraces(
    statements,
    rows.map(({ id }) => id),
  )
  return rows.length === PER_SLICE
}

interface QuietTrace {
  readonly id: number
  readonly spans: number
  readonly changed_ms: number
}

/** The same of owners with more spans than that. */
async function forgetExcess(statements: Statements, spansPerOwner: number): Promise<boolean> {
  const crowded = await statements.query<{ readonly owner: string; readonly spans: number }>(
    'select owner, sum(spans) as spans from span_traces group by owner having sum(spans) > $1',
    [spansPerOwner],
  )
  let forgotten = 0
  for (const { owner, spans } of crowded) {
    const quietest = await statements.query<QuietTrace>(
      `select id, spans, changed_ms from span_traces where owner = $1
       order by changed_ms, id limit ${PER_SLICE + 1}`,
      [owner],
    )
    const excess = excessOf(quietest, spans - spansPerOwner)
    // Another replica may be at the same ones, and a span may have come since.
    const rows = await statements.query<{ readonly id: number }>(
      `select t.id from span_traces t
         join unnest($1::bigint[], $2::double precision[]) as quiet (id, changed_ms)
           on quiet.id = t.id and quiet.changed_ms = t.changed_ms
       for update of t skip locked`,
      [excess, excess.map((_, at) => quietest[at]?.changed_ms ?? 0)],
    )
    await forgetTraces(
      statements,
      rows.map(({ id }) => id),
    )
    forgotten += rows.length
  }
  return forgotten >= PER_SLICE
}

/**
 * In a transaction, rows before parts: once a trace is gone nobody adds a part to it, and one that was added
 * until then is seen by the second statement.
 */
async function forgetTraces(statements: Statements, refs: readonly number[]): Promise<void> {
  if (refs.length === 0) return
  await statements.run('delete from span_traces where id = any($1)', [refs])
  await statements.run('delete from span_trace_parts where trace_ref = any($1)', [refs])
}

export function forgetTrace(statements: Statements, ref: number): Promise<void> {
  return forgetTraces(statements, [ref])
}

const idsOf = (traces: readonly AskedTrace[]) => traces.map(({ traceId }) => traceId)
