/**
 * How fast the reader works while records come in: it rests for a multiple of the time that it worked,
 * over all of its questions together, so that intake has the processor. Nothing slows it down while
 * intake is quiet.
 */

export interface Pacing {
  /** Resolves when the next slice of work may begin. `workedMs` is how long the last one took. */
  rest(workedMs: number, signal: AbortSignal): Promise<void>
}

export interface PacingDeps {
  readonly isIntakeBusy: () => boolean
  readonly now: () => number
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
}

/** Milliseconds of rest for each of work. */
const REST_FACTOR = 9
/** Longer rests would be felt, when intake has become quiet meanwhile. */
const MAX_REST_MS = 100

export function createPacing({ isIntakeBusy, now, sleep }: PacingDeps): Pacing {
  let restedAtMs = Number.NEGATIVE_INFINITY
  return {
    rest: async (workedMs, signal) => {
      if (!isIntakeBusy()) return
      const nowMs = now()
      restedAtMs = Math.max(restedAtMs, nowMs) + REST_FACTOR * workedMs
      restedAtMs = Math.min(restedAtMs, nowMs + MAX_REST_MS)
      await sleep(restedAtMs - nowMs, signal)
    },
  }
}
