/**
 * What transcripts and telemetry tell alike, inside a commit that holds its sessions: the statements
 * around `transcript-joins.ts`, which decides. Join rows that a commit may need are read first and
 * written last, in a few statements however many its records are.
 *
 * Claims are of all sessions, and nobody holds those of others: a key that two transactions want is of
 * the one that commits first, for which the other one waits.
 */
import type { AgentEvent } from '../../domain/agent-event.ts'
import type { MetricSample } from '../../domain/metric-sample.ts'
import type { Arrival } from '../../domain/session-store.ts'
import { isPartial } from '../../domain/transcript-rank.ts'
import {
  amendmentOfStored,
  claimOf,
  isEvent,
  joinArrivals,
  type JoinRow,
  type JoinRows,
  lookupOf,
  rowOfStored,
  type Sources,
  withoutForeign,
} from '../transcript-joins.ts'
import type { Statements } from './connection.ts'
import { type Commit, noteRanks } from './transcript-moves.ts'
import { batchesInCommit } from './queries/records.ts'
import { eachChunk, insertRows, type Row, valuesList } from './values-list.ts'

/** Read at once of what is stored of a session. */
const BATCHES = 50

/** By the numbers of sessions. Those that are missing are told of by telemetry, if at all. */
type SourcesBySession = Map<number, Exclude<Sources, 'telemetry'>>

/** Who has told of sessions that this transaction holds. */
export async function readSources(
  statements: Statements,
  sessionRefs: readonly number[],
): Promise<SourcesBySession> {
  if (sessionRefs.length === 0) return new Map()
  const rows = await statements.query<{
    readonly session_ref: number
    readonly is_joined: boolean
  }>('select session_ref, is_joined from transcript_sessions where session_ref = any($1)', [
    sessionRefs,
  ])
  return new Map(
    rows.map(({ session_ref, is_joined }) => [session_ref, is_joined ? 'both' : 'transcripts']),
  )
}

/**
 * Without what other sessions told first: of that, one entry of each session stays that says so. Notes in
 * `sources` of which sessions a transcript begins to tell.
 */
export async function ownedOf(
  commit: Commit,
  arrivals: readonly Arrival[],
  sources: SourcesBySession,
): Promise<readonly Arrival[]> {
  const entries = arrivals.filter(({ item }) => item.kind === 'transcript')
  if (entries.length === 0) return arrivals
  for (const sessionRef of new Set(entries.map(commit.refOf))) {
    if (!sources.has(sessionRef)) await begin(commit, sessionRef, sources)
  }
  await noteRanks(commit.statements, entries, commit.refOf)
  const owners = await claim(commit, arrivals)
  return [...Map.groupBy(arrivals, commit.refOf)].flatMap(([sessionRef, own]) =>
    withoutForeign(own, own.map(claimOf), (claimed) => owners.get(claimed) === sessionRef),
  )
}

/** Arrivals that were not known, session by session, each marked with what the other source told of it. */
export async function joinedOf(
  commit: Commit,
  arrivals: readonly Arrival[],
  sources: SourcesBySession,
): Promise<readonly Arrival[]> {
  const bySession = Map.groupBy(arrivals, commit.refOf)
  for (const [sessionRef, own] of bySession) {
    if (sources.get(sessionRef) !== 'transcripts' || !own.some(isEvent)) continue
    await beginJoins(commit, sessionRef, sources)
  }
  const both = [...bySession].filter(([sessionRef]) => sources.get(sessionRef) === 'both')
  const joins = await readJoins(commit.statements, both)
  const joined = [...bySession].flatMap(([sessionRef, own]) => {
    const toldBy = sources.get(sessionRef)
    if (toldBy === undefined) return own
    return joinArrivals(joins.get(sessionRef) ?? createJoins([]), own, toldBy)
  })
  await writeJoins(commit.statements, joins)
  return joined
}

/** A transcript begins to tell of a session. */
async function begin(commit: Commit, sessionRef: number, sources: SourcesBySession): Promise<void> {
  await commit.statements.run(
    'insert into transcript_sessions (session_ref, is_joined) values ($1, false)',
    [sessionRef],
  )
  sources.set(sessionRef, 'transcripts')
  for await (const items of storedItems(commit, sessionRef, 'log')) {
    if (items.length === 0) continue
    await beginJoins(commit, sessionRef, sources)
    return
  }
}

/** Both tell of it from now on: what either has told. */
async function beginJoins(
  commit: Commit,
  sessionRef: number,
  sources: SourcesBySession,
): Promise<void> {
  const { statements } = commit
  await statements.run('update transcript_sessions set is_joined = true where session_ref = $1', [
    sessionRef,
  ])
  sources.set(sessionRef, 'both')
  for (const signal of ['log', 'transcript'] as const) {
    for await (const items of storedItems(commit, sessionRef, signal)) {
      const rows = items.map(rowOfStored).filter((row) => row !== undefined)
      await insertJoins(
        statements,
        rows.map((row) => [sessionRef, row]),
      )
      // The last of a call says all of it.
      const amended = new Map(
        items.flatMap((item) => {
          const amendment = amendmentOfStored(item)
          return amendment === undefined ? [] : [[amendment.joinKey, amendment.alike] as const]
        }),
      )
      if (amended.size === 0) continue
      await statements.run(
        `update transcript_joins j set alike = w.alike
         from unnest($2::text[], $3::text[]) as w (join_key, alike)
         where j.session_ref = $1 and j.join_key = w.join_key`,
        [sessionRef, [...amended.keys()], [...amended.values()]],
      )
    }
  }
}

/** What some batches at a time mean. */
async function* storedItems(
  commit: Commit,
  sessionRef: number,
  signal: 'log' | 'transcript',
): AsyncGenerator<readonly (AgentEvent | MetricSample)[], void> {
  let position = 0
  for (;;) {
    const batches = await batchesInCommit(commit, { sessionRef, signal }, position, BATCHES)
    const last = batches.at(-1)
    if (last === undefined) return
    yield batches.flatMap(commit.itemsOf)
    position = last.id
  }
}

/** Claims lines of transcripts. Resolves to whose each of them is. */
async function claim(
  { statements, refOf }: Commit,
  arrivals: readonly Arrival[],
): Promise<ReadonlyMap<string, number>> {
  const wanted = new Map<string, number>()
  const partial = new Set<string>()
  // Of two sessions in one commit that have a line, the one that came first has it.
  for (const [sessionRef, own] of Map.groupBy(arrivals, refOf)) {
    for (const arrival of own) {
      const claimed = claimOf(arrival)
      if (claimed === undefined || wanted.has(claimed)) continue
      wanted.set(claimed, sessionRef)
      if (isPartial(arrival.rank)) partial.add(claimed)
    }
  }
  if (wanted.size === 0) return wanted
  // In one order for everybody: two that want the same lines wait for each other one way only.
  const rows = [...wanted].sort(([a], [b]) => (a < b ? -1 : 1))
  const added = await statements.query<{ readonly claim: string }>(
    `insert into transcript_claims (claim, session_ref, is_partial)
     select * from unnest($1::text[], $2::bigint[], $3::boolean[])
     on conflict do nothing returning claim`,
    [
      rows.map(([claimed]) => claimed),
      rows.map(([, ref]) => ref),
      rows.map(([claimed]) => partial.has(claimed)),
    ],
  )
  if (added.length === rows.length) return wanted
  const owners = await statements.query<{ readonly claim: string; readonly session_ref: number }>(
    'select claim, session_ref from transcript_claims where claim = any($1)',
    [rows.map(([claimed]) => claimed)],
  )
  return new Map(owners.map(({ claim: claimed, session_ref }) => [claimed, session_ref]))
}

/** A join row that is stored, or will be at the end of the commit. */
interface HeldJoin extends JoinRow {
  /** Absent while it is not stored. */
  readonly id?: number
}

/** Join rows of a session in memory, with what is to be written of them. */
interface HeldJoins extends JoinRows<HeldJoin> {
  readonly added: readonly JoinRow[]
  readonly changed: readonly (JoinRow & { readonly id: number })[]
  readonly dropped: readonly number[]
}

/** Over those that are stored, the oldest first. */
function createJoins(stored: readonly HeldJoin[]): HeldJoins {
  /** The oldest first, each as it is now. */
  const rows: HeldJoin[] = [...stored]
  const places = new Map<HeldJoin, number>(rows.map((row, at) => [row, at]))
  const byId = new Map<string, number[]>()
  const byLook = new Map<string, number[]>()
  const changed = new Set<number>()
  const dropped = new Set<HeldJoin>()

  function note({ join_id, alike }: JoinRow, at: number): void {
    if (join_id !== null) listIn(byId, join_id).push(at)
    listIn(byLook, alike).push(at)
  }

  const rowsAt = (some: readonly number[] = []) =>
    some.map((at) => rows[at] as HeldJoin).filter((row) => !dropped.has(row))
  const like = (alike: string) => rowsAt(byLook.get(alike)).filter((row) => row.alike === alike)

  function change(row: HeldJoin, changes: Partial<JoinRow>): number {
    const at = places.get(row)
    if (at === undefined) throw new Error('a join row of another commit was changed')
    const now = { ...row, ...changes }
    rows[at] = now
    places.set(now, at)
    changed.add(at)
    return at
  }

  for (const [at, row] of rows.entries()) note(row, at)

  return {
    ofId: (joinId) => rowsAt(byId.get(joinId)),
    firstLike: (alike, by) => like(alike).find(({ told }) => told === by),
    firstUnnamedLike: (alike, by) =>
      like(alike).find(({ told, join_id }) => told === by && join_id === null),
    ofKey: (joinKey) => rows.find((row) => row.join_key === joinKey && !dropped.has(row)),
    add: (row) => {
      places.set(row, rows.length)
      note(row, rows.length)
      rows.push(row)
    },
    complete: (row, keys) => void change(row, keys),
    amend: (row, alike) => listIn(byLook, alike).push(change(row, { alike })),
    drop: (row) => void dropped.add(row),
    get added() {
      return rows.slice(stored.length).filter((row) => !dropped.has(row))
    },
    get changed() {
      return [...changed].flatMap((at) => {
        const row = rows[at] as HeldJoin
        return row.id === undefined || dropped.has(row) ? [] : [{ ...row, id: row.id }]
      })
    },
    get dropped() {
      return [...dropped].flatMap(({ id }) => (id === undefined ? [] : [id]))
    },
  }
}

function listIn(map: Map<string, number[]>, key: string): number[] {
  const found = map.get(key) ?? []
  map.set(key, found)
  return found
}

interface FoundJoin extends JoinRow {
  readonly id: number
  readonly session_ref: number
}

const FOUND = 'j.id, j.session_ref, j.join_id, j.alike, j.told, j.join_key, j.telemetry_key'

/** The rows that arrivals of sessions may be joined with. */
async function readJoins(
  statements: Statements,
  bySession: readonly (readonly [number, readonly Arrival[]])[],
): Promise<ReadonlyMap<number, HeldJoins>> {
  const ids = new Map<string, Row>()
  const looks = new Map<string, Row>()
  const keys = new Map<string, Row>()
  for (const [sessionRef, own] of bySession) {
    const lookups = own.map(lookupOf).filter((lookup) => lookup !== undefined)
    for (const { id, alike, by, joinKey } of lookups) {
      if (joinKey !== undefined) keys.set(`${sessionRef} ${joinKey}`, [sessionRef, joinKey])
      if (id !== undefined) ids.set(`${sessionRef} ${id}`, [sessionRef, id])
      if (alike === undefined) continue
      // Each of them takes one row at most: so many are enough for all of them.
      looks.set(`${sessionRef} ${by} ${alike}`, [sessionRef, alike, by, lookups.length])
    }
  }
  const found = new Map<number, FoundJoin>()
  for (const [column, values] of [
    ['join_id', ids],
    ['join_key', keys],
  ] as const) {
    if (values.size === 0) continue
    const named = await statements.query<FoundJoin>(
      `select ${FOUND} from transcript_joins j
       join unnest($1::bigint[], $2::text[]) as w (session_ref, sought)
         on j.session_ref = w.session_ref and j.${column} = w.sought`,
      columnsOf([...values.values()], 2),
    )
    for (const row of named) found.set(row.id, row)
  }
  if (looks.size > 0) {
    const like = (also: string) =>
      `(select ${FOUND} from transcript_joins j
        where j.session_ref = w.session_ref and j.alike = w.alike and j.told = w.told ${also}
        order by j.id limit w.rows)`
    const alike = await statements.query<FoundJoin>(
      `select f.* from unnest($1::bigint[], $2::text[], $3::integer[], $4::integer[])
         as w (session_ref, alike, told, rows)
       cross join lateral (${like('')} union ${like('and j.join_id is null')}) f`,
      columnsOf([...looks.values()], 4),
    )
    for (const row of alike) found.set(row.id, row)
  }
  const rows = Map.groupBy(
    [...found.values()].toSorted((a, b) => a.id - b.id),
    ({ session_ref }) => session_ref,
  )
  return new Map(
    bySession.map(([sessionRef]) => [sessionRef, createJoins(rows.get(sessionRef) ?? [])]),
  )
}

/** Rows as so many lists, for `unnest`. */
function columnsOf(rows: readonly Row[], columns: number): unknown[][] {
  return Array.from({ length: columns }, (_, column) => rows.map((row) => row[column]))
}

async function writeJoins(
  statements: Statements,
  joins: ReadonlyMap<number, HeldJoins>,
): Promise<void> {
  await insertJoins(
    statements,
    [...joins].flatMap(([ref, { added }]) => added.map((row) => [ref, row] as const)),
  )
  const changed = [...joins.values()].flatMap((of) => of.changed)
  await eachChunk(
    statements,
    changed.map(({ id, alike, told, join_key, telemetry_key }): Row => {
      return [id, alike, told, join_key, telemetry_key]
    }),
    (chunk) => `update transcript_joins j set alike = v.alike, told = v.told,
         join_key = v.join_key, telemetry_key = v.telemetry_key
       from (values ${valuesList(chunk, ['bigint', 'text', 'integer', 'text', 'text'])})
         as v (id, alike, told, join_key, telemetry_key)
       where j.id = v.id`,
  )
  const dropped = [...joins.values()].flatMap((of) => of.dropped)
  if (dropped.length === 0) return
  await statements.run('delete from transcript_joins where id = any($1)', [dropped])
}

async function insertJoins(
  statements: Statements,
  rows: readonly (readonly [sessionRef: number, row: JoinRow])[],
): Promise<void> {
  await insertRows(
    statements,
    'transcript_joins',
    ['session_ref', 'join_id', 'alike', 'told', 'join_key', 'telemetry_key'],
    rows.map(([sessionRef, of]): Row => {
      return [sessionRef, of.join_id, of.alike, of.told, of.join_key, of.telemetry_key]
    }),
  )
}
