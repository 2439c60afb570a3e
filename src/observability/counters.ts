/**
 * What the bridge counts about itself since it started. Counted instead of logged record by
 * record; `/health` and the product's own metrics read it.
 */
import type { RefusalCounts } from '../domain/refusal.ts'
import type { Rejection } from '../domain/rejection.ts'

/** All counts are totals since the start. */
export interface Counts {
  /** Requests answered, `/health` aside. */
  requestCount: number
  /** Those of them answered with an error. */
  errorCount: number
  /** Errors by the HTTP status they were answered with. */
  errorsByStatus: Record<number, number>
  /** Log records and metric points kept. */
  acceptedRecords: number
  /** Log records and metric points refused, by reason. */
  rejectedRecords: Partial<Record<Rejection['reason'], number>>
  /** Texts of records that were kept with U+FFFD for what is not valid UTF-8; absent while there are none. */
  replacedTexts?: number
  /** Requests that were refused, and records of others, by reason (`domain/refusal.ts`). */
  refused: RefusalCounts
}

export interface Counters {
  countSuccess(): void
  countError(status: number): void
  countAccepted(records: number): void
  countRejected(rejected: readonly Rejection[]): void
  countReplacedTexts(texts: number): void
  countRefused(reason: string, count?: number): void
  /** A copy that counts no further. */
  snapshot(): Counts
}

/** Counters at zero. */
export function createCounters(): Counters {
  const refused: Record<string, number> = {}
  const counts: Counts = {
    requestCount: 0,
    errorCount: 0,
    errorsByStatus: {},
    acceptedRecords: 0,
    rejectedRecords: {},
    refused,
  }
  return {
    countSuccess: () => {
      counts.requestCount++
    },
    countError: (status) => {
      counts.requestCount++
      counts.errorCount++
      counts.errorsByStatus[status] = (counts.errorsByStatus[status] ?? 0) + 1
    },
    countAccepted: (records) => {
      counts.acceptedRecords += records
    },
    countRejected: (rejected) => {
      for (const { reason } of rejected) {
        counts.rejectedRecords[reason] = (counts.rejectedRecords[reason] ?? 0) + 1
      }
    },
    countReplacedTexts: (texts) => {
      if (texts > 0) counts.replacedTexts = (counts.replacedTexts ?? 0) + texts
    },
    countRefused: (reason, count = 1) => {
      refused[reason] = (refused[reason] ?? 0) + count
    },
    snapshot: () => structuredClone(counts),
  }
}
