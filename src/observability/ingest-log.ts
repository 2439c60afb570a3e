/**
 * The latest requests of agents and what became of them, kept in memory for the page. A ring: the
 * newest push the oldest out.
 */
import type { Rejection } from '../domain/rejection.ts'

/** The kinds of requests that agents send. */
export type SignalName = 'logs' | 'metrics' | 'traces' | 'hooks'

/** One request, of whichever receiver. */
export interface IngestEntry {
  readonly timeMs: number
  readonly door: 'http' | 'grpc'
  /** `unknown`: it was refused before that was known. */
  readonly signal: SignalName | 'unknown'
  /** Of the body as it came. */
  readonly bytes: number
  /** HTTP status, over gRPC the one that corresponds. */
  readonly status: number
  /** Records that were refused while the others were kept. */
  readonly rejected: number
  /** Those of them that are internal to an agent, whose work other records report; absent when there are none. */
  readonly internal?: number
  /** Metric points of kinds that are not used; absent when there are none. */
  readonly unused?: number
  /** Why, each reason once. */
  readonly reasons: readonly string[]
}

export interface IngestLog {
  note(entry: IngestEntry): void
  /** The newest first. */
  recent(): readonly IngestEntry[]
}

const MAX_ENTRIES = 200
const MAX_REASONS = 10

/** `redact` masks secrets in the reasons. */
export function createIngestLog(redact: (text: string) => string = (text) => text): IngestLog {
  const ring: IngestEntry[] = []
  let next = 0

  return {
    note: (entry) => {
      ring[next] = { ...entry, reasons: entry.reasons.map(redact) }
      next = (next + 1) % MAX_ENTRIES
    },
    recent: () => [...ring.slice(next), ...ring.slice(0, next)].reverse(),
  }
}

/** Each reason once, at most ten. */
export function reasonsOf(rejected: readonly Rejection[]): readonly string[] {
  const reasons = new Set<string>()
  for (const { message } of rejected) {
    reasons.add(message)
    if (reasons.size >= MAX_REASONS) break
  }
  return [...reasons]
}
