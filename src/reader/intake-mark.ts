/**
 * Whether intake is busy, in memory that the bridge's thread and the reader's share: when something was
 * last committed while the bridge's thread had little time left.
 */
import { performance } from 'node:perf_hooks'

export interface IntakeMark {
  /** By the thread that commits, after each commit. */
  committed(): void
  /** Whether intake was busy within the last moments. */
  isBusy(): boolean
}

/** Share of its time that the bridge's thread works, from which on intake counts as busy. */
const BUSY_UTILIZATION = 0.5
/** Between two looks at that. */
const LOOK_EVERY_MS = 50
const RECENT_MS = 150
/** Milliseconds of a day fit into 32 bits. */
const DAY_MS = 86_400_000

export function createIntakeMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
}

/** `now` is the machine's clock, which both threads have. */
export function intakeMarkOver(memory: SharedArrayBuffer, now: () => number): IntakeMark {
  const cell = new Int32Array(memory)
  const timeOfDay = (): number => Math.floor(now()) % DAY_MS
  let looked = performance.eventLoopUtilization()
  let lookedAtMs = now()
  return {
    committed: () => {
      const nowMs = now()
      if (Math.abs(nowMs - lookedAtMs) < LOOK_EVERY_MS) return
      const current = performance.eventLoopUtilization()
      const { utilization } = performance.eventLoopUtilization(current, looked)
      looked = current
      lookedAtMs = nowMs
      if (utilization >= BUSY_UTILIZATION) Atomics.store(cell, 0, timeOfDay())
    },
    isBusy: () => Math.abs(timeOfDay() - Atomics.load(cell, 0)) < RECENT_MS,
  }
}
