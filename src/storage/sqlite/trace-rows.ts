/**
 * What is known of traces over SQLite. It is flushed with the records that follow it into the log, not
 * for itself: whoever cuts the power before loses both, and the client has heard of neither.
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
import { type Connection, withoutFlush } from './connection.ts'
import type { Write } from './writer.ts'

const PER_SLICE = 200

export interface TraceRows extends TraceStore {
  /** One slice of forgetting what is too old or too much; true while there is more. */
  expire(nowMs: number): boolean
}

interface TraceRowsDeps {
  readonly connection: Connection
  readonly write: Write
  readonly clock: Pick<Clock, 'now'>
  readonly bounds?: TraceBounds
}

/** A row of `span_traces`, under the names that the domain has for them. */
interface TraceRow extends TraceVersion, Pick<StoredTrace, 'traceId' | 'facts'> {}

const TRACE_COLUMNS = 'id as ref, trace_id as traceId, facts, last_part as lastPart'

export function createTraceRows(deps: TraceRowsDeps): TraceRows {
  const { connection, write, clock, bounds = traceBounds } = deps
  const { handle } = connection
  const find = handle.prepare<[string, string], TraceRow>(
    `select ${TRACE_COLUMNS} from span_traces where owner = ? and trace_id = ?`,
  )
  const begin = handle.prepare<[string, string, number], TraceRow>(
    `insert into span_traces (owner, trace_id, facts, last_part, spans, changed_ms)
     values (?, ?, '', 0, 0, ?) returning ${TRACE_COLUMNS}`,
  )
  const partsBehind = handle
    .prepare<[number, number], string>(
      'select body from span_trace_parts where trace_ref = ? and id > ? order by id',
    )
    .pluck()
  const update = handle
    .prepare<[string, number, number, number, number], number>(
      `update span_traces set last_part = last_part + 1, facts = ?, changed_ms = ?,
         spans = iif(?, 0, spans) + ?
       where id = ? returning last_part`,
    )
    .pluck()
  const insertPart = handle.prepare<[number, number, string]>(
    'insert into span_trace_parts (trace_ref, id, body) values (?, ?, ?)',
  )
  const deleteParts = handle.prepare<[number]>('delete from span_trace_parts where trace_ref = ?')
  const forget = createForgetTrace(connection)
  const tooOld = handle
    .prepare<[number], number>(
      `select id from span_traces where changed_ms < ? order by changed_ms limit ${PER_SLICE}`,
    )
    .pluck()
  const crowded = handle.prepare<[number], { readonly owner: string; readonly spans: number }>(
    `select owner, sum(spans) as spans from span_traces group by owner having sum(spans) > ?`,
  )
  /** By the index on the age, which needs no sorting. */
  const quietest = handle.prepare<[string], { readonly id: number; readonly spans: number }>(
    `select id, spans from span_traces where +owner = ? order by changed_ms, id limit ${PER_SLICE + 1}`,
  )
  const transaction = handle.transaction((work: () => unknown) => work())

  type HeldVersion = (traceId: string) => TraceVersion | undefined

  function read(
    owner: string,
    { traceId, isBegun }: AskedTrace,
    heldVersion: HeldVersion,
  ): (StoredTrace & TraceVersion) | undefined {
    const row =
      find.get(owner, traceId) ?? (isBegun ? begin.get(owner, traceId, clock.now()) : undefined)
    if (row === undefined) return undefined
    const { isWhole, afterPart } = partsToRead(row, heldVersion(traceId))
    const parts = row.lastPart > afterPart ? partsBehind.all(row.ref, afterPart) : []
    return { ...row, parts, isWhole }
  }

  function put({ ref, facts, part, spans, isWhole }: TraceChange): void {
    if (isWhole) deleteParts.run(ref)
    const id = update.get(facts, clock.now(), Number(isWhole), spans, ref)
    if (id !== undefined) insertPart.run(ref, id, part)
  }

  function change(...[owner, traces, heldVersion, learn]: Parameters<TraceStore['change']>) {
    let versions: ReadonlyMap<string, TraceVersion> = new Map()
    transaction.immediate(() => {
      const found = traces
        .map((asked) => read(owner, asked, heldVersion))
        .filter((trace) => trace !== undefined)
      const changes = learn(found.map(storedTrace))
      for (const change of changes) put(change)
      versions = versionsAfter(found, changes)
    })
    return versions
  }

  return {
    change: async (...of) => {
      const [owner, traces] = of
      // Most spans that are nobody's work are of traces without any.
      const isAny = traces.some(({ traceId, isBegun }) => isBegun || find.get(owner, traceId))
      if (!isAny) return new Map()
      return write(() => withoutFlush(connection, () => change(...of)))
    },
    expire: (nowMs) => {
      const old = tooOld.all(nowMs - bounds.ageMs)
      const excess = crowded
        .all(bounds.spansPerOwner)
        .flatMap(({ owner, spans }) => excessOf(quietest.all(owner), spans - bounds.spansPerOwner))
      if (old.length + excess.length === 0) return false
      transaction.immediate(() => [...old, ...excess].forEach(forget))
      return old.length === PER_SLICE || excess.length >= PER_SLICE
    },
  }
}

function storedTrace({ traceId, ref, facts, parts, isWhole }: StoredTrace): StoredTrace {
  return { traceId, ref, facts, parts, isWhole }
}

/** To be called in a transaction. */
export function createForgetTrace({ handle }: Pick<Connection, 'handle'>): (ref: number) => void {
  const deleteParts = handle.prepare<[number]>('delete from span_trace_parts where trace_ref = ?')
  const deleteTrace = handle.prepare<[number]>('delete from span_traces where id = ?')
  return (ref) => {
    deleteParts.run(ref)
    deleteTrace.run(ref)
  }
}
