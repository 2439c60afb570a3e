/**
 * A clock that never goes back. When the machine's is set back, this one goes on from where it
 * was, ahead of the machine's until the next start. Otherwise whatever waits for a moment, an item
 * that is to be tried again, a quiet turn, would wait for as long as the clock was set back.
 */
import type { Clock } from '../domain/clock.ts'

export function createSteadyClock(clock: Clock): Clock {
  let aheadMs = 0
  let lastMs = Number.NEGATIVE_INFINITY
  return {
    now: () => {
      const nowMs = clock.now() + aheadMs
      if (nowMs < lastMs) {
        aheadMs += lastMs - nowMs
        return lastMs
      }
      lastMs = nowMs
      return nowMs
    },
    setTimer: (callback, delayMs) => clock.setTimer(callback, delayMs),
  }
}
