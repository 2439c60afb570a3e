/**
 * What transcripts and telemetry tell alike, inside a commit (`domain/transcript-join.ts`). Rows are
 * kept only of sessions that both tell of: what one has told by the time the other begins is read from
 * the session's records. All other sessions cost a look into a map.
 */
import { hash } from 'node:crypto'
import type { AgentEvent } from '../../domain/agent-event.ts'
import type { MetricSample } from '../../domain/metric-sample.ts'
import type { Arrival } from '../../domain/session-store.ts'
import type { StoredBatch } from '../../domain/telemetry-record.ts'
import { shortHash } from '../../domain/short-hash.ts'
import {
  asContinuation,
  completedId,
  type Joinable,
  joinableOf,
  joinKeyOf,
  telemetryKeyOf,
  toldByTranscript,
  withMarks,
} from '../../domain/transcript-join.ts'
import { createBoundedMap } from '../bounded-map.ts'
import type { Connection } from './connection.ts'
import { type NewRow, prepare } from './prepared.ts'
import { createRecordBatches } from './queries/record-batches.ts'

export interface TranscriptRows {
  /**
   * Without what another session told first: of that, one entry stays that says so. Comes before
   * anything of the commit is stored of the session.
   */
  owned(sessionRef: number, arrivals: readonly Arrival[]): readonly Arrival[]
  /** Records that were not known, each marked with what the other source told of it. */
  joined(sessionRef: number, arrivals: readonly Arrival[]): readonly Arrival[]
  /** After a rollback. */
  forget(): void
}

const BY_TRANSCRIPT = 1
const BY_TELEMETRY = 2
const BY_BOTH = BY_TRANSCRIPT | BY_TELEMETRY

const MAX_REMEMBERED = 10_000
/** Which sources tell of a session. */
type Sources = 'telemetry' | 'transcripts' | 'both'

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

interface Match {
  readonly id: number
  readonly told: number
  readonly join_key: string | null
  readonly telemetry_key: string | null
}

interface TranscriptRowsDeps {
  readonly connection: Connection
  /** What stored records mean. */
  readonly itemsOf: (batch: StoredBatch) => readonly (AgentEvent | MetricSample)[]
}

export function createTranscriptRows({ connection, itemsOf }: TranscriptRowsDeps): TranscriptRows {
  const { kysely, handle } = connection
  const records = createRecordBatches(connection).inCommit
  const told = createBoundedMap<number, Sources>(MAX_REMEMBERED)

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
  const insertClaims = handle.prepare<[number, string]>(
    'insert or ignore into transcript_claims (claim, session_ref) select value, ? from json_each(?)',
  )
  const ownerOf = prepare(connection, ({ claim }: { claim: string }) =>
    kysely.selectFrom('transcript_claims').select('session_ref').where('claim', '=', claim),
  )
  const columns = ['id', 'told', 'join_key', 'telemetry_key'] as const
  const byId = prepare(connection, ({ sessionRef, joinId }: ById) =>
    kysely
      .selectFrom('transcript_joins')
      .select([...columns, 'alike'])
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
  const insert = prepare(connection, (row: NewRow<'transcript_joins'>) =>
    kysely.insertInto('transcript_joins').values(row),
  )
  const complete = prepare(
    connection,
    (row: { id: number; joinKey: string | null; telemetryKey: string | null }) =>
      kysely
        .updateTable('transcript_joins')
        .set({ told: BY_BOTH, join_key: row.joinKey, telemetry_key: row.telemetryKey })
        .where('id', '=', row.id),
  )

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
    insertSession.run({ session_ref: sessionRef, is_joined: 0 })
    told.set(sessionRef, 'transcripts')
    const hasTelemetry = storedItems(sessionKey, 'log').next().done !== true
    if (hasTelemetry) beginJoins(sessionRef, sessionKey)
  }

  /** Both tell of it from now on: what either has told. */
  function beginJoins(sessionRef: number, sessionKey: string): void {
    setJoined.run({ sessionRef })
    told.set(sessionRef, 'both')
    for (const item of storedItems(sessionKey, 'log')) {
      const joinable = joinableOf(item)
      if (joinable !== undefined) {
        add(sessionRef, joinable, BY_TELEMETRY, null, telemetryKeyOf(item))
      }
    }
    for (const item of storedItems(sessionKey, 'transcript')) {
      const joinable = joinableOf(item)
      if (joinable === undefined || item.kind !== 'transcript' || item.amends === true) continue
      add(sessionRef, joinable, BY_TRANSCRIPT, item.joinKey ?? null, null)
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

  function add(
    sessionRef: number,
    { id, alike }: Joinable,
    by: number,
    joinKey: string | null,
    telemetryKey: string | null,
  ): void {
    insert.run({
      session_ref: sessionRef,
      join_id: id ?? null,
      alike: shortHash(alike),
      told: by,
      join_key: joinKey,
      telemetry_key: telemetryKey,
    })
  }

  /** What only the other source has told of the same. */
  function find(sessionRef: number, joinable: Joinable, by: number): Match | undefined {
    const { id } = joinable
    const alike = shortHash(joinable.alike)
    if (id === undefined) return byLook.get({ sessionRef, alike, told: by })
    const named = byId.all({ sessionRef, joinId: id }).filter((row) => row.told === by)
    // A relay may give one id to all calls.
    const match = named.find((row) => row.alike === alike) ?? named[0]
    return match ?? byLookUnnamed.get({ sessionRef, alike, told: by })
  }

  function joinEntry(sessionRef: number, arrival: Arrival, isJoined: boolean): Arrival {
    const { item, stored } = arrival
    if (item.kind !== 'transcript' || stored.signal !== 'transcript') return arrival
    const joinable = joinableOf(item)
    if (joinable === undefined) return arrival
    const joinKey = joinKeyOf(joinable, stored.record.key)
    if (item.amends === true || !isJoined) return withMarks(arrival, { joinKey })
    const match = find(sessionRef, joinable, BY_TELEMETRY)
    if (match === undefined) {
      add(sessionRef, joinable, BY_TRANSCRIPT, joinKey, null)
      return withMarks(arrival, { joinKey })
    }
    complete.run({ id: match.id, joinKey, telemetryKey: match.telemetry_key })
    return withMarks(arrival, { joinKey, copyOf: match.telemetry_key ?? '' })
  }

  function joinTelemetry(sessionRef: number, arrival: Arrival, item: AgentEvent): Arrival {
    const joinable = joinableOf(item)
    if (joinable === undefined) {
      const joinId = completedId(item)
      if (joinId === undefined) return arrival
      const row = byId.all({ sessionRef, joinId }).find(({ join_key }) => join_key !== null)
      return row?.join_key == null ? arrival : toldByTranscript(arrival, row.join_key)
    }
    const match = find(sessionRef, joinable, BY_TRANSCRIPT)
    if (match === undefined) {
      add(sessionRef, joinable, BY_TELEMETRY, null, telemetryKeyOf(item))
      return arrival
    }
    const { id, join_key: joinKey } = match
    complete.run({ id, joinKey, telemetryKey: telemetryKeyOf(item) })
    return joinKey === null ? arrival : toldByTranscript(arrival, joinKey)
  }

  /** Which of them nobody has claimed before, or this session has. */
  function ownedClaims(sessionRef: number, claims: readonly string[]): (claim: string) => boolean {
    const { changes } = insertClaims.run(sessionRef, JSON.stringify(claims))
    if (changes === claims.length) return () => true
    return (claim) => ownerOf.get({ claim })?.session_ref === sessionRef
  }

  return {
    owned: (sessionRef, arrivals) => {
      const first = arrivals.find(({ item }) => item.kind === 'transcript')
      if (first === undefined) return arrivals
      if (sourcesOf(sessionRef) === 'telemetry') begin(sessionRef, first.sessionKey)
      const claims = arrivals.map(({ item }) =>
        item.kind === 'transcript' && item.claim !== undefined ? claimHash(item.claim) : undefined,
      )
      const isOwned = ownedClaims(
        sessionRef,
        claims.filter((claim) => claim !== undefined),
      )
      const kept: Arrival[] = []
      let isContinuation = false
      for (const [index, arrival] of arrivals.entries()) {
        const claim = claims[index]
        if (claim === undefined || isOwned(claim)) kept.push(arrival)
        else if (!isContinuation) {
          isContinuation = true
          kept.push(asContinuation(arrival))
        }
      }
      return kept
    },
    joined: (sessionRef, arrivals) => {
      let sources = sourcesOf(sessionRef)
      if (sources === 'telemetry') return arrivals
      const [first] = arrivals
      if (sources === 'transcripts' && first !== undefined && arrivals.some(isEvent)) {
        beginJoins(sessionRef, first.sessionKey)
        sources = 'both'
      }
      return arrivals.map((arrival) => {
        const { item } = arrival
        if (item.kind === 'transcript') return joinEntry(sessionRef, arrival, sources === 'both')
        if (item.kind === 'metric' || !isEvent(arrival)) return arrival
        return joinTelemetry(sessionRef, arrival, item)
      })
    },
    forget: () => told.clear(),
  }
}

/** Events are joined; spans and hooks have other words for the same. */
function isEvent({ stored }: Arrival): boolean {
  return stored.signal === 'log'
}

/** Claims are many, and all sessions share them: enough bits that no two are ever alike. */
function claimHash(claim: string): string {
  return hash('sha256', claim, 'base64url').slice(0, 22)
}
