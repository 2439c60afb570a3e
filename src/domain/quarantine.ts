/**
 * Records that could not be assigned, kept as they came for a while: a later version, or a mended
 * pipeline, may know what to do with them. Bounded in number, bytes and age.
 */
import type { Owner } from './access.ts'
import type { Rejection } from './rejection.ts'
import type { LogRecord, MetricPoint, SpanRecord } from './telemetry-record.ts'

/** A record with its origin. */
export type UnplacedRecord =
  | { readonly signal: 'log'; readonly record: LogRecord }
  | { readonly signal: 'metric'; readonly record: MetricPoint }
  | { readonly signal: 'trace'; readonly record: SpanRecord }

export interface Quarantined {
  readonly unplaced: UnplacedRecord
  readonly receivedMs: number
  readonly rejection: Rejection
  /** Whose it is, by the key that it came under; absent where that has no owner. */
  readonly owner?: Owner | undefined
}

/** One of them, as a list shows it. */
export interface QuarantineItem {
  readonly id: number
  readonly receivedMs: number
  readonly signal: UnplacedRecord['signal']
  readonly reason: string
  /** Why it was refused, for a person. */
  readonly message: string
  /** What it calls itself: event, metric or span. */
  readonly name: string
  readonly bytes: number
  readonly owner?: Owner | undefined
}

export interface StoredQuarantined extends Pick<Quarantined, 'unplaced' | 'receivedMs' | 'owner'> {
  readonly id: number
}

/** Which of them. */
export type QuarantineSelection = readonly number[] | 'all'

export interface QuarantineCounts {
  readonly records: number
  readonly bytes: number
  /** Deleted for lack of space, or of age, ever. */
  readonly dropped: number
}

export interface QuarantineStore {
  /** Resolves once they are durable. One that is there already of its owner is not kept twice. */
  keep(records: readonly Quarantined[]): Promise<void>
  counts(): Promise<QuarantineCounts>
  /** The oldest first. */
  list(limit: number): Promise<readonly QuarantineItem[]>
  /** The next of a selection behind an id, some at a time. */
  next(selection: QuarantineSelection, afterId: number): Promise<readonly StoredQuarantined[]>
  /** Deletes them; resolves to how many there were. */
  remove(selection: QuarantineSelection): Promise<number>
}
