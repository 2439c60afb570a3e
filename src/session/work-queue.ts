/**
 * Work that waits for the next commit. One commit takes all that has come together while
 * the one before it ran, so concurrent requests share it; a bound keeps each commit short.
 */
import type { Arrival } from '../domain/store.ts'
import type { SessionKey } from '../domain/identity.ts'
import type { SessionInput } from './reduce.ts'

/** Something to be done to a session that no record asks for: a tick or a close. */
export interface Control {
  readonly sessionKey: SessionKey
  readonly input: SessionInput
}

/** One caller's share of a commit. */
export interface Job {
  readonly arrivals: readonly Arrival[]
  readonly controls: readonly Control[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Removes the jobs of the next commit from the head: at least one, at most about `maxRecords` records. */
export function takeJobs(queue: Job[], maxRecords: number): Job[] {
  let records = 0
  let taken = 0
  for (const job of queue) {
    records += job.arrivals.length
    if (taken > 0 && records > maxRecords) break
    taken += 1
  }
  return queue.splice(0, taken)
}
