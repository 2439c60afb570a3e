/**
 * How fast the reader works while records come in: it rests for a multiple of the time that it worked,
 * over all of its questions together, so that intake has the processor. Nothing slows it down while
 * intake is quiet.
 */

export interface Pacing {
  /** Resolves when work may go on, after some that took that long. Rejects when `signal` aborts. */
  rest(workedMs: number, signal: AbortSignal): Promise<void>
  /** Notes work after which nothing goes on: whatever begins next rests for it. */
  worked(workedMs: number): void
}

export interface PacingDeps {
  readonly isIntakeBusy: () => boolean
  readonly now: () => number
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
}

/** Milliseconds of rest for each of work. */
const REST_FACTOR = 5
/** On a busy machine a slice may take long; a rest of that measure would never end. */
const MAX_REST_MS = 1000
/** How soon it is noticed that intake has become quiet. */
const LOOK_EVERY_MS = 50

export function createPacing({ isIntakeBusy, now, sleep }: PacingDeps): Pacing {
  let restedAtMs = Number.NEGATIVE_INFINITY

  function worked(workedMs: number): void {
    if (!isIntakeBusy()) return
    const nowMs = now()
    const dueMs = Math.max(restedAtMs, nowMs) + REST_FACTOR * workedMs
    restedAtMs = Math.min(dueMs, nowMs + MAX_REST_MS)
  }

  return {
    worked,
    rest: async (workedMs, signal) => {
      worked(workedMs)
      for (let leftMs = restedAtMs - now(); leftMs > 0; leftMs = restedAtMs - now()) {
        if (!isIntakeBusy()) return
        await sleep(Math.min(leftMs, LOOK_EVERY_MS), signal)
      }
    },
  }
}
