/**
 * What transcripts and telemetry tell alike, inside a commit (`domain/transcript-join.ts`). Rows are
 * kept only of sessions that a transcript tells of: what telemetry told of one before is read from its
 * records when the first entry comes, so other sessions cost nothing but a look into a map.
 */
import { createHash } from 'node:crypto'
import type { AgentEvent } from '../../domain/agent-event.ts'
import type { MetricSample } from '../../domain/metric-sample.ts'
import type { Arrival } from '../../domain/session-store.ts'
import type { StoredBatch } from '../../domain/telemetry-record.ts'
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
  const { kysely } = connection
  const records = createRecordBatches(connection).inCommit
  /** Which sources tell of a session; none where no transcript does. */
  const told = createBoundedMap<number, number>(MAX_REMEMBERED)

  const findSession = prepare(connection, ({ sessionRef }: { sessionRef: number }) =>
    kysely
      .selectFrom('transcript_sessions')
      .select('session_ref')
      .where('session_ref', '=', sessionRef),
  )
  /** Whether anything of a session was told by another source than that one alone. */
  const anyOf = prepare(connection, (of: { sessionRef: number; told: number }) =>
    kysely
      .selectFrom('transcript_joins')
      .select('id')
      .where('session_ref', '=', of.sessionRef)
      .where('told', '!=', of.told)
      .limit(1),
  )
  const insertSession = prepare(connection, (row: NewRow<'transcript_sessions'>) =>
    kysely.insertInto('transcript_sessions').values(row),
  )
  const insertClaim = prepare(connection, (row: NewRow<'transcript_claims'>) =>
    kysely
      .insertInto('transcript_claims')
      .values(row)
      .onConflict((conflict) => conflict.doNothing()),
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
  const byLook = prepare(connection, ({ sessionRef, alike, told: by }: ByLook) =>
    kysely
      .selectFrom('transcript_joins')
      .select([...columns])
      .where('session_ref', '=', sessionRef)
      .where('alike', '=', alike)
      .where('told', '=', by)
      .orderBy('id')
      .limit(1),
  )
  const byLookUnnamed = prepare(connection, ({ sessionRef, alike, told: by }: ByLook) =>
    kysely
      .selectFrom('transcript_joins')
      .select([...columns])
      .where('session_ref', '=', sessionRef)
      .where('alike', '=', alike)
      .where('told', '=', by)
      .where('join_id', 'is', null)
      .orderBy('id')
      .limit(1),
  )
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

  function sourcesOf(sessionRef: number): number {
    const known = told.get(sessionRef)
    if (known !== undefined) return known
    const isTranscribed = findSession.get({ sessionRef }) !== undefined
    const hasTelemetry =
      isTranscribed && anyOf.get({ sessionRef, told: BY_TRANSCRIPT }) !== undefined
    const sources = isTranscribed ? BY_TRANSCRIPT | (hasTelemetry ? BY_TELEMETRY : 0) : 0
    told.set(sessionRef, sources)
    return sources
  }

  /** A transcript begins to tell of a session: what telemetry told of it so far. */
  function begin(sessionRef: number, sessionKey: string): void {
    insertSession.run({ session_ref: sessionRef })
    told.set(sessionRef, BY_TRANSCRIPT)
    for (const item of storedTelemetry(sessionKey)) {
      const joinable = joinableOf(item)
      if (joinable !== undefined)
        add(sessionRef, joinable, BY_TELEMETRY, null, telemetryKeyOf(item))
    }
  }

  function* storedTelemetry(sessionKey: string): Generator<AgentEvent | MetricSample, void> {
    let position = 0
    for (;;) {
      const batches = records.batches(sessionKey, position, BATCHES)
      const last = batches.at(-1)
      if (last === undefined) return
      yield* batches.filter(({ signal }) => signal === 'log').flatMap(itemsOf)
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
    if (by === BY_TELEMETRY) told.set(sessionRef, BY_BOTH)
    insert.run({
      session_ref: sessionRef,
      join_id: id ?? null,
      alike,
      told: by,
      join_key: joinKey,
      telemetry_key: telemetryKey,
    })
  }

  /** What only the other source has told of the same. */
  function find(sessionRef: number, { id, alike }: Joinable, by: number): Match | undefined {
    if (id === undefined) return byLook.get({ sessionRef, alike, told: by })
    const named = byId.all({ sessionRef, joinId: id }).filter((row) => row.told === by)
    // A relay may give one id to all calls.
    const match = named.find((row) => row.alike === alike) ?? named[0]
    return match ?? byLookUnnamed.get({ sessionRef, alike, told: by })
  }

  function joinEntry(sessionRef: number, arrival: Arrival): Arrival {
    const { item, stored } = arrival
    if (item.kind !== 'transcript' || stored.signal !== 'transcript') return arrival
    const joinable = joinableOf(item)
    if (joinable === undefined) return arrival
    const joinKey = joinKeyOf(joinable, stored.record.key)
    if (item.amends === true) return withMarks(arrival, { joinKey })
    const hasTelemetry = (sourcesOf(sessionRef) & BY_TELEMETRY) > 0
    const match = hasTelemetry ? find(sessionRef, joinable, BY_TELEMETRY) : undefined
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
    told.set(sessionRef, BY_BOTH)
    return joinKey === null ? arrival : toldByTranscript(arrival, joinKey)
  }

  return {
    owned: (sessionRef, arrivals) => {
      const first = arrivals.find(({ item }) => item.kind === 'transcript')
      if (first === undefined) return arrivals
      if (sourcesOf(sessionRef) === 0) begin(sessionRef, first.sessionKey)
      const kept: Arrival[] = []
      let isContinuation = false
      for (const arrival of arrivals) {
        const { item } = arrival
        const claim = item.kind === 'transcript' ? item.claim && claimHash(item.claim) : undefined
        const isOwn =
          claim === undefined ||
          insertClaim.run({ claim, session_ref: sessionRef }).changes > 0 ||
          ownerOf.get({ claim })?.session_ref === sessionRef
        if (isOwn) kept.push(arrival)
        else if (!isContinuation) {
          isContinuation = true
          kept.push(asContinuation(arrival))
        }
      }
      return kept
    },
    joined: (sessionRef, arrivals) => {
      if (sourcesOf(sessionRef) === 0) return arrivals
      return arrivals.map((arrival) => {
        const { item, stored } = arrival
        if (item.kind === 'transcript') return joinEntry(sessionRef, arrival)
        if (item.kind === 'metric' || stored.signal !== 'log') return arrival
        return joinTelemetry(sessionRef, arrival, item)
      })
    },
    forget: () => told.clear(),
  }
}

/** Claims are many, and all sessions share them: enough bits that no two are ever alike. */
function claimHash(claim: string): string {
  return createHash('sha256').update(claim).digest('base64url').slice(0, 22)
}
