/** A record of the quarantine as it stands in columns, and how much of them is kept. */
import { hash } from 'node:crypto'
import { type Owner, ownerOfTag, ownerTag } from '../domain/access.ts'
import type { Quarantined, StoredQuarantined, UnplacedRecord } from '../domain/quarantine.ts'

export interface QuarantineBounds {
  readonly records: number
  readonly bytes: number
  readonly ageMs: number
  /** Of one record. */
  readonly recordBytes: number
}

const DAY_MS = 86_400_000

export const quarantineBounds: QuarantineBounds = {
  records: 10_000,
  bytes: 32 * 1024 * 1024,
  ageMs: 14 * DAY_MS,
  recordBytes: 256 * 1024,
}

const MAX_MESSAGE_CHARS = 400
const MAX_NAME_CHARS = 200

export interface NewQuarantined {
  readonly hash: string
  readonly received_ms: number
  readonly signal: UnplacedRecord['signal']
  readonly reason: string
  readonly message: string
  readonly name: string
  readonly bytes: number
  readonly record: string
  /** `ownerTag`; empty where it has none. */
  readonly owner: string
}

export function hashOf({ signal }: UnplacedRecord, record: string, owner: string): string {
  return hash('sha256', `${signal} ${record}${owner === '' ? '' : ` ${owner}`}`)
}

/** What `ownerTag` made of an owner, read back. */
export function ownerIn(tag: string): { readonly owner?: Owner } {
  return tag === '' ? {} : { owner: ownerOfTag(tag) }
}

export function rowOf({ unplaced, receivedMs, rejection, owner }: Quarantined): NewQuarantined {
  const record = JSON.stringify(unplaced.record)
  const tag = owner === undefined ? '' : ownerTag(owner)
  return {
    owner: tag,
    hash: hashOf(unplaced, record, tag),
    received_ms: receivedMs,
    signal: unplaced.signal,
    reason: rejection.reason,
    message: rejection.message.slice(0, MAX_MESSAGE_CHARS).toWellFormed(),
    name: nameOf(unplaced).slice(0, MAX_NAME_CHARS).toWellFormed(),
    bytes: Buffer.byteLength(record),
    record,
  }
}

function nameOf({ signal, record }: UnplacedRecord): string {
  if (signal !== 'log') return record.name
  const named = record.attributes['event.name'] ?? record.eventName
  if (typeof named === 'string' && named !== '') return named
  return typeof record.body === 'string' ? record.body : ''
}

export function storedOf(row: {
  readonly id: number
  readonly received_ms: number
  readonly signal: UnplacedRecord['signal']
  readonly record: string
  readonly owner: string
}): StoredQuarantined {
  const { id, received_ms: receivedMs, owner } = row
  return { id, receivedMs, unplaced: unplacedOf(row), ...ownerIn(owner) }
}

/** As it was written from a record of that signal. */
export function unplacedOf(row: {
  readonly signal: UnplacedRecord['signal']
  readonly record: string
}): UnplacedRecord {
  const record: unknown = JSON.parse(row.record)
  return { signal: row.signal, record } as UnplacedRecord
}
