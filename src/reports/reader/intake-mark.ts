/**
 * Whether intake is busy, in memory that the bridge's thread and the reader's share: when something was
 * last committed while the bridge's thread had little time left.
 */
import { performance } from 'node:perf_hooks'

/** Share of its time that the bridge's thread works, from which on intake counts as busy. */
const BUSY_UTILIZATION = 0.5
/** Between two looks at that. */
const LOOK_EVERY_MS = 50
const RECENT_MS = 150
/** Milliseconds of a day fit into 32 bits. */
const DAY_MS = 86_400_000

export interface IntakeMarkDeps {
  readonly memory: SharedArrayBuffer
  /** The machine's clock, which both threads have. */
  readonly now: () => number
  /** The share of its time that this thread has worked since the last call, from 0 to 1. */
  readonly utilization: () => number
}

export function createIntakeMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
}

/** To be called by the thread that commits, after each commit. */
export function createIntakeMark({ memory, now, utilization }: IntakeMarkDeps): () => void {
  const cell = new Int32Array(memory)
  let lookedAtMs = now()
  return () => {
    const nowMs = now()
    if (Math.abs(nowMs - lookedAtMs) < LOOK_EVERY_MS) return
    lookedAtMs = nowMs
    if (utilization() >= BUSY_UTILIZATION) Atomics.store(cell, 0, timeOfDay(nowMs))
  }
}

/** Whether intake was busy within the last moments. */
export function isIntakeBusy({ memory, now }: Pick<IntakeMarkDeps, 'memory' | 'now'>): boolean {
  const markedAt = Atomics.load(new Int32Array(memory), 0)
  return Math.abs(timeOfDay(now()) - markedAt) < RECENT_MS
}

/** Measures this thread. */
export function eventLoopShare(): () => number {
  let looked = performance.eventLoopUtilization()
  return () => {
    const current = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(current, looked)
    looked = current
    return utilization
  }
}

function timeOfDay(ms: number): number {
  return Math.floor(ms) % DAY_MS
}
