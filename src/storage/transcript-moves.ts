/**
 * What both engines decide when lines of a session turn out to be another one's, which wrote them first.
 * The session gives them up in a commit of its own: what they told is taken back, and in the stored
 * records something that tells nothing stands in their place, so that whoever reads the session later
 * finds it as if it had never had them. Then the other session can claim them.
 *
 * What was exported is never given up: it would go out again under another id.
 */
import type {
  AgentEvent,
  GivenUp,
  KeptPrompt,
  TranscribedEvent,
  TranscriptEvent,
} from '../domain/agent-event.ts'
import { sessionKeyOf } from '../domain/identity.ts'
import type { MetricSample } from '../domain/metric-sample.ts'
import type { Arrival } from '../domain/session-store.ts'
import { shortHash } from '../domain/short-hash.ts'
import type { LogRecord, StoredBatch, TranscriptRecord } from '../domain/telemetry-record.ts'
import { askedBack, joinableOf } from '../domain/transcript-join.ts'
import { compareRanks, isPartial, type TranscriptRank } from '../domain/transcript-rank.ts'
import { allRecordsIn } from './batch-parts.ts'
import {
  BY_BOTH,
  BY_TELEMETRY,
  BY_TRANSCRIPT,
  claimOf,
  hashOfClaim,
  isByBoth,
  isByOneId,
  type JoinRow,
} from './transcript-joins.ts'

/** A batch that may have to give lines up, without its records. */
export interface HeldBatch {
  readonly id: number
  readonly signal: StoredBatch['signal']
  readonly received_ms: number
  readonly session_key: string
  readonly scope_name: string
}

/** With its text. What is damaged has no records, and stays as it is. */
export function heldBatchOf(row: HeldBatch, body: string): StoredBatch {
  const { id, session_key: sessionKey, signal, received_ms: receivedMs } = row
  const origin = { resource: {}, scopeName: row.scope_name, scopeVersion: '' }
  return { id, sessionKey, origin, signal, receivedMs, records: allRecordsIn(body) }
}

/** A row of what both tell of, to be changed. */
export type StoredJoin = JoinRow & { readonly id: number }

/** Stands for an entry that was given up. */
export const GIVEN_UP = 'given_up'

/** Whose a claim is, with when that session was begun. */
export interface ClaimHolder {
  readonly claim: string
  readonly agent: string
  readonly session_id: string
  /** Told by a copy in the file of another session, or without content. */
  readonly is_partial: number | boolean
  /** Null where an earlier version noted the claim: then the session's own times stand for it. */
  readonly begun_ms: number | null
  readonly ended_ms: number | null
  readonly first_ms: number
  readonly last_ms: number
}

/**
 * What the holders of claims are to give up for these arrivals: what another session wrote first, and what
 * is told again by the whole line. `holders` are of the claims that these have.
 */
export function askedBackFrom(
  arrivals: readonly Arrival[],
  holders: readonly ClaimHolder[],
): readonly Arrival[] {
  // Hardly any line is another session's, and claims are hashes.
  if (holders.length === 0) return []
  const byClaim = new Map(holders.map((holder) => [holder.claim, holder]))
  const asked = new Map<string, Arrival>()
  for (const arrival of arrivals) {
    for (const claim of claimsSoughtBy(arrival)) {
      const holder = byClaim.get(claim)
      if (holder === undefined || asked.has(claim) || !gives(holder, arrival)) continue
      const { agent, session_id: sessionId } = holder
      const sessionKey = sessionKeyOf(agent, sessionId)
      asked.set(claim, askedBack(arrival, claim, { sessionKey, sessionId }))
    }
  }
  return [...asked.values()]
}

/** The claims of which an arrival may ask the holders. */
export function claimsSoughtBy(arrival: Arrival): readonly string[] {
  const claim = claimOf(arrival)
  const supersedes = arrival.rank?.supersedes
  if (supersedes === undefined) return claim === undefined ? [] : [claim]
  return [...(claim === undefined ? [] : [claim]), hashOfClaim(supersedes)]
}

function gives(holder: ClaimHolder, { rank, item, sessionKey }: Arrival): boolean {
  const { agent, session_id: sessionId } = holder
  if (rank === undefined || agent !== item.agent) return false
  if (sessionKeyOf(agent, sessionId) !== sessionKey) return isEarlier(rank, holder)
  // What was told whole stays so.
  return isPartial(rank) ? false : rank.isRetold === true || Boolean(holder.is_partial)
}

function isEarlier(rank: TranscriptRank, holder: ClaimHolder): boolean {
  const { begun_ms, ended_ms, is_partial: isPartly, first_ms, last_ms } = holder
  // No file of the holder has it: a fork names the session that it goes on from, which may have it from another.
  const isByCopies = begun_ms === null && Boolean(isPartly) && rank.isCopied !== true
  const order = isByCopies ? Number.MAX_VALUE : (ended_ms ?? last_ms)
  return compareRanks(rank, { begunMs: begun_ms ?? first_ms, order }) < 0
}

/** Asks the session to give something up. */
export function isAskedBack({ item }: Arrival): boolean {
  return item.kind === 'transcript' && item.givesUp !== undefined
}

/** The claims that a session is asked for. */
export function claimsAskedOf(arrivals: readonly Arrival[]): readonly string[] {
  return arrivals.flatMap(({ item }) =>
    item.kind === 'transcript' && item.givesUp !== undefined ? [item.givesUp.claim] : [],
  )
}

/** The earliest rank of the files that arrivals were read from, copies aside; undefined where none has any. */
export function earliestRank(arrivals: readonly Arrival[]): TranscriptRank | undefined {
  let earliest: TranscriptRank | undefined
  for (const { rank } of arrivals) {
    if (rank === undefined || rank === earliest || rank.isCopied === true) continue
    if (earliest === undefined || compareRanks(rank, earliest) < 0) earliest = rank
  }
  return earliest
}

/**
 * Where the entries of a session are, by claim. Positions only grow, so that what was looked through once
 * need not be again.
 */
export interface ClaimPlaces {
  /** Batches of transcripts up to this id were looked through. */
  readonly throughId: number
  note(batch: StoredBatch): void
  /** Ids of batches. */
  of(claims: readonly string[]): readonly number[]
}

export function createClaimPlaces(): ClaimPlaces {
  const places = new Map<string, number[]>()
  let throughId = 0
  return {
    get throughId() {
      return throughId
    },
    note: ({ id, records }) => {
      throughId = id
      for (const record of records as readonly TranscriptRecord[]) {
        if (record.claim === undefined) continue
        const claim = hashOfClaim(record.claim)
        const known = places.get(claim)
        if (known === undefined) places.set(claim, [id])
        else if (known.at(-1) !== id) known.push(id)
      }
    },
    of: (claims) => [...new Set(claims.flatMap((claim) => places.get(claim) ?? []))],
  }
}

/** What is given up of a session, as far as its records say it. */
export interface Surrender {
  /** By claim: an entry, and others that amend it. */
  readonly claims: ReadonlyMap<string, readonly TranscriptEvent[]>
  /** Of those of them that may be joined with telemetry. */
  readonly joinKeys: readonly string[]
  readonly joinIds: readonly string[]
  readonly alike: readonly string[]
}

type ItemsOf = (batch: StoredBatch) => readonly (AgentEvent | MetricSample)[]

/** What stands under the claims in these batches, but for what was exported. */
export function surrenderOf(
  claims: readonly string[],
  batches: readonly StoredBatch[],
  itemsOf: ItemsOf,
): Surrender {
  const asked = new Set(claims)
  const found = new Map<string, TranscriptEvent[]>()
  const exported = new Set<string>()
  for (const batch of batches) {
    for (const record of batch.records as readonly TranscriptRecord[]) {
      const claim = record.claim === undefined ? undefined : hashOfClaim(record.claim)
      if (claim === undefined || !asked.has(claim)) continue
      if (record.isExported === true) exported.add(claim)
      const [item] = itemsOf({ ...batch, records: [record] })
      if (item?.kind !== 'transcript') continue
      found.set(claim, [...(found.get(claim) ?? []), item])
    }
  }
  for (const claim of exported) found.delete(claim)
  const entries = [...found.values()].flat()
  const joinables = entries.map(joinableOf).filter((joinable) => joinable !== undefined)
  return {
    claims: found,
    joinKeys: entries.flatMap(({ joinKey }) => (joinKey === undefined ? [] : [joinKey])),
    joinIds: joinables.flatMap(({ id }) => (id === undefined ? [] : [id])),
    alike: joinables.map(({ alike }) => shortHash(alike)),
  }
}

/** What becomes of the join rows of a session, and of what stored records say of joins. */
export interface JoinChanges<Row extends JoinRow> {
  /** By the join key of what is given up: that of what is taken back for it; absent where nothing is. */
  readonly takenBack: ReadonlyMap<string, string>
  readonly dropped: readonly Row[]
  readonly changed: readonly Row[]
  /** Join keys that telemetry refers to no more. */
  readonly unmarked: ReadonlySet<string>
  /** Entries that are copies of telemetry from now on, by their join key. */
  readonly copies: ReadonlyMap<string, string>
}

/**
 * What telemetry told counts as telemetry's. Where that is of what is given up, and was not joined by an
 * id, it was another call of the session that looks the same: of this, the entry is a copy then.
 */
export function changedJoins<Row extends JoinRow>(
  { joinKeys, joinIds }: Surrender,
  rows: readonly Row[],
): JoinChanges<Row> {
  const givenUp = new Set(joinKeys)
  const foreignIds = new Set(joinIds)
  const free = rows.filter(
    ({ told, join_key: key }) => told === BY_TRANSCRIPT && key !== null && !givenUp.has(key),
  )
  const takenBack = new Map<string, string>()
  const dropped: Row[] = []
  const changed: Row[] = []
  const unmarked = new Set<string>()
  const copies = new Map<string, string>()
  const known = new Set<string>()
  for (const row of rows) {
    const { join_key: key } = row
    if (key === null || !givenUp.has(key)) continue
    known.add(key)
    if (!isByBoth(row)) {
      dropped.push(row)
      takenBack.set(key, key)
      continue
    }
    unmarked.add(key)
    // Under one id, telemetry cannot have told of any other.
    const at = isByOneId(row) ? -1 : free.findIndex(({ alike }) => alike === row.alike)
    const [other] = at < 0 ? [] : free.splice(at, 1)
    if (other?.join_key == null) {
      // The id that telemetry did not tell goes with it: what looks alike is joined by its look again.
      const isForeign = !isByOneId(row) && row.join_id !== null && foreignIds.has(row.join_id)
      const join_id = isForeign ? null : row.join_id
      changed.push({ ...row, join_id, told: BY_TELEMETRY, join_key: null })
      continue
    }
    dropped.push(row)
    changed.push({ ...other, told: BY_BOTH, telemetry_key: row.telemetry_key })
    takenBack.set(key, other.join_key)
    copies.set(other.join_key, row.telemetry_key ?? '')
  }
  // Of a session that only transcripts tell of there are no rows.
  for (const key of givenUp) if (!known.has(key)) takenBack.set(key, key)
  return { takenBack, dropped, changed, unmarked, copies }
}

/** A batch's records without what is given up; undefined where nothing of them changes. */
export function changedRecords(
  { records, signal }: StoredBatch,
  { claims }: Surrender,
  { unmarked, copies }: Pick<JoinChanges<JoinRow>, 'unmarked' | 'copies'>,
): StoredBatch['records'] | undefined {
  const changed = records.map((record) =>
    signal === 'transcript'
      ? changedEntry(record as TranscriptRecord, claims, copies)
      : changedLog(record as LogRecord, unmarked),
  )
  return changed.some((record, at) => record !== records[at]) ? changed : undefined
}

function changedEntry(
  record: TranscriptRecord,
  claims: Surrender['claims'],
  copies: ReadonlyMap<string, string>,
): TranscriptRecord {
  const { claim, sessionId, key, timeMs, joinKey } = record
  if (claim !== undefined && claims.has(hashOfClaim(claim))) {
    const rest = { sessionId, key: `${GIVEN_UP}|${key}`, timeMs, attributes: {} }
    return { name: GIVEN_UP, ...rest } as TranscriptRecord
  }
  const copyOf = joinKey === undefined ? undefined : copies.get(joinKey)
  return copyOf === undefined ? record : { ...record, copyOf }
}

function changedLog(record: LogRecord, unmarked: ReadonlySet<string>): LogRecord {
  const { transcriptKey, ...rest } = record
  return transcriptKey !== undefined && unmarked.has(transcriptKey) ? rest : record
}

/** The arrivals with what the session gives up; without those of which it has nothing. */
export function givenUp(
  arrivals: readonly Arrival[],
  { claims }: Surrender,
  { takenBack }: Pick<JoinChanges<JoinRow>, 'takenBack'>,
  prompts: readonly KeptPrompt[],
): readonly Arrival[] {
  return arrivals.flatMap((arrival) => {
    const { item } = arrival
    if (item.kind !== 'transcript' || item.givesUp === undefined) return []
    const { claim } = item.givesUp
    const entries = claims.get(claim)
    const last = entries?.at(-1)
    if (entries === undefined || last === undefined) return []
    const isCopy = entries[0]?.copyOf !== undefined
    const joinKey = last.joinKey === undefined ? undefined : takenBack.get(last.joinKey)
    // A copy counted nothing, unless another entry is that copy now.
    const counts = joinKey !== undefined && (!isCopy || joinKey !== last.joinKey)
    const gives: GivenUp = {
      claim,
      event: last.event,
      ...(counts && { joinKey }),
      ...(isPrompt(last.event) && { prompts }),
    }
    return [{ ...arrival, item: { ...item, timeMs: last.timeMs, givesUp: gives } }]
  })
}

/** Keys of the duplicate filter, so that what is given up can come again once nobody else has it. */
export function dedupKeysOf({ claims }: Surrender): readonly string[] {
  return [...claims.values()].flat().map(({ dedupKey }) => dedupKey)
}

/** Keys of prompts that are kept beside the records. */
export function promptKeysOf({ claims }: Surrender): readonly string[] {
  return [...claims.values()]
    .flat()
    .filter(({ event }) => isPrompt(event))
    .map(({ event }) => event.dedupKey)
}

function isPrompt(event: TranscribedEvent): boolean {
  return event.kind === 'prompt'
}

/** Prompts that stand beside the records, as nulls where there is nothing, without those of the agent. */
export function keptPrompts(
  rows: readonly {
    readonly timeMs: number
    readonly command: string | null | undefined
    readonly text: string | null | undefined
  }[],
): readonly KeptPrompt[] {
  return rows
    .filter(({ text }) => text?.startsWith('<task-notification>') !== true)
    .map(({ timeMs, command, text }) => ({
      timeMs,
      command: command ?? undefined,
      text: text ?? undefined,
    }))
}
