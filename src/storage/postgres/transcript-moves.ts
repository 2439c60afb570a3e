/**
 * Lines that a session gives up to the one that wrote them first, inside a commit that holds the session:
 * the statements behind `transcript-moves.ts`, which decides.
 */
import type { AgentEvent, KeptPrompt } from '../../domain/agent-event.ts'
import type { MetricSample } from '../../domain/metric-sample.ts'
import type { Arrival } from '../../domain/session-store.ts'
import type { StoredBatch } from '../../domain/telemetry-record.ts'
import { packJson, readJson } from '../packed-json.ts'
import {
  askedBackFrom,
  changedJoins,
  changedRecords,
  type ClaimHolder,
  type ClaimPlaces,
  claimsAskedOf,
  claimsSoughtBy,
  dedupKeysOf,
  earliestRank,
  givenUp,
  type HeldBatch,
  heldBatchOf,
  isAskedBack,
  keptPrompts,
  promptKeysOf,
  type StoredJoin,
  type Surrender,
  surrenderOf,
} from '../transcript-moves.ts'
import type { Statements } from './connection.ts'
import { keyText } from './stored-values.ts'
import type { RecordsInCommit } from './queries/records.ts'

/** A commit under way. */
export interface Commit extends RecordsInCommit {
  readonly refOf: (arrival: Arrival) => number
  /** Where the entries of a session are, as far as they were looked through. */
  readonly placesOf: (sessionRef: number) => ClaimPlaces
  /** What stored records mean. */
  readonly itemsOf: (batch: StoredBatch) => readonly (AgentEvent | MetricSample)[]
}

/** Read at once of what is stored of a session. */
const BATCHES = 50

/** See `SessionStore`. */
export async function askedBack(
  statements: Statements,
  arrivals: readonly Arrival[],
): Promise<readonly Arrival[]> {
  const claims = arrivals.flatMap(claimsSoughtBy)
  if (claims.length === 0) return []
  const holders = await statements.query<ClaimHolder>(
    `select c.claim, s.agent, s.session_id, c.is_partial, t.begun_ms, t.ended_ms, s.first_ms, s.last_ms
     from transcript_claims c
     join sessions s on s.id = c.session_ref
     left join transcript_sessions t on t.session_ref = c.session_ref
     where c.claim = any($1)`,
    [claims],
  )
  return askedBackFrom(arrivals, holders)
}

/** Notes when the files were begun that sessions' arrivals are of. */
export async function noteRanks(
  statements: Statements,
  arrivals: readonly Arrival[],
  refOf: (arrival: Arrival) => number,
): Promise<void> {
  for (const [sessionRef, own] of Map.groupBy(arrivals, refOf)) {
    const rank = earliestRank(own)
    if (rank === undefined) continue
    await statements.run(
      `update transcript_sessions set begun_ms = $2, ended_ms = $3
       where session_ref = $1 and (begun_ms is null or $2 < begun_ms
         or ($2 = begun_ms and $3 <> ended_ms))`,
      [sessionRef, rank.begunMs, rank.order],
    )
  }
}

/** Takes out of what is stored of sessions what they are asked for, and says what that was. */
export async function giveUp(
  commit: Commit,
  arrivals: readonly Arrival[],
): Promise<readonly Arrival[]> {
  const asked = arrivals.filter(isAskedBack)
  const given: Arrival[] = []
  for (const [sessionRef, own] of Map.groupBy(asked, commit.refOf)) {
    given.push(...(await giveUpOf(commit, sessionRef, own)))
  }
  return given
}

async function giveUpOf(
  { statements, itemsOf, placesOf }: Commit,
  sessionRef: number,
  arrivals: readonly Arrival[],
): Promise<readonly Arrival[]> {
  const held = await statements.query<{ readonly claim: string }>(
    'select claim from transcript_claims where session_ref = $1 and claim = any($2)',
    [sessionRef, claimsAskedOf(arrivals)],
  )
  if (held.length === 0) return []
  const claims = held.map(({ claim }) => claim)
  const places = placesOf(sessionRef)
  const behind = batchesOf(statements, sessionRef, ['transcript'], places.throughId)
  for await (const batch of behind) places.note(batch)
  const ofClaims = await readBatches(
    statements,
    'session_ref = $1 and b.id = any($2) order by b.id',
    [sessionRef, places.of(claims)],
  )
  const surrender = surrenderOf(claims, ofClaims, itemsOf)
  const rows = await statements.query<StoredJoin>(
    `select id, join_id, alike, told, join_key, telemetry_key from transcript_joins
     where session_ref = $1 and (join_key = any($2) or (told = 1 and alike = any($3)))
     order by id`,
    [sessionRef, surrender.joinKeys, surrender.alike],
  )
  const changes = changedJoins(surrender, rows)
  await writeJoins(statements, changes)
  const isWide = changes.unmarked.size + changes.copies.size > 0
  const all = batchesOf(statements, sessionRef, ['log', 'transcript'], 0)
  for await (const batch of isWide ? all : ofClaims) {
    const records = changedRecords(batch, surrender, changes)
    if (records !== undefined) await writeBatch(statements, batch.id, records)
  }
  await dropRows(statements, sessionRef, surrender)
  const prompts = await statements.query<KeptPrompt>(
    `select time_ms as "timeMs", command, text from prompts where session_ref = $1
     order by time_ms limit 20`,
    [sessionRef],
  )
  return givenUp(arrivals, surrender, changes, keptPrompts(prompts))
}

async function writeJoins(
  statements: Statements,
  {
    dropped,
    changed,
  }: { readonly dropped: readonly StoredJoin[]; readonly changed: readonly StoredJoin[] },
): Promise<void> {
  if (dropped.length > 0) {
    await statements.run('delete from transcript_joins where id = any($1)', [
      dropped.map(({ id }) => id),
    ])
  }
  for (const { id, join_id, told, join_key, telemetry_key } of changed) {
    await statements.run(
      `update transcript_joins set join_id = $2, told = $3, join_key = $4, telemetry_key = $5
       where id = $1`,
      [id, join_id, told, join_key, telemetry_key],
    )
  }
}

async function writeBatch(
  statements: Statements,
  id: number,
  records: StoredBatch['records'],
): Promise<void> {
  const text = JSON.stringify(records)
  await statements.run('update record_batches set body = $2, json_bytes = $3 where id = $1', [
    id,
    packJson(text),
    Buffer.byteLength(text),
  ])
}

async function dropRows(
  statements: Statements,
  sessionRef: number,
  surrender: Surrender,
): Promise<void> {
  const drop = (table: string, column: string, keys: readonly string[]) =>
    statements.run(`delete from ${table} where session_ref = $1 and ${column} = any($2)`, [
      sessionRef,
      keys,
    ])
  const keysOf = (keys: readonly string[]) => keys.map((key) => keyText(key.toWellFormed()))
  await drop('transcript_claims', 'claim', [...surrender.claims.keys()])
  await drop('seen', 'dedup_key', keysOf(dedupKeysOf(surrender)))
  await drop('prompts', 'dedup_key', keysOf(promptKeysOf(surrender)))
}

/** Whole batches of a session behind an id, some at a time. */
async function* batchesOf(
  statements: Statements,
  sessionRef: number,
  signals: readonly StoredBatch['signal'][],
  behindId: number,
): AsyncGenerator<StoredBatch, void> {
  for (let afterId = behindId; ; ) {
    const batches = await readBatches(
      statements,
      'session_ref = $1 and signal = any($2) and b.id > $3 order by b.id limit $4',
      [sessionRef, signals, afterId, BATCHES],
    )
    const last = batches.at(-1)
    if (last === undefined) return
    yield* batches
    afterId = last.id
  }
}

async function readBatches(
  statements: Statements,
  which: string,
  values: readonly unknown[],
): Promise<readonly StoredBatch[]> {
  const rows = await statements.query<HeldBatch & { readonly body: Buffer }>(
    `select b.id, signal, received_ms, body, session_key, scope_name
     from record_batches b join sessions s on s.id = b.session_ref
     join origins o on o.id = b.origin_ref where ${which}`,
    values,
  )
  return rows.map((row) => heldBatchOf(row, readJson(row.body)))
}
