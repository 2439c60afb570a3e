/** The machine's clock, which a fault may set to another time, or let run ahead. */
import type { Clock } from '../../../src/domain/clock.ts'

export interface ShiftedClock extends Clock {
  /** Somebody sets the clock; timers run as they did. */
  set(byMs: number): void
  /** Time passes: timers that fall due meanwhile run at once. */
  pass(byMs: number): void
}

interface Pending {
  readonly dueMs: number
  readonly callback: () => void
}

export function createShiftedClock(): ShiftedClock {
  let shiftMs = 0
  /** Time that passed besides the machine's own, in terms of which timers are kept. */
  let passedMs = 0
  const pending = new Map<Pending, NodeJS.Timeout>()
  const steadyMs = () => performance.now() + passedMs

  function arm(timer: Pending): void {
    const handle = setTimeout(() => run(timer), Math.max(0, timer.dueMs - steadyMs()))
    pending.set(timer, handle)
  }

  function run(timer: Pending): void {
    pending.delete(timer)
    timer.callback()
  }

  return {
    now: () => Math.round(Date.now() + shiftMs + passedMs),
    setTimer: (callback, delayMs) => {
      const timer = { dueMs: steadyMs() + delayMs, callback }
      arm(timer)
      return {
        cancel: () => {
          clearTimeout(pending.get(timer))
          pending.delete(timer)
        },
      }
    },
    set: (byMs) => {
      shiftMs += byMs
    },
    pass: (byMs) => {
      passedMs += byMs
      for (const [timer, handle] of [...pending]) {
        clearTimeout(handle)
        arm(timer)
      }
    },
  }
}
