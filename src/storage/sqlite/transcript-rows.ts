/**
 * What transcripts and telemetry tell alike, inside a commit: the statements behind
 * `transcript-joins.ts`. All sessions that only telemetry tells of cost a look into a map.
 */
import type { AgentEvent } from '../../domain/agent-event.ts'
import type { MetricSample } from '../../domain/metric-sample.ts'
import type { Arrival } from '../../domain/session-store.ts'
import { isPartial } from '../../domain/transcript-rank.ts'
import type { StoredBatch } from '../../domain/telemetry-record.ts'
import { createBoundedMap } from '../bounded-map.ts'
import {
  amendmentOfStored,
  claimOf,
  isEvent,
  joinArrivals,
  type JoinRow,
  type JoinRows,
  rowOfStored,
  type Sources,
  withoutForeign,
} from '../transcript-joins.ts'
import type { Connection } from './connection.ts'
import { type NewRow, prepare } from './prepared.ts'
import { createRecordBatches } from './queries/record-batches.ts'
import { createTranscriptMoves, type TranscriptMoves } from './transcript-moves.ts'

export interface TranscriptRows {
  /**
   * Without what another session told first: of that, one entry stays that says so. Comes before
   * anything of the commit is stored of the session.
   */
  owned(sessionRef: number, arrivals: readonly Arrival[]): readonly Arrival[]
  /** Records that were not known, each marked with what the other source told of it. */
  joined(sessionRef: number, arrivals: readonly Arrival[]): readonly Arrival[]
  readonly moves: TranscriptMoves
  /** After a rollback. */
  forget(): void
}

const MAX_REMEMBERED = 10_000

/** Read at once of what is stored of a session. */
const BATCHES = 50

interface ById {
  readonly sessionRef: number
  readonly joinId: string
}

interface ByLook {
  readonly sessionRef: number
  readonly alike: string
  readonly told: number
}

type StoredJoin = JoinRow & { readonly id: number }

interface TranscriptRowsDeps {
  readonly connection: Connection
  /** What stored records mean. */
  readonly itemsOf: (batch: StoredBatch) => readonly (AgentEvent | MetricSample)[]
}

export function createTranscriptRows({ connection, itemsOf }: TranscriptRowsDeps): TranscriptRows {
  const { kysely, handle } = connection
  const records = createRecordBatches(connection).inCommit
  const told = createBoundedMap<number, Sources>(MAX_REMEMBERED)
  const moves = createTranscriptMoves({ connection, itemsOf })

  const findSession = prepare(connection, ({ sessionRef }: { sessionRef: number }) =>
    kysely
      .selectFrom('transcript_sessions')
      .select('is_joined')
      .where('session_ref', '=', sessionRef),
  )
  const insertSession = prepare(connection, (row: NewRow<'transcript_sessions'>) =>
    kysely.insertInto('transcript_sessions').values(row),
  )
  const setJoined = prepare(connection, ({ sessionRef }: { sessionRef: number }) =>
    kysely
      .updateTable('transcript_sessions')
      .set({ is_joined: 1 })
      .where('session_ref', '=', sessionRef),
  )
  // One statement for all of a commit costs a fraction of one for each.
  const insertClaims = handle.prepare<[number, number, string]>(
    `insert or ignore into transcript_claims (claim, session_ref, is_partial)
     select value, ?, ? from json_each(?)`,
  )
  const ownerOf = prepare(connection, ({ claim }: { claim: string }) =>
    kysely.selectFrom('transcript_claims').select('session_ref').where('claim', '=', claim),
  )
  const columns = ['id', 'join_id', 'alike', 'told', 'join_key', 'telemetry_key'] as const
  const byId = prepare(connection, ({ sessionRef, joinId }: ById) =>
    kysely
      .selectFrom('transcript_joins')
      .select([...columns])
      .where('session_ref', '=', sessionRef)
      .where('join_id', '=', joinId)
      .orderBy('id'),
  )
  const likeIt = ({ sessionRef, alike, told: by }: ByLook) =>
    kysely
      .selectFrom('transcript_joins')
      .select([...columns])
      .where('session_ref', '=', sessionRef)
      .where('alike', '=', alike)
      .where('told', '=', by)
      .orderBy('id')
      .limit(1)
  const byLook = prepare(connection, likeIt)
  const byLookUnnamed = prepare(connection, (of: ByLook) => likeIt(of).where('join_id', 'is', null))
  const byKey = prepare(
    connection,
    ({ sessionRef, joinKey }: { sessionRef: number; joinKey: string }) =>
      kysely
        .selectFrom('transcript_joins')
        .select([...columns])
        .where('session_ref', '=', sessionRef)
        .where('join_key', '=', joinKey)
        .limit(1),
  )
  const amend = prepare(connection, ({ id, alike }: { id: number; alike: string }) =>
    kysely.updateTable('transcript_joins').set({ alike }).where('id', '=', id),
  )
  const drop = prepare(connection, ({ id }: { id: number }) =>
    kysely.deleteFrom('transcript_joins').where('id', '=', id),
  )
  const insert = prepare(connection, (row: NewRow<'transcript_joins'>) =>
    kysely.insertInto('transcript_joins').values(row),
  )
  const complete = prepare(
    connection,
    (row: { id: number; told: number; joinKey: string | null; telemetryKey: string | null }) =>
      kysely
        .updateTable('transcript_joins')
        .set({ told: row.told, join_key: row.joinKey, telemetry_key: row.telemetryKey })
        .where('id', '=', row.id),
  )

  const joinsOf = (sessionRef: number): JoinRows<StoredJoin> => ({
    ofId: (joinId) => byId.all({ sessionRef, joinId }),
    firstLike: (alike, by) => byLook.get({ sessionRef, alike, told: by }),
    firstUnnamedLike: (alike, by) => byLookUnnamed.get({ sessionRef, alike, told: by }),
    ofKey: (joinKey) => byKey.get({ sessionRef, joinKey }),
    amend: ({ id }, alike) => void amend.run({ id, alike }),
    drop: ({ id }) => void drop.run({ id }),
    add: (row) => void insert.run({ session_ref: sessionRef, ...row }),
    complete: ({ id }, { join_key: joinKey, telemetry_key: telemetryKey, told: by }) =>
      void complete.run({ id, told: by, joinKey, telemetryKey }),
  })

  function sourcesOf(sessionRef: number): Sources {
    const known = told.get(sessionRef)
    if (known !== undefined) return known
    const row = findSession.get({ sessionRef })
    const sources = row === undefined ? 'telemetry' : row.is_joined === 1 ? 'both' : 'transcripts'
    told.set(sessionRef, sources)
    return sources
  }

  /** A transcript begins to tell of a session. */
  function begin(sessionRef: number, sessionKey: string): void {
    insertSession.run({
      session_ref: sessionRef,
      is_joined: 0,
      begun_ms: null,
      ended_ms: null,
    })
    told.set(sessionRef, 'transcripts')
    const hasTelemetry = storedItems(sessionKey, 'log').next().done !== true
    if (hasTelemetry) beginJoins(sessionRef, sessionKey)
  }

  /** Both tell of it from now on: what either has told. */
  function beginJoins(sessionRef: number, sessionKey: string): void {
    setJoined.run({ sessionRef })
    told.set(sessionRef, 'both')
    for (const signal of ['log', 'transcript'] as const) {
      for (const item of storedItems(sessionKey, signal)) {
        const row = rowOfStored(item)
        if (row !== undefined) insert.run({ session_ref: sessionRef, ...row })
        const amendment = amendmentOfStored(item)
        if (amendment === undefined) continue
        const { joinKey, alike } = amendment
        const before = byKey.get({ sessionRef, joinKey })
        if (before !== undefined) amend.run({ id: before.id, alike })
      }
    }
  }

  function* storedItems(
    sessionKey: string,
    signal: 'log' | 'transcript',
  ): Generator<AgentEvent | MetricSample, void> {
    let position = 0
    for (;;) {
      const batches = records.batches(sessionKey, position, BATCHES)
      const last = batches.at(-1)
      if (last === undefined) return
      yield* batches.filter((batch) => batch.signal === signal).flatMap(itemsOf)
      position = last.id
    }
  }

  /** Which of them nobody has claimed before, or this session has. */
  function ownedClaims(
    sessionRef: number,
    arrivals: readonly Arrival[],
    claims: readonly (string | undefined)[],
  ): (claim: string) => boolean {
    const whole: string[] = []
    const partial: string[] = []
    for (const [at, claim] of claims.entries()) {
      if (claim !== undefined) (isPartial(arrivals[at]?.rank) ? partial : whole).push(claim)
    }
    const added = [whole, partial].map((some, isFlagged) =>
      some.length === 0 ? 0 : insertClaims.run(sessionRef, isFlagged, JSON.stringify(some)).changes,
    )
    if (added[0] === whole.length && added[1] === partial.length) return () => true
    return (claim) => ownerOf.get({ claim })?.session_ref === sessionRef
  }

  return {
    owned: (sessionRef, arrivals) => {
      const first = arrivals.find(({ item }) => item.kind === 'transcript')
      if (first === undefined) return arrivals
      if (sourcesOf(sessionRef) === 'telemetry') begin(sessionRef, first.sessionKey)
      moves.noteRank(sessionRef, arrivals)
      const claims = arrivals.map(claimOf)
      return withoutForeign(arrivals, claims, ownedClaims(sessionRef, arrivals, claims))
    },
    joined: (sessionRef, arrivals) => {
      let sources = sourcesOf(sessionRef)
      if (sources === 'telemetry') return arrivals
      const [first] = arrivals
      if (sources === 'transcripts' && first !== undefined && arrivals.some(isEvent)) {
        beginJoins(sessionRef, first.sessionKey)
        sources = 'both'
      }
      return joinArrivals(joinsOf(sessionRef), arrivals, sources)
    },
    moves,
    forget: () => {
      told.clear()
      moves.forget()
    },
  }
}
