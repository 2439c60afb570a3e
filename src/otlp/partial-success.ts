/**
 * The answer to a request that succeeded, in JSON: empty, or with `partialSuccess` when records
 * were refused. Guarantees an error message of bounded length.
 */
import type { Rejection } from '../domain/rejection.ts'

/** The field that counts refusals, by signal. */
export type RejectedField = 'rejectedLogRecords' | 'rejectedDataPoints' | 'rejectedSpans'

/** The answer when all was kept. */
export const FULL_SUCCESS_JSON = '{}'

const MAX_REASONS = 5

/** The answer to a request with these refusals. Counts are text, as proto3 JSON writes int64. */
export function partialSuccessJson(field: RejectedField, rejected: readonly Rejection[]): string {
  if (rejected.length === 0) return FULL_SUCCESS_JSON
  return JSON.stringify({
    partialSuccess: {
      [field]: String(rejected.length),
      errorMessage: summaryOf(rejected),
    },
  })
}

/** An answer that kept everything and warns all the same. */
export function warningJson(errorMessage: string): string {
  return JSON.stringify({ partialSuccess: { errorMessage } })
}

/** The first reasons, and how many refusals there are beyond them. */
export function summaryOf(rejected: readonly Rejection[]): string {
  const reasons = rejected.slice(0, MAX_REASONS).map((rejection) => rejection.message)
  const beyond = rejected.length - reasons.length
  return beyond > 0 ? `${reasons.join('; ')}; and ${beyond} more` : reasons.join('; ')
}
