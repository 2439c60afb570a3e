/**
 * The rows of the outbox. An item is stored once; who still has to deliver it, or has given it up, is a
 * row of `outbox_deliveries`. A row goes when no exporter needs it.
 *
 * A score has one row: a newer one takes the place of the one that waits or is dead. Whoever still holds
 * the older item marks a row that is gone, and keeps the lease of its session until then, so that the
 * newer one is not sent beside it.
 */
import type { OutboxCounts, OutboxReader, OutgoingItem, QueueCounts } from '../../domain/outbox.ts'
import { EMISSION_VERSION, writeEmission } from '../emission-text.ts'
import { changedQueues } from '../outbox-queues.ts'
import { packJson } from '../packed-json.ts'
import type { Database, Statements } from './connection.ts'
import { keyText } from './stored-values.ts'
import { eachChunk, type Row, valuesList } from './values-list.ts'

/** One after the other says which exporters there are. Any number will do, as long as it stays. */
const READERS_LOCK = 7_251_403_118_600_003n

const TYPES = ['text', 'text', 'text', 'double precision', 'integer', 'bigint', 'bytea', 'text']

/** A condition: an item of a destination is for that exporter, one without for all that are no routes. */
function isFor(destination: string, exporter: string): string {
  return `case when ${destination} = '' then position(':' in ${exporter}) = 0
    else ${destination} = ${exporter} end`
}

/**
 * Adds items, in their order, for the exporters that read their kind: for those that it names, or for all
 * that the settings configure where it names none. What nobody reads is not kept.
 */
export async function insertItems(
  statements: Statements,
  items: readonly OutgoingItem[],
  nowMs: number,
  destinationsOf: (item: OutgoingItem) => readonly string[] | undefined = () => undefined,
): Promise<void> {
  const kept = withNewestScores(items)
  if (kept.length === 0) return
  await supersede(statements, kept)
  const rows = kept.flatMap((item): Row[] => {
    const text = writeEmission(item)
    const row = [
      keyText(item.sessionKey),
      item.kind,
      item.kind === 'score' ? keyText(item.key) : null,
      nowMs,
      EMISSION_VERSION,
      Buffer.byteLength(text),
      packJson(text),
    ]
    return [...new Set(destinationsOf(item) ?? [''])].map((destination) => [...row, destination])
  })
  if (rows.length === 0) return
  const columns =
    'session_key, kind, score_key, created_ms, payload_version, bytes, payload, destination'
  await eachChunk(
    statements,
    rows,
    (chunk) => `with given as (
        select * from (values ${valuesList(chunk, TYPES)}) as v (${columns})
        where exists (select 1 from outbox_readers r
          where r.kind = v.kind and ${isFor('v.destination', 'r.exporter')})),
      added as (
        insert into outbox (${columns}) select * from given returning id, session_key, kind, destination)
      insert into outbox_deliveries
        (exporter, outbox_id, kind, session_key, state, attempts, not_before_ms)
      select exporter, id, kind, session_key, 'pending', 0, 0
      from added join outbox_readers using (kind) where ${isFor('destination', 'exporter')}`,
  )
}

/** Of scores with one key the last one. */
function withNewestScores(items: readonly OutgoingItem[]): readonly OutgoingItem[] {
  const newest = new Map<string, OutgoingItem>()
  for (const item of items) if (item.kind === 'score') newest.set(scoreName(item), item)
  return items.filter((item) => item.kind !== 'score' || newest.get(scoreName(item)) === item)
}

function scoreName({ sessionKey, key }: OutgoingItem): string {
  return JSON.stringify([sessionKey, key])
}

async function supersede(statements: Statements, items: readonly OutgoingItem[]): Promise<void> {
  const scores = items.filter(({ kind }) => kind === 'score')
  if (scores.length === 0) return
  await statements.run(
    `delete from outbox using unnest($1::text[], $2::text[]) as newer (session_key, score_key)
     where outbox.session_key = newer.session_key and outbox.score_key = newer.score_key`,
    [scores.map(({ sessionKey }) => keyText(sessionKey)), scores.map(({ key }) => keyText(key))],
  )
}

/** Items that no exporter needs any more go. Their rows are locked first, for another may look, too. */
export async function removeUnneeded(
  statements: Statements,
  ids: readonly number[],
): Promise<number> {
  return statements.run(
    `delete from outbox where id = any($1)
     and not exists (select 1 from outbox_deliveries where outbox_id = outbox.id)`,
    [ids],
  )
}

/** In one order, so that two who change the same items wait for each other instead of both. */
export async function lockItems(statements: Statements, ids: readonly number[]): Promise<void> {
  await statements.query('select id from outbox where id = any($1) order by id for update', [ids])
}

/**
 * Makes these the exporters that items are kept for. A new one begins behind what is there; what
 * waited for one that is missing is no longer kept for it. Resolves to those that were missing.
 */
export async function setReaders(
  database: Database,
  readers: readonly OutboxReader[],
): Promise<readonly QueueCounts[]> {
  return database.transaction(async (statements) => {
    await statements.query('select pg_advisory_xact_lock($1)', [READERS_LOCK])
    const { added, missing } = changedQueues((await countOutbox(statements)).queues, readers)
    for (const { exporter, kind } of missing) {
      const values = [exporter, kind]
      await statements.run('delete from outbox_readers where exporter = $1 and kind = $2', values)
      await statements.run(
        'delete from outbox_deliveries where exporter = $1 and kind = $2',
        values,
      )
      await statements.run('delete from outbox_leases where exporter = $1 and kind = $2', values)
    }
    for (const { exporter, kind } of added) {
      await statements.run('insert into outbox_readers (exporter, kind) values ($1, $2)', [
        exporter,
        kind,
      ])
    }
    return missing
  })
}

export async function countOutbox(statements: Statements): Promise<OutboxCounts> {
  const rows = await statements.query<QueueCounts>(
    `select r.exporter, r.kind, coalesce(pending, 0) as pending, coalesce(dead, 0) as dead
     from outbox_readers r left join (
       select exporter, kind, count(*) filter (where state = 'pending') as pending,
         count(*) filter (where state = 'dead') as dead
       from outbox_deliveries group by exporter, kind) d using (exporter, kind)
     order by r.exporter, r.kind`,
  )
  const [sum] = await statements.query<{ readonly bytes: number }>(
    'select coalesce(sum(bytes), 0) as bytes from outbox',
  )
  return {
    pending: rows.reduce((all, { pending }) => all + pending, 0),
    dead: rows.reduce((all, { dead }) => all + dead, 0),
    bytes: sum?.bytes ?? 0,
    queues: rows,
  }
}

/** Deletes items, whoever needs them. Resolves to how many there were. */
export async function discardItems(
  statements: Statements,
  ids: readonly number[],
): Promise<number> {
  return statements.run('delete from outbox where id = any($1)', [ids])
}

/** Makes dead items pending as if they were new. Resolves to how many there were. */
export async function putBack(
  statements: Statements,
  ids: readonly number[],
  nowMs: number,
): Promise<number> {
  await lockItems(statements, ids)
  const rows = await statements.query<{ readonly id: number }>(
    `update outbox_deliveries set state = 'pending', attempts = 0, not_before_ms = 0, reason = null
     where outbox_id = any($1) and state = 'dead' returning outbox_id as id`,
    [ids],
  )
  const changed = [...new Set(rows.map(({ id }) => id))]
  await statements.run('update outbox set created_ms = $2 where id = any($1)', [changed, nowMs])
  return changed.length
}

/** Forgets dead items. Resolves to how many there were. */
export async function dropDead(statements: Statements, ids: readonly number[]): Promise<number> {
  await lockItems(statements, ids)
  const rows = await statements.query<{ readonly id: number }>(
    `delete from outbox_deliveries where outbox_id = any($1) and state = 'dead'
     returning outbox_id as id`,
    [ids],
  )
  const changed = [...new Set(rows.map(({ id }) => id))]
  await removeUnneeded(statements, changed)
  return changed.length
}
