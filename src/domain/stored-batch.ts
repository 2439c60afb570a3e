/** Records as they lie in the store: those of one request that are of one session and signal. */
import type { SessionKey } from './identity.ts'
import type { Origin, Signal, StoredRecord } from './telemetry-record.ts'

export interface StoredBatch {
  /**
   * The position of its last record; those before it count down from there. Positions grow with
   * every record that is stored, and none is given twice.
   */
  readonly id: number
  readonly sessionKey: SessionKey
  readonly origin: Origin
  readonly signal: Signal
  readonly receivedMs: number
  /** In order; all of the batch's signal. */
  readonly records: readonly StoredRecord['record'][]
}

/** The position of one record of a batch. */
export function positionOf({ id, records }: StoredBatch, index: number): number {
  return id - records.length + 1 + index
}
