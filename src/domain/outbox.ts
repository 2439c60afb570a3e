/**
 * The durable queue of items on their way out, as one lane of an exporter sees it: the items of one
 * kind, and how far this exporter has got with them. Of a score, the newest alone is in it: it takes
 * the place of an older one, and whatever is said of that one afterwards (a delivery was under way)
 * changes nothing.
 */
import type { Emission } from './emission.ts'
import type { ForwardedRecords } from './forwarded-records.ts'
import type { ForwardedRequest } from './forwarded-request.ts'

/** What goes out. */
export type OutgoingItem = Emission | ForwardedRequest | ForwardedRecords
export type ItemKind = OutgoingItem['kind']

export interface OutboxItem {
  readonly id: number
  readonly emission: OutgoingItem
  /** Deliveries tried so far. */
  readonly attempts: number
}

export interface OutboxStats {
  readonly pending: number
  readonly dead: number
  /** When the oldest pending item was created, epoch ms. */
  readonly oldestPendingMs: number | undefined
}

/** Ids of items that are gone, or of another kind, are ignored wherever they are named. */
export interface Outbox {
  /** Pending items whose time has come, oldest first; at most `maxItems` and about `maxBytes` of payload, at least one. */
  due(nowMs: number, maxItems: number, maxBytes: number): Promise<readonly OutboxItem[]>
  /** When the next pending item may be tried; `undefined` when none is pending. */
  nextDueMs(): Promise<number | undefined>
  /** Whether a process that is about to stop has taken items that it has not marked yet. */
  isHeldByLeaving(): Promise<boolean>
  /** Takes what has been delivered out of this queue. */
  delivered(ids: readonly number[]): Promise<void>
  /** Counts a failed try and puts the items off. */
  retryLater(ids: readonly number[], notBeforeMs: number, reason: string): Promise<void>
  /** Puts items aside for good, with the reason. */
  bury(ids: readonly number[], reason: string): Promise<void>
  stats(): Promise<OutboxStats>
}

/** An exporter that items are kept for. */
export interface OutboxReader {
  readonly exporter: string
  readonly kinds: readonly ItemKind[]
  /**
   * It delivers at present. Otherwise items wait for it, but keep neither their session nor the
   * retention waiting.
   */
  readonly isActive: boolean
}

/** What waits in one queue: the items of one kind as one exporter sees them. */
export interface QueueCounts {
  readonly exporter: string
  readonly kind: ItemKind
  readonly pending: number
  readonly dead: number
}

export interface OutboxCounts {
  /** Over all queues: an item that two exporters wait for counts twice. */
  readonly pending: number
  readonly dead: number
  /** Of all payloads. */
  readonly bytes: number
  readonly queues: readonly QueueCounts[]
}

// Items that were put aside: for a person to look at, to try again, or to drop.

export interface DeadItem {
  readonly id: number
  /** The exporter that gave it up; another may have delivered it. */
  readonly exporter: string
  readonly sessionKey: string
  readonly kind: string
  readonly attempts: number
  readonly createdMs: number
  readonly bytes: number
  readonly reason: string
}

/** Dead items of one exporter that have one reason. */
export interface DeadReason {
  readonly exporter: string
  readonly reason: string
  readonly count: number
  /** When the oldest of them was made, epoch ms. */
  readonly oldestMs: number
}

/** Which items: some, or every dead one. */
export type DeadItemSelection = readonly number[] | 'all'

export interface DeadItems {
  /** The oldest first. */
  list(limit: number): Promise<readonly DeadItem[]>
  count(): Promise<number>
  /** Puts them back as if they were new. Resolves to how many there were. */
  retry(selection: DeadItemSelection, nowMs: number): Promise<number>
  /** Deletes them. Resolves to how many there were. */
  drop(selection: DeadItemSelection): Promise<number>
}
