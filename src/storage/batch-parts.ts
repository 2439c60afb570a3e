/**
 * How batches of records are read: what is read at once is bounded in bytes, so a large batch is read in
 * parts, each of which is a batch like any other.
 */
import type { Attributes } from '../domain/json-value.ts'
import type { SessionKey } from '../domain/identity.ts'
import type { Origin, Signal, StoredBatch } from '../domain/telemetry-record.ts'
import { parseJsonText } from './json-text.ts'

/** What is read at once, about: small beside the memory of whoever reads, large beside a usual batch. */
const MAX_BYTES = 1024 * 1024
/** Of a larger batch. Each part costs the database a look through all of it, so they are fewer. */
export const MAX_PART_BYTES = 4 * MAX_BYTES

/** Who sent records. */
interface OriginColumns {
  readonly scope_name: string
  readonly scope_version: string
  /** JSON. */
  readonly resource: string
}

/** A batch of a session, without its records. */
export interface BatchColumns extends OriginColumns {
  readonly id: number
  readonly signal: Signal
  readonly received_ms: number
}

/** The same where their bytes are known before they are read. */
export interface BatchRow extends BatchColumns {
  readonly session_key: string
  readonly records: number
  readonly bytes: number
}

/** Some of a batch's records: their indexes from `from` up to and without `to`. */
export interface Part {
  readonly from: number
  readonly to: number
}

export interface BatchPart {
  readonly row: BatchRow
  readonly part: Part
}

/** What is read of these batches at once, behind a position: in order, as the rows are. */
export function partsBehind(rows: readonly BatchRow[], afterId: number): readonly BatchPart[] {
  return partsWithin(rows, (row, most) => {
    const from = Math.max(0, afterId - firstPosition(row) + 1)
    const to = Math.min(row.records, from + most)
    return { from, to, isLast: to === row.records }
  })
}

/** The same before a position, the newest first, as the rows are. */
export function partsBefore(rows: readonly BatchRow[], beforeId: number): readonly BatchPart[] {
  return partsWithin(rows, (row, most) => {
    const to = Math.min(row.records, beforeId - firstPosition(row))
    const from = Math.max(0, to - most)
    return { from, to, isLast: from === 0 }
  })
}

/** Parts that come to `MAX_BYTES`, at least one; none behind one that is not whole. */
function partsWithin(
  rows: readonly BatchRow[],
  partOf: (row: BatchRow, most: number) => Part & { readonly isLast: boolean },
): readonly BatchPart[] {
  const parts: BatchPart[] = []
  let bytes = 0
  for (const row of rows) {
    const most = Math.max(1, Math.floor((row.records * MAX_PART_BYTES) / Math.max(1, row.bytes)))
    const part = partOf(row, most)
    const partBytes = (row.bytes * (part.to - part.from)) / Math.max(1, row.records)
    if (bytes > 0 && bytes + partBytes > MAX_BYTES) break
    bytes += partBytes
    parts.push({ row, part })
    if (!part.isLast) break
  }
  return parts
}

/** The position of a batch's first record. */
export function firstPosition({ id, records }: Pick<BatchRow, 'id' | 'records'>): number {
  return id - records + 1
}

/** The records of a part in the text of its batch; none when that cannot be read. */
export function recordsIn(body: string, { row, part }: BatchPart): StoredBatch['records'] {
  const all = allRecordsIn(body)
  return part.from === 0 && part.to === row.records ? all : all.slice(part.from, part.to)
}

/** All records in the text of a batch; none when that cannot be read. */
export function allRecordsIn(body: string): StoredBatch['records'] {
  const found = parseJsonText(body)
  return found.ok && Array.isArray(found.value) ? (found.value as StoredBatch['records']) : []
}

export function batchOf({ row, part }: BatchPart, records: StoredBatch['records']): StoredBatch {
  const id = row.id - row.records + part.to
  return { ...factsOf(row.session_key, row), id, records }
}

/** A batch that is read whole. */
export function wholeBatchOf(sessionKey: SessionKey, row: BatchColumns, body: string): StoredBatch {
  return { ...factsOf(sessionKey, row), records: allRecordsIn(body) }
}

function factsOf(sessionKey: SessionKey, row: BatchColumns): Omit<StoredBatch, 'records'> {
  const { id, signal, received_ms: receivedMs } = row
  return { id, sessionKey, origin: originOf(row), signal, receivedMs }
}

export function originOf(row: OriginColumns): Origin {
  const resource = parseJsonText(row.resource)
  return {
    resource: resource.ok ? (resource.value as Attributes) : {},
    scopeName: row.scope_name,
    scopeVersion: row.scope_version,
  }
}
