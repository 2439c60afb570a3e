/**
 * Logs refused requests so that a wrong setting shows, and a client that repeats it every few
 * seconds does not fill the disk: one line a minute for each kind, with the number left out.
 */
import type { Clock } from '../domain/clock.ts'
import type { Log } from '../observability/logger.ts'
import { type ErrorKind, errorTable } from './errors.ts'

const QUIET_MS = 60_000

export interface FailureLog {
  /** A request answered with an error. */
  failed(kind: ErrorKind, facts: object, message: string): void
  /** A request of which some records were refused. */
  partlyRefused(facts: object, message: string): void
}

/** A log with nothing noted yet. */
export function createFailureLog(log: Log, clock: Clock): FailureLog {
  const groups = new Map<string, { lastMs: number; leftOut: number }>()

  /** The facts of a line worth writing; `undefined` when its kind was written lately. */
  const due = (kind: string, facts: object): object | undefined => {
    const nowMs = clock.now()
    const group = groups.get(kind)
    if (group !== undefined && nowMs - group.lastMs < QUIET_MS) {
      group.leftOut++
      return undefined
    }
    groups.set(kind, { lastMs: nowMs, leftOut: 0 })
    return { kind, ...facts, leftOut: group?.leftOut ?? 0 }
  }

  return {
    failed: (kind, facts, message) => {
      const line = due(kind, facts)
      if (line === undefined) return
      if (errorTable[kind].httpStatus >= 500 && kind !== 'stopping') log.error(line, message)
      else log.warn(line, message)
    },
    partlyRefused: (facts, message) => {
      const line = due('partial_success', facts)
      if (line !== undefined) log.warn(line, message)
    },
  }
}
