/**
 * A rest that ends by itself or when somebody calls. A call that comes before the rest begins
 * counts too, so none is lost between the last look and lying down.
 */
import type { Clock } from '../domain/clock.ts'

export interface Nap {
  /** From here on, a call shortens the next rest to nothing. */
  arm(): void
  /** Resolves after `restMs`, or at the first call. */
  rest(restMs: number): Promise<void>
  /** Calls: ends the rest, or the one to come. */
  end(): void
}

export function createNap(clock: Clock): Nap {
  let called = false
  let wake: (() => void) | undefined

  return {
    arm: () => {
      called = false
    },
    rest: (restMs) =>
      new Promise((resolve) => {
        if (called) {
          resolve()
          return
        }
        const timer = clock.setTimer(() => wake?.(), restMs)
        wake = () => {
          wake = undefined
          timer.cancel()
          resolve()
        }
      }),
    end: () => {
      called = true
      wake?.()
    },
  }
}
