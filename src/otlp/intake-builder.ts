/**
 * Gathers what becomes of one request's records while they are decoded, whatever the encoding.
 * Guarantees bounded work and memory: records and refusals are capped, and only the first refusals
 * are described one by one.
 */
import { beginningOf } from '../domain/beginning.ts'
import type { Intake, Rejection } from '../domain/rejection.ts'
import type { UnusedMetric } from '../domain/telemetry-record.ts'
import { MAX_RECORDS, type Part } from './decoding.ts'

const MAX_DESCRIBED = 100
/** Refusals counted; a hostile request can hold thirty million of them. */
const MAX_COUNTED = 1_000_000
const MAX_MESSAGE_CHARS = 400

const notDescribed: Rejection = {
  reason: 'malformed',
  message: `malformed as well; only the first ${MAX_DESCRIBED} of a request are described`,
}

export interface IntakeBuilder<T> {
  /** True once `MAX_RECORDS` were seen: stop, and refuse the rest in one go. */
  isFull(): boolean
  accept(record: T): void
  /**
   * Looked at, and nothing that is kept or refused; `unrecognised` says what there was in place of
   * what was looked for.
   */
  skip(unrecognised?: string): void
  /** Read, and not used. */
  setAside(metric: UnusedMetric): void
  /** Something stood where a list of records was looked for. */
  miss(unrecognised: string): void
  /** What was met, in a request in which nothing was recognised so far; the first of it. */
  unrecognised(): string | undefined
  /** Refuses `count` records for one reason. */
  reject(message: string, count?: number): void
  /** Refuses `count` records because the request holds too many. */
  rejectOverflow(count: number): void
  /** Records accepted, and metrics set aside, since the last part. */
  pending(): number
  /** What was gathered since the last part. */
  takePart(): Intake<T>
  /** What was set aside since the last part. */
  takeUnused(): Pick<Part<T>, 'unused'>
}

/** An empty intake, `maxRecords` at most. */
export function createIntakeBuilder<T>(maxRecords = MAX_RECORDS): IntakeBuilder<T> {
  let accepted: T[] = []
  let unused: UnusedMetric[] = []
  let rejected: Rejection[] = []
  let seen = 0
  let refused = 0
  let known = 0
  let firstMiss: string | undefined
  const overflow = `more than ${maxRecords} records in one request`

  const reject = (message: string, count = 1): void => {
    const described: Rejection =
      refused < MAX_DESCRIBED
        ? { reason: 'malformed', message: beginningOf(message, MAX_MESSAGE_CHARS) }
        : notDescribed
    const counted = Math.min(count, MAX_COUNTED - refused)
    if (counted <= 0) return
    for (let i = 0; i < counted; i++) rejected.push(described)
    refused += counted
    seen += counted
    known += counted
  }

  return {
    isFull: () => seen >= maxRecords,
    accept: (record) => {
      accepted.push(record)
      seen += 1
      known += 1
    },
    skip: (unrecognised) => {
      seen += 1
      if (unrecognised === undefined) known += 1
      else firstMiss ??= unrecognised
    },
    setAside: (metric) => {
      if (metric.points === 0) return
      unused.push(metric)
      seen += 1
      known += 1
    },
    miss: (unrecognised) => {
      firstMiss ??= unrecognised
    },
    unrecognised: () => (known === 0 ? firstMiss : undefined),
    reject,
    rejectOverflow: (count) => reject(overflow, count),
    pending: () => accepted.length + unused.length,
    takePart: () => {
      const part = { accepted, rejected }
      accepted = []
      rejected = []
      return part
    },
    takeUnused: () => {
      const part = unused.length > 0 ? { unused } : {}
      unused = []
      return part
    },
  }
}
