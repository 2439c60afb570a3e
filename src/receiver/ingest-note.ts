/** One request, as the log of requests keeps it, from how it ended. */
import type { Rejection } from '../domain/rejection.ts'
import type { Result } from '../domain/result.ts'
import { type IngestEntry, type IngestLog, reasonsOf } from '../observability/ingest-log.ts'
import { errorTable, type Failure } from './errors.ts'

export interface IngestFacts extends Pick<IngestEntry, 'timeMs' | 'door' | 'signal' | 'bytes'> {
  /** The records that were refused, or why the whole request was. */
  readonly outcome: Result<readonly Rejection[], Failure>
}

/** Without a log there is nothing to note. */
export function noteIngest(
  log: IngestLog | undefined,
  { timeMs, door, signal, bytes, outcome }: IngestFacts,
): void {
  if (log === undefined) return
  const request = { timeMs, door, signal, bytes }
  if (outcome.ok) {
    const { value } = outcome
    log.note({ ...request, status: 200, rejected: value.length, reasons: reasonsOf(value) })
    return
  }
  const { kind, message } = outcome.error
  log.note({ ...request, status: errorTable[kind].httpStatus, rejected: 0, reasons: [message] })
}
