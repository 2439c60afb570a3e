/**
 * A delay that ends by itself or when it is told to. What is told before it begins counts too, so
 * nothing is missed between the last look and the beginning of the delay.
 */
import type { Clock } from '../domain/clock.ts'

export interface WakeableDelay {
  /** From here on, `end` shortens the next wait to nothing. */
  arm(): void
  /** Resolves after `delayMs`, or at the first `end`. */
  wait(delayMs: number): Promise<void>
  /** Ends the wait, or the one to come. */
  end(): void
}

export function createWakeableDelay(clock: Clock): WakeableDelay {
  let isEnded = false
  let wake: (() => void) | undefined

  return {
    arm: () => {
      isEnded = false
    },
    wait: (delayMs) =>
      new Promise((resolve) => {
        if (isEnded) {
          resolve()
          return
        }
        const timer = clock.setTimer(() => wake?.(), delayMs)
        wake = () => {
          wake = undefined
          timer.cancel()
          resolve()
        }
      }),
    end: () => {
      isEnded = true
      wake?.()
    },
  }
}
