/**
 * One request to an OTLP receiver over gRPC, and what its answer means (OTLP 1.11, "OTLP/gRPC
 * Response"). One try a call; every failure is a value, and no text in it holds a header.
 */
import { createRedactor } from '../../http/exchange.ts'
import { createGrpcChannel, type GrpcOutcome } from '../../http/grpc-channel.ts'
import { partialSuccessOf } from '../../otlp/encode-spans.ts'
import { retryDelayMs } from '../../otlp/status.ts'
import type { Exporter, Failure, Verdict } from '../exporter.ts'
import {
  type OtlpClient,
  type OtlpClientOptions,
  type OtlpSignal,
  partialVerdict,
} from './otlp-client.ts'

export type OtlpGrpcClientOptions = Omit<OtlpClientOptions, 'protocol' | 'fetch' | 'now'>

const METHODS = {
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
} as const satisfies Record<OtlpSignal, string>

const MAX_REASON_CHARS = 300

type Answer = Extract<GrpcOutcome, { kind: 'answer' }>

/** Throws when `endpoint` is no URL. */
export function createOtlpGrpcClient(options: OtlpGrpcClientOptions): OtlpClient {
  const { endpoint, headers, setting } = options
  const channel = createGrpcChannel(options)
  const redact = createRedactor(Object.values(headers))

  async function answerTo(
    signal: OtlpSignal,
    body: Uint8Array,
    items: number,
    stop: AbortSignal,
  ): Promise<Verdict> {
    const outcome = await channel.call(METHODS[signal], body, stop)
    if (outcome.kind === 'no_answer') {
      if (stop.aborted) return { kind: 'stopped' }
      return { kind: 'retry', cause: 'absent', reason: redact(`${endpoint}: ${outcome.error}`) }
    }
    return outcome.code === 0 ? acceptedVerdict(outcome.body, items) : verdictOf(outcome)
  }

  function acceptedVerdict(answer: Uint8Array, items: number): Verdict {
    try {
      const { rejected, message } = partialSuccessOf(answer)
      return partialVerdict({ rejected, message: redact(message) }, items) ?? { kind: 'accepted' }
    } catch {
      const reason = 'gRPC OK, but its message is not an answer of an OTLP receiver'
      return { kind: 'retry', cause: 'failing', reason }
    }
  }

  function verdictOf({ code, message, details }: Answer): Verdict {
    const name = CODES[code] ?? `code ${code}`
    const reason = redact(`gRPC ${name}: ${message}`).slice(0, MAX_REASON_CHARS)
    const wait = details && retryDelayMs(details)
    const meaning = MEANINGS[code] ?? 'failing'
    switch (meaning) {
      case 'unauthorized':
        return { kind: 'unauthorized', reason }
      case 'throttled':
        return wait === undefined
          ? { kind: 'rejected', reason, isDoubtful: true }
          : { kind: 'retry', cause: 'throttled', reason, retryAfterMs: wait }
      case 'rejected':
        return { kind: 'rejected', reason }
      case 'doubtful':
        return { kind: 'rejected', reason, isDoubtful: true }
      case 'elsewhere':
        return {
          kind: 'retry',
          cause: 'absent',
          reason: `${reason}; not an OTLP receiver, check ${setting}`,
        }
      case 'unavailable':
        if (wait !== undefined) {
          return { kind: 'retry', cause: 'throttled', reason, retryAfterMs: wait }
        }
        return { kind: 'retry', cause: 'absent', reason }
      case 'failing':
        return { kind: 'retry', cause: 'failing', reason, retryAfterMs: wait }
    }
  }

  return {
    send: (signal, body, items, stop) => {
      if (typeof body === 'string') throw new Error('gRPC takes protobuf only')
      return answerTo(signal, body, items, stop)
    },
    probe: async (signal, stop): ReturnType<Exporter['probe']> => {
      const verdict = await answerTo(signal, new Uint8Array(0), 0, stop)
      if (verdict.kind !== 'rejected' && verdict.kind !== 'partial') return verdict
      const reason = `rejects even an empty export; is ${setting} right? ${verdict.reason}`
      return { kind: 'retry', cause: 'absent', reason } satisfies Failure
    },
  }
}

const CODES: readonly string[] = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
]

type Meaning =
  | 'failing'
  | 'unavailable'
  /** Only with RetryInfo; without it the request is too much, and is not to be sent again. */
  | 'throttled'
  | 'unauthorized'
  | 'rejected'
  /** Not to be sent again either, but perhaps by a fault of the server's. */
  | 'doubtful'
  | 'elsewhere'

/**
 * By code; those that the specification calls retryable are `failing`, `unavailable` and, with
 * RetryInfo, `throttled`.
 */
const MEANINGS: Readonly<Partial<Record<number, Meaning>>> = {
  1: 'failing',
  2: 'doubtful',
  3: 'rejected',
  4: 'failing',
  5: 'elsewhere',
  6: 'rejected',
  7: 'unauthorized',
  8: 'throttled',
  9: 'rejected',
  10: 'failing',
  11: 'failing',
  12: 'elsewhere',
  13: 'doubtful',
  14: 'unavailable',
  15: 'failing',
  16: 'unauthorized',
}
