/** A gRPC client that sends bytes, good ones or not. */
import {
  type CallOptions,
  Client,
  credentials,
  Metadata,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js'

export const servicePaths = {
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
} as const

/** How a call ended; `code` 0 is success. */
export interface Answer {
  readonly code: number
  readonly details: string
  readonly bytes: Buffer | undefined
  readonly trailers: Metadata
}

export interface GrpcClient {
  send(path: string, bytes: Buffer, headers?: object, options?: CallOptions): Promise<Answer>
  close(): void
}

const asIs = (bytes: Buffer): Buffer => bytes

/** A client of one connection to `host:port`. `gzip` compresses its messages. */
export function createGrpcClient(address: string, gzip = false): GrpcClient {
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.default_compression_algorithm': gzip ? 2 : 0,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_send_message_length': -1,
    'grpc.enable_retries': 0,
  })
  return {
    send: (path, bytes, headers = {}, options = {}) =>
      new Promise((resolve) => {
        const metadata = new Metadata()
        for (const [name, value] of Object.entries(headers)) metadata.set(name, String(value))
        let answer: Buffer | undefined
        const call = client.makeUnaryRequest(
          path,
          asIs,
          asIs,
          bytes,
          metadata,
          options,
          (_error: ServiceError | null, value?: Buffer) => {
            answer = value
          },
        )
        call.on('status', ({ code, details, metadata: trailers }: StatusObject) => {
          // The answer's callback runs after the status.
          setImmediate(() => resolve({ code, details, bytes: answer, trailers }))
        })
      }),
    close: () => client.close(),
  }
}
