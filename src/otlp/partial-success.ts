/**
 * The answer to a request that succeeded, in both encodings: empty, or with `partialSuccess`
 * when records were refused. Guarantees an error message of bounded length.
 */
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import type { Rejection } from '../domain/rejection.ts'
import { tagOf } from './wire.ts'

/** The signals of OTLP. */
export type OtlpSignal = 'logs' | 'metrics' | 'traces'

/** The field that counts refusals, by signal. */
const rejectedField = {
  logs: 'rejectedLogRecords',
  metrics: 'rejectedDataPoints',
  traces: 'rejectedSpans',
} as const satisfies Record<OtlpSignal, string>

const FULL_SUCCESS_JSON = '{}'
const FULL_SUCCESS_PROTO = Buffer.alloc(0)

const PARTIAL_SUCCESS = tagOf(1, 'bytes')
const REJECTED = tagOf(1, 'varint')
const ERROR_MESSAGE = tagOf(2, 'bytes')

const MAX_REASONS = 5

/** The answer in JSON. Counts are text, as proto3 JSON writes int64. */
export function partialSuccessJson(signal: OtlpSignal, rejected: readonly Rejection[]): string {
  if (rejected.length === 0) return FULL_SUCCESS_JSON
  return JSON.stringify({
    partialSuccess: {
      [rejectedField[signal]]: String(rejected.length),
      errorMessage: summaryOf(rejected),
    },
  })
}

/** The answer in protobuf, whose field numbers are the same for all signals. */
export function partialSuccessProto(rejected: readonly Rejection[]): Buffer {
  if (rejected.length === 0) return FULL_SUCCESS_PROTO
  const writer = new BinaryWriter().uint32(PARTIAL_SUCCESS).fork()
  writer.uint32(REJECTED).int64(rejected.length)
  writer.uint32(ERROR_MESSAGE).string(summaryOf(rejected))
  return Buffer.from(writer.join().finish())
}

/** The first reasons, and how many refusals there are beyond them. */
export function summaryOf(rejected: readonly Rejection[]): string {
  const reasons = rejected.slice(0, MAX_REASONS).map((rejection) => rejection.message)
  const beyond = rejected.length - reasons.length
  return beyond > 0 ? `${reasons.join('; ')}; and ${beyond} more` : reasons.join('; ')
}
