/** A clock that only the test moves. Timers run in order of their time, in `advance`. */
import type { Clock } from '../../src/domain/clock.ts'

export interface ManualClock extends Clock {
  /** Moves time on, running each timer that falls due at its own time. */
  advance(byMs: number): Promise<void>
  /** As a machine that slept: timers that fell due meanwhile run now, and at once only. */
  jump(byMs: number): Promise<void>
  pendingTimers(): number
}

interface Pending {
  readonly atMs: number
  readonly callback: () => void
}

/** `rest` lets the work that a timer began come to its end. */
export function createManualClock(startMs: number, rest = settle): ManualClock {
  let nowMs = startMs
  const pending = new Set<Pending>()

  function nextDue(untilMs: number): Pending | undefined {
    const due = [...pending].filter((timer) => timer.atMs <= untilMs)
    return due.sort((a, b) => a.atMs - b.atMs)[0]
  }

  return {
    now: () => nowMs,
    setTimer: (callback, delayMs) => {
      const timer = { atMs: nowMs + Math.max(0, delayMs), callback }
      pending.add(timer)
      return { cancel: () => pending.delete(timer) }
    },
    async advance(byMs) {
      const untilMs = nowMs + byMs
      for (let timer = nextDue(untilMs); timer !== undefined; timer = nextDue(untilMs)) {
        pending.delete(timer)
        nowMs = Math.max(nowMs, timer.atMs)
        timer.callback()
        await rest()
      }
      nowMs = untilMs
      await rest()
    },
    async jump(byMs) {
      nowMs += byMs
      for (const timer of [...pending]) {
        if (timer.atMs > nowMs || !pending.delete(timer)) continue
        timer.callback()
        await rest()
      }
    },
    pendingTimers: () => pending.size,
  }
}

/** Lets work that waits on nothing but itself run to its end. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
