/**
 * The durable queue of emissions on their way out, as delivery sees it. Of a score, the newest alone
 * is in it: it takes the place of an older one, and whatever is said of that one afterwards (a
 * delivery was under way) changes nothing.
 */
import type { Emission } from './emission.ts'

export interface OutboxItem {
  readonly id: number
  readonly emission: Emission
  /** Deliveries tried so far. */
  readonly attempts: number
}

export interface OutboxStats {
  readonly pending: number
  readonly dead: number
  /** When the oldest pending item was created, epoch ms. */
  readonly oldestPendingMs: number | undefined
}

export interface Outbox {
  /** Pending items whose time has come, oldest first; at most `maxItems` and about `maxBytes` of payload, at least one. */
  due(nowMs: number, maxItems: number, maxBytes: number): Promise<readonly OutboxItem[]>
  /** When the next pending item may be tried; `undefined` when none is pending. */
  nextDueMs(): Promise<number | undefined>
  /** Removes what has been delivered. */
  delivered(ids: readonly number[]): Promise<void>
  /** Counts a failed try and puts the items off. */
  retryLater(ids: readonly number[], notBeforeMs: number, reason: string): Promise<void>
  /** Puts items aside for good, with the reason. */
  bury(ids: readonly number[], reason: string): Promise<void>
  stats(): Promise<OutboxStats>
}
