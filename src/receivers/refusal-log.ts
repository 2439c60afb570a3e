/**
 * Logs refused requests so that a wrong setting shows, and a client that repeats it every few
 * seconds does not fill the disk: one line a minute for each kind, with the number left out.
 */
import type { Clock } from '../domain/clock.ts'
import { DOCTOR_USER_AGENT, isToActOn } from '../domain/refusal.ts'
import type { Counters } from '../observability/counters.ts'
import type { Instruments } from '../observability/metrics.ts'
import type { Log } from '../observability/logger.ts'
import { type ErrorKind, errorTable, type Failure } from './errors.ts'
import type { Rejection } from '../domain/rejection.ts'
import type { Result } from '../domain/result.ts'
import { type IngestEntry, type IngestLog, reasonsOf } from '../observability/ingest-log.ts'

const QUIET_MS = 60_000

export interface FailureLog {
  /** A request answered with an error. */
  failed(kind: ErrorKind, facts: object, message: string): void
  /** A request of which some records were refused. */
  partlyRefused(facts: object, message: string): void
}

/** A log with nothing noted yet; `redact` masks secrets in what it is told. */
export function createFailureLog(
  log: Log,
  clock: Clock,
  redact: (text: string) => string = asIs,
): FailureLog {
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
    return { kind, ...redacted(facts, redact), leftOut: group?.leftOut ?? 0 }
  }

  return {
    failed: (kind, facts, message) => {
      const line = due(kind, facts)
      if (line === undefined) return
      if (errorTable[kind].httpStatus >= 500 && kind !== 'stopping')
        log.error(line, redact(message))
      else log.warn(line, redact(message))
    },
    partlyRefused: (facts, message) => {
      const line = due('partial_success', facts)
      if (line !== undefined) log.warn(line, redact(message))
    },
  }
}

function asIs(text: string): string {
  return text
}

function redacted(facts: object, redact: (text: string) => string): object {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === 'string' ? redact(value) : value,
    ]),
  )
}

// One request, as the log of requests keeps it, from how it ended.

export interface IngestFacts extends Pick<IngestEntry, 'timeMs' | 'door' | 'signal' | 'bytes'> {
  /** What was taken and what not, or why the whole request was refused. */
  readonly outcome: Result<
    {
      readonly accepted: number
      readonly rejected: readonly Rejection[]
      readonly unused: number
    },
    Failure
  >
  /** What the client calls itself. */
  readonly userAgent: string | undefined
}

export interface IngestNotes {
  readonly counters: Counters
  readonly clock: Clock
  readonly instruments?: Pick<Instruments, 'request'> | undefined
  /** Absent where nobody asks for it. */
  readonly ingestLog?: IngestLog | undefined
}

/** Every request ends here: it is in the log, and what was refused of it is counted by reason. */
export function noteIngest(notes: IngestNotes, facts: IngestFacts): void {
  const { counters, clock, instruments, ingestLog } = notes
  const { timeMs, door, signal, bytes, outcome, userAgent } = facts
  const request = { timeMs, door, signal, bytes }
  instruments?.request({
    receiver: door,
    signal,
    status: outcome.ok ? 200 : errorTable[outcome.error.kind].httpStatus,
    bytes,
    records: outcome.ok ? outcome.value.accepted : 0,
    durationMs: clock.now() - timeMs,
  })
  const countRefused = (reason: string): void => {
    // What the doctor tries is no refusal that somebody has to look into.
    if (userAgent?.startsWith(DOCTOR_USER_AGENT) !== true) counters.countRefused(reason)
  }
  if (outcome.ok) {
    const { rejected, unused } = outcome.value
    for (const { reason } of rejected) {
      countRefused(reason === 'malformed' ? 'malformed_record' : reason)
    }
    const internal = rejected.filter(({ reason }) => !isToActOn(reason)).length
    ingestLog?.note({
      ...request,
      status: 200,
      rejected: rejected.length,
      ...(internal > 0 && { internal }),
      ...(unused > 0 && { unused }),
      reasons: reasonsOf(rejected),
    })
    return
  }
  const { kind, message } = outcome.error
  const { httpStatus } = errorTable[kind]
  countRefused(kind)
  ingestLog?.note({ ...request, status: httpStatus, rejected: 0, reasons: [message] })
}

// The refusals of one request, gathered part by part in bounded memory.

/** Refusals that keep a message of their own. */
const MAX_DESCRIBED = 100
const MAX_COUNTED = 1_000_000

export interface Rejections {
  add(rejected: readonly Rejection[]): void
  all(): readonly Rejection[]
}

export function createRejections(): Rejections {
  const all: Rejection[] = []
  const undescribed = new Map<Rejection['reason'], Rejection>()

  function bounded(rejection: Rejection): Rejection {
    if (all.length < MAX_DESCRIBED) return rejection
    const { reason } = rejection
    const known = undescribed.get(reason) ?? rejection
    undescribed.set(reason, known)
    return known
  }

  return {
    add: (rejected) => {
      for (const rejection of rejected) if (all.length < MAX_COUNTED) all.push(bounded(rejection))
    },
    all: () => all,
  }
}
