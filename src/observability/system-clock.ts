/**
 * The real clock. Timers do not keep the process alive, and may lie further ahead than the 24.8
 * days Node's own can.
 */
import type { Clock, Timer } from '../domain/clock.ts'

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
