/**
 * A clock that never goes back. When the machine's is set back, this one goes on from where it
 * was, ahead of the machine's until the next start. Otherwise whatever waits for a moment, an item
 * that is to be tried again, a quiet turn, would wait for as long as the clock was set back.
 */
import type { Clock, Timer } from '../domain/clock.ts'

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

// The real clock. Timers do not keep the process alive, and may lie further ahead than the 24.8
// days Node's own can.

/** Longest delay `setTimeout` takes; beyond it would fire at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1

/** A clock over `Date.now` and `setTimeout`. */
export function createSystemClock(): Clock {
  return { now: () => Date.now(), setTimer }
}

function setTimer(callback: () => void, delayMs: number): Timer {
  let remainingMs = Math.max(0, delayMs)
  let handle: NodeJS.Timeout

  const arm = (): void => {
    const stepMs = Math.min(remainingMs, MAX_TIMEOUT_MS)
    remainingMs -= stepMs
    handle = setTimeout(remainingMs > 0 ? arm : callback, stepMs)
    handle.unref()
  }

  arm()
  return { cancel: () => clearTimeout(handle) }
}
