/**
 * OTLP over gRPC: the three export services, with the bounds, keys and errors of the HTTP door.
 * Messages pass as bytes, so that one that cannot be decoded is answered INVALID_ARGUMENT, and
 * not by the library.
 */
import {
  type handleUnaryCall,
  logVerbosity,
  Server,
  ServerCredentials,
  setLogVerbosity,
  type StatusObject,
} from '@grpc/grpc-js'
import type { ReceiverConfig } from '../config/config.ts'
import type { Clock } from '../domain/clock.ts'
import { err } from '../domain/result.ts'
import type { Counters } from '../observability/counters.ts'
import type { IngestLog } from '../observability/ingest-log.ts'
import { protobufEncoding } from './encoding.ts'
import { errorTable, type Failure } from './errors.ts'
import type { Export, Exports } from './export.ts'
import type { FailureLog } from './failure-log.ts'
import { internal } from './failures.ts'
import { createGrpcAdmission } from './grpc-admission.ts'
import { exportServices } from './grpc-services.ts'
import { grpcStatus } from './grpc-status.ts'
import type { InFlight } from './in-flight.ts'
import { noteIngest } from './ingest-note.ts'
import { createReadingSlots } from './reading-slots.ts'

const MESSAGE_TIMEOUT_MS = 20_000
/** How long a stop waits for calls under way; the store answers in milliseconds. */
const CLOSE_TIMEOUT_MS = 5_000
const MAX_STREAMS_PER_CONNECTION = 100

/** What a handler's callback takes: a failure, or the answer's bytes. */
type CallEnd = [StatusObject, null] | [null, Buffer]

export interface GrpcDoorDeps {
  readonly config: Pick<ReceiverConfig, 'apiKey' | 'maxRequestBytes'>
  readonly exports: Exports
  readonly inFlight: InFlight
  readonly failureLog: FailureLog
  readonly counters: Counters
  readonly ingestLog?: IngestLog | undefined
  readonly clock: Clock
  readonly messageTimeoutMs?: number
}

export interface GrpcDoor {
  /** Resolves to the port; rejects with the reason when it cannot listen. 0 picks a free one. */
  listen(host: string, port: number): Promise<number>
  /** Lets calls under way finish, for a bounded time. */
  close(): Promise<void>
}

/** Builds the server; it does not listen yet. */
export function createGrpcDoor(deps: GrpcDoorDeps): GrpcDoor {
  const { config, counters, failureLog, clock } = deps
  let isStopping = false

  const refused = (path: string, failure: Failure, bytes = 0, cause?: unknown): void => {
    const request = { timeMs: clock.now(), door: 'grpc', signal: signalOf(path), bytes } as const
    noteIngest(deps.ingestLog, { ...request, outcome: err(failure) })
    const facts = { path, code: errorTable[failure.kind].rpcCode }
    counters.countError(errorTable[failure.kind].httpStatus)
    failureLog.failed(
      failure.kind,
      cause === undefined ? facts : { ...facts, err: cause },
      `refused a call: ${failure.message}`,
    )
  }

  const answer = async (signal: Export, path: string, request: Buffer): Promise<CallEnd> => {
    const fail = (failure: Failure, cause?: unknown): CallEnd => {
      refused(path, failure, request.length, cause)
      return [grpcStatus(failure), null]
    }
    try {
      const taken = await signal.take(request, protobufEncoding, clock.now())
      if (!taken.ok) return fail(taken.error.failure, taken.error.cause)
      counters.countSuccess()
      const facts = { timeMs: clock.now(), door: 'grpc', bytes: request.length } as const
      noteIngest(deps.ingestLog, { ...facts, signal: signal.name, outcome: taken })
      return [null, Buffer.from(protobufEncoding.success(signal.rejectedField, taken.value))]
    } catch (error) {
      return fail(internal, error)
    }
  }
  const handler =
    (signal: Export): handleUnaryCall<Buffer, Buffer> =>
    async (call, callback) => {
      const [failure, bytes] = await answer(signal, call.getPath(), call.request)
      callback(failure, bytes)
    }

  // Failures come back as values; the library's own log would be a second voice on stderr.
  setLogVerbosity(logVerbosity.NONE)
  const server = new Server({
    'grpc.max_receive_message_length': config.maxRequestBytes,
    'grpc.max_concurrent_streams': MAX_STREAMS_PER_CONNECTION,
    'grpc.enable_channelz': 0,
    interceptors: [
      createGrpcAdmission({
        apiKey: config.apiKey,
        inFlight: deps.inFlight,
        slots: createReadingSlots(),
        clock,
        messageTimeoutMs: deps.messageTimeoutMs ?? MESSAGE_TIMEOUT_MS,
        isStopping: () => isStopping,
        onRefused: (path, failure) => refused(path, failure),
      }),
    ],
  })
  for (const signal of ['logs', 'metrics', 'traces'] as const) {
    server.addService(exportServices[signal], { Export: handler(deps.exports[signal]) })
  }

  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.bindAsync(
          `${host}:${port}`,
          ServerCredentials.createInsecure(),
          (error, boundPort) => {
            if (error === null) resolve(boundPort)
            else reject(error)
          },
        )
      }),
    close: () => {
      isStopping = true
      return new Promise((resolve) => {
        const timer = clock.setTimer(() => {
          server.forceShutdown()
          resolve()
        }, CLOSE_TIMEOUT_MS)
        server.tryShutdown(() => {
          timer.cancel()
          resolve()
        })
      })
    },
  }
}

/** The signal of a call's path, `/opentelemetry.proto.collector.<signal>.v1.…`. */
function signalOf(path: string): 'logs' | 'metrics' | 'traces' {
  if (path.includes('.metrics.')) return 'metrics'
  return path.includes('.trace.') ? 'traces' : 'logs'
}
