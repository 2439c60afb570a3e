/**
 * What both engines decide inside a commit of what transcripts and telemetry tell alike
 * (`domain/transcript-join.ts`). Join rows are kept only of sessions that both tell of: what one has told
 * by the time the other begins is read from the session's records.
 */
import { hash } from 'node:crypto'
import type { AgentEvent, PromptEvent } from '../domain/agent-event.ts'
import type { MetricSample } from '../domain/metric-sample.ts'
import type { Arrival } from '../domain/session-store.ts'
import { shortHash } from '../domain/short-hash.ts'
import {
  asContinuation,
  completedId,
  joinableOf,
  joinKeyOf,
  telemetryKeyOf,
  toldByTranscript,
  withMarks,
} from '../domain/transcript-join.ts'

export const BY_TRANSCRIPT = 1
export const BY_TELEMETRY = 2
export const BY_BOTH = BY_TRANSCRIPT | BY_TELEMETRY
/** Told by both, which name the same id: neither can be of anything else that looks the same. */
const BY_ONE_ID = 4

/** Which sources tell of a session. */
export type Sources = 'telemetry' | 'transcripts' | 'both'

/** A call, a tool or a prompt of a session, with who told of it. */
export interface JoinRow {
  readonly join_id: string | null
  /** A hash of what it is like. */
  readonly alike: string
  readonly told: number
  readonly join_key: string | null
  readonly telemetry_key: string | null
}

/** The join rows of one session. Row by row, the oldest first. */
export interface JoinRows<Row extends JoinRow = JoinRow> {
  ofId(joinId: string): readonly Row[]
  /** The first of those that `by` alone told of. */
  firstLike(alike: string, by: number): Row | undefined
  /** The first of those without an id. */
  firstUnnamedLike(alike: string, by: number): Row | undefined
  /** That of an entry. */
  ofKey(joinKey: string): Row | undefined
  add(row: JoinRow): void
  /** Both have told of it. */
  complete(row: Row, keys: Pick<JoinRow, 'join_key' | 'telemetry_key' | 'told'>): void
  /** It is like something else than was told at first. */
  amend(row: Row, alike: string): void
  drop(row: Row): void
}

/** Both sources have told of it. */
export function isByBoth({ told }: Pick<JoinRow, 'told'>): boolean {
  return (told & BY_BOTH) === BY_BOTH
}

/** Both sources have told of it, under one id. */
export function isByOneId({ told }: Pick<JoinRow, 'told'>): boolean {
  return (told & BY_ONE_ID) !== 0
}

function byBoth({ join_id: id }: JoinRow, sought: Sought): number {
  return id !== null && id === sought.id ? BY_BOTH | BY_ONE_ID : BY_BOTH
}

/** Events are joined; spans and hooks have other words for the same. */
export function isEvent({ stored }: Arrival): boolean {
  return stored.signal === 'log'
}

/** A commit's arrivals of one session, each marked with what the other source told of it. */
export function joinArrivals<Row extends JoinRow>(
  rows: JoinRows<Row>,
  arrivals: readonly Arrival[],
  sources: Exclude<Sources, 'telemetry'>,
): readonly Arrival[] {
  return arrivals.map((arrival) => {
    const { item } = arrival
    if (item.kind === 'transcript') return joinEntry(rows, arrival, sources === 'both')
    if (item.kind === 'metric' || !isEvent(arrival)) return arrival
    return joinTelemetry(rows, arrival, item)
  })
}

function joinEntry<Row extends JoinRow>(
  rows: JoinRows<Row>,
  arrival: Arrival,
  isJoined: boolean,
): Arrival {
  const { item, stored } = arrival
  if (item.kind !== 'transcript' || stored.signal !== 'transcript') return arrival
  const joinable = joinableOf(item)
  if (joinable === undefined) return arrival
  const joinKey = joinKeyOf(joinable, stored.record.key)
  if (!isJoined) return withMarks(arrival, { joinKey })
  const sought = { id: joinable.id, alike: shortHash(joinable.alike) }
  if (item.amends === true) return joinAmendment(rows, arrival, sought, joinKey)
  const match = find(rows, sought, BY_TELEMETRY)
  if (match === undefined) {
    rows.add(newRow(sought, BY_TRANSCRIPT, joinKey, null))
    return withMarks(arrival, { joinKey })
  }
  const told = byBoth(match, sought)
  rows.complete(match, { join_key: joinKey, telemetry_key: match.telemetry_key, told })
  return withMarks(arrival, { joinKey, copyOf: match.telemetry_key ?? '' })
}

/** With its last line, a call may be like what telemetry tells of it, as it was not before. */
function joinAmendment<Row extends JoinRow>(
  rows: JoinRows<Row>,
  arrival: Arrival,
  sought: Sought,
  joinKey: string,
): Arrival {
  const row = rows.ofKey(joinKey)
  if (row === undefined || isByBoth(row) || row.alike === sought.alike) {
    return withMarks(arrival, { joinKey })
  }
  const match = find(rows, sought, BY_TELEMETRY)
  if (match === undefined) {
    rows.amend(row, sought.alike)
    return withMarks(arrival, { joinKey })
  }
  rows.drop(row)
  const { telemetry_key: telemetryKey } = match
  rows.complete(match, {
    join_key: joinKey,
    telemetry_key: telemetryKey,
    told: byBoth(match, sought),
  })
  return withMarks(arrival, { joinKey, copyOf: telemetryKey ?? '' })
}

function joinTelemetry<Row extends JoinRow>(
  rows: JoinRows<Row>,
  arrival: Arrival,
  item: AgentEvent,
): Arrival {
  const joinable = joinableOf(item)
  if (joinable === undefined) {
    const joinId = completedId(item)
    if (joinId === undefined) return arrival
    const row = rows.ofId(joinId).find(({ join_key }) => join_key !== null)
    return row?.join_key == null ? arrival : toldByTranscript(arrival, row.join_key)
  }
  const telemetryKey = telemetryKeyOf(item)
  const sought = { id: joinable.id, alike: shortHash(joinable.alike) }
  const match = find(rows, sought, BY_TRANSCRIPT)
  if (match === undefined) {
    rows.add(newRow(sought, BY_TELEMETRY, null, telemetryKey))
    return arrival
  }
  const told = byBoth(match, sought)
  rows.complete(match, { join_key: match.join_key, telemetry_key: telemetryKey, told })
  return match.join_key === null ? arrival : toldByTranscript(arrival, match.join_key)
}

/** What is looked for: an id where there is one, and a hash of what it is like. */
interface Sought {
  readonly id: string | undefined
  readonly alike: string
}

/** What only the other source has told of the same. */
function find<Row extends JoinRow>(
  rows: JoinRows<Row>,
  { id, alike }: Sought,
  by: number,
): Row | undefined {
  if (id === undefined) return rows.firstLike(alike, by)
  const named = rows.ofId(id).filter(({ told }) => told === by)
  // A relay may give one id to all calls.
  const match = named.find((row) => row.alike === alike) ?? named[0]
  return match ?? rows.firstUnnamedLike(alike, by)
}

/** What `joinArrivals` looks for among the rows of a session that both tell of. */
export interface Lookup {
  readonly id: string | undefined
  readonly alike: string | undefined
  /** Who else must have told of what is alike. */
  readonly by: number
  /** The join key of an entry that is amended. */
  readonly joinKey?: string
}

/** What is looked for of an arrival; undefined where that is nothing. */
export function lookupOf(arrival: Arrival): Lookup | undefined {
  const { item, stored } = arrival
  const isEntry = item.kind === 'transcript'
  if (!isEntry && !isEvent(arrival)) return undefined
  const joinable = joinableOf(item)
  const id = joinable === undefined ? completedId(item) : joinable.id
  if (joinable === undefined && id === undefined) return undefined
  const alike = joinable && shortHash(joinable.alike)
  const lookup = { id, alike, by: isEntry ? BY_TELEMETRY : BY_TRANSCRIPT }
  const isAmendment = isEntry && item.amends === true && stored.signal === 'transcript'
  if (!isAmendment || joinable === undefined) return lookup
  return { ...lookup, joinKey: joinKeyOf(joinable, stored.record.key) }
}

/** The row of a record that was stored before its session was told of by both. */
export function rowOfStored(item: AgentEvent | MetricSample): JoinRow | undefined {
  const joinable = joinableOf(item)
  if (joinable === undefined) return undefined
  const sought = { id: joinable.id, alike: shortHash(joinable.alike) }
  if (item.kind !== 'transcript') return newRow(sought, BY_TELEMETRY, null, telemetryKeyOf(item))
  if (item.amends === true) return undefined
  return newRow(sought, BY_TRANSCRIPT, item.joinKey ?? null, null)
}

/** What a stored line of a call makes the row of the entry that it amends look like. */
export function amendmentOfStored(
  item: AgentEvent | MetricSample,
): { readonly joinKey: string; readonly alike: string } | undefined {
  if (item.kind !== 'transcript' || item.amends !== true || item.joinKey === undefined) {
    return undefined
  }
  const joinable = joinableOf(item)
  return joinable && { joinKey: item.joinKey, alike: shortHash(joinable.alike) }
}

function newRow(
  { id, alike }: Sought,
  told: number,
  joinKey: string | null,
  telemetryKey: string | null,
): JoinRow {
  return { join_id: id ?? null, alike, told, join_key: joinKey, telemetry_key: telemetryKey }
}

/** Under which key an arrival's line is claimed; undefined for what nobody copies. */
export function claimOf({ item }: Arrival): string | undefined {
  if (item.kind !== 'transcript' || item.claim === undefined) return undefined
  return hashOfClaim(item.claim)
}

/** Claims are many, and all sessions share them: enough bits that no two are ever alike. */
export function hashOfClaim(claim: string): string {
  return hash('sha256', claim, 'base64url').slice(0, 22)
}

/**
 * One session's arrivals without what another one told first: of that, one entry stays that says so.
 * `claims` has what `claimOf` says of each.
 */
export function withoutForeign(
  arrivals: readonly Arrival[],
  claims: readonly (string | undefined)[],
  isOwned: (claim: string) => boolean,
): readonly Arrival[] {
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
}

/** A prompt as it is kept beside the records. What telemetry told of one stands there already. */
export function promptOf({ item }: Arrival): PromptEvent | undefined {
  if (item.kind === 'prompt') return item
  const isNew = item.kind === 'transcript' && item.copyOf === undefined
  return isNew && item.event.kind === 'prompt' ? item.event : undefined
}
