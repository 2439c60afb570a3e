/**
 * Lines that a session gives up to the one that wrote them first: the statements behind
 * `transcript-moves.ts`, which decides.
 */
import type { AgentEvent, KeptPrompt } from '../../domain/agent-event.ts'
import type { MetricSample } from '../../domain/metric-sample.ts'
import type { Arrival } from '../../domain/session-store.ts'
import type { StoredBatch } from '../../domain/telemetry-record.ts'
import { compareRanks, type TranscriptRank } from '../../domain/transcript-rank.ts'
import { createBoundedMap } from '../bounded-map.ts'
import {
  askedBackFrom,
  changedJoins,
  changedRecords,
  type ClaimHolder,
  type ClaimPlaces,
  claimsAskedOf,
  claimsSoughtBy,
  createClaimPlaces,
  dedupKeysOf,
  earliestRank,
  givenUp,
  type HeldBatch,
  heldBatchOf,
  keptPrompts,
  promptKeysOf,
  type StoredJoin,
  surrenderOf,
} from '../transcript-moves.ts'
import type { Connection } from './connection.ts'

export interface TranscriptMoves {
  /** See `SessionStore`. */
  askedBack(arrivals: readonly Arrival[]): readonly Arrival[]
  /** Notes when the files were begun that a session's arrivals are of. */
  noteRank(sessionRef: number, arrivals: readonly Arrival[]): void
  /** Takes out of what is stored of a session what it is asked for, and says what that was. */
  giveUp(sessionRef: number, arrivals: readonly Arrival[]): readonly Arrival[]
  /** After a rollback. */
  forget(): void
}

interface TranscriptMovesDeps {
  readonly connection: Connection
  /** What stored records mean. */
  readonly itemsOf: (batch: StoredBatch) => readonly (AgentEvent | MetricSample)[]
}

type RawBatch = HeldBatch & { readonly body: string }

const MAX_REMEMBERED = 10_000
/** Sessions of which it is remembered where their entries are. */
const MAX_PLACES = 2

export function createTranscriptMoves({
  connection,
  itemsOf,
}: TranscriptMovesDeps): TranscriptMoves {
  const { handle } = connection
  const ranks = createBoundedMap<number, TranscriptRank>(MAX_REMEMBERED)
  const places = createBoundedMap<number, ClaimPlaces>(MAX_PLACES)

  const holders = handle.prepare<[string], ClaimHolder>(
    `select c.claim, s.agent, s.session_id, c.is_partial, t.begun_ms, t.ended_ms, s.first_ms, s.last_ms
     from json_each(?) w
     join transcript_claims c on c.claim = w.value
     join sessions s on s.id = c.session_ref
     left join transcript_sessions t on t.session_ref = c.session_ref`,
  )
  const putRank = handle.prepare<
    [Pick<TranscriptRank, 'begunMs' | 'order'> & { readonly sessionRef: number }]
  >(
    `update transcript_sessions set begun_ms = :begunMs, ended_ms = :order
     where session_ref = :sessionRef and (begun_ms is null or :begunMs <= begun_ms)`,
  )
  const heldOf = handle
    .prepare<[number, string], string>(
      `select claim from transcript_claims
       where session_ref = ? and claim in (select value from json_each(?))`,
    )
    .pluck()
  const columns = 'b.id, signal, received_ms, body, session_key, scope_name'
  const from = `from record_batches b join sessions s on s.id = b.session_ref
     join origins o on o.id = b.origin_ref where session_ref = ?`
  const transcriptsBehind = handle.prepare<[number, number], RawBatch>(
    `select ${columns} ${from} and b.id > ? and signal = 'transcript' order by b.id`,
  )
  const batchesIn = handle.prepare<[number, string], RawBatch>(
    `select ${columns} ${from} and b.id in (select value from json_each(?)) order by b.id`,
  )
  const allBatches = handle.prepare<[number], RawBatch>(
    `select ${columns} ${from} and signal in ('log', 'transcript') order by b.id`,
  )
  const setBody = handle.prepare<[string, number]>(
    'update record_batches set body = ? where id = ?',
  )
  const joins = handle.prepare<[number, string, string], StoredJoin>(
    `select id, join_id, alike, told, join_key, telemetry_key from transcript_joins
     where session_ref = ? and (join_key in (select value from json_each(?))
       or (told = 1 and alike in (select value from json_each(?)))) order by id`,
  )
  const dropJoin = handle.prepare<[number]>('delete from transcript_joins where id = ?')
  const setJoin = handle.prepare<[StoredJoin]>(
    `update transcript_joins set join_id = :join_id, told = :told, join_key = :join_key,
       telemetry_key = :telemetry_key
     where id = :id`,
  )
  const drop = (table: string, column: string) =>
    handle.prepare<[number, string]>(
      `delete from ${table} where session_ref = ? and ${column} in (select value from json_each(?))`,
    )
  const dropClaims = drop('transcript_claims', 'claim')
  const dropSeen = drop('seen', 'dedup_key')
  const dropPrompts = drop('prompts', 'dedup_key')
  const firstPrompts = handle.prepare<[number], KeptPrompt>(
    `select time_ms as "timeMs", command, text from prompts where session_ref = ?
     order by time_ms limit 20`,
  )

  /** Where the entries of a session are, up to its newest batch. */
  function placesOf(sessionRef: number): ClaimPlaces {
    const of = places.get(sessionRef) ?? createClaimPlaces()
    places.set(sessionRef, of)
    for (const row of transcriptsBehind.iterate(sessionRef, of.throughId)) of.note(batchOf(row))
    return of
  }

  return {
    askedBack: (arrivals) => {
      const claims = arrivals.flatMap(claimsSoughtBy)
      if (claims.length === 0) return []
      return askedBackFrom(arrivals, holders.all(JSON.stringify(claims)))
    },
    noteRank: (sessionRef, arrivals) => {
      const rank = earliestRank(arrivals)
      const known = ranks.get(sessionRef)
      if (rank === undefined || (known !== undefined && compareRanks(rank, known) === 0)) return
      const { begunMs, order } = rank
      putRank.run({ begunMs, order, sessionRef })
      ranks.set(sessionRef, rank)
    },
    giveUp: (sessionRef, arrivals) => {
      const claims = heldOf.all(sessionRef, JSON.stringify(claimsAskedOf(arrivals)))
      if (claims.length === 0) return []
      const ids = placesOf(sessionRef).of(claims)
      const held = batchesIn.all(sessionRef, JSON.stringify(ids)).map(batchOf)
      const surrender = surrenderOf(claims, held, itemsOf)
      const { joinKeys, alike } = surrender
      const changes = changedJoins(
        surrender,
        joins.all(sessionRef, JSON.stringify(joinKeys), JSON.stringify(alike)),
      )
      for (const { id } of changes.dropped) dropJoin.run(id)
      for (const row of changes.changed) setJoin.run(row)
      const isWide = changes.unmarked.size + changes.copies.size > 0
      const batches = isWide ? allBatches.all(sessionRef).map(batchOf) : held
      for (const batch of batches) {
        const records = changedRecords(batch, surrender, changes)
        if (records !== undefined) setBody.run(JSON.stringify(records), batch.id)
      }
      dropClaims.run(sessionRef, JSON.stringify([...surrender.claims.keys()]))
      dropSeen.run(sessionRef, JSON.stringify(dedupKeysOf(surrender)))
      dropPrompts.run(sessionRef, JSON.stringify(promptKeysOf(surrender)))
      const prompts = keptPrompts(firstPrompts.all(sessionRef))
      return givenUp(arrivals, surrender, changes, prompts)
    },
    forget: () => {
      ranks.clear()
      places.clear()
    },
  }
}

function batchOf(row: RawBatch): StoredBatch {
  return heldBatchOf(row, row.body)
}
