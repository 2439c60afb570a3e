/** Says of the bounds of an outbox what they took, once for all slices of a round. */
import type { StoreLog } from './store-log.ts'

/** What one slice took. */
export interface BoundSlice {
  readonly expired: number
  readonly dropped: number
  readonly more: boolean
}

/** Adds a slice; whether there is more. */
export function createBoundTally(log: StoreLog): (slice: BoundSlice) => boolean {
  let expired = 0
  let dropped = 0
  return (slice) => {
    expired += slice.expired
    dropped += slice.dropped
    if (slice.more) return true
    if (expired + dropped > 0) {
      const message =
        'the outbox reached its limits: expired items wait as dead, dropped ones are gone'
      log.error({ expired, dropped }, message)
    }
    expired = 0
    dropped = 0
    return false
  }
}
