/** An OTLP receiver over HTTP to test against: a real server that keeps what it took. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { LogRecord, MetricPoint, SpanRecord } from '../../src/domain/telemetry-record.ts'
import { jsonLogs } from '../../src/otlp/json-logs.ts'
import { jsonMetrics } from '../../src/otlp/json-metrics.ts'
import { decodeJson } from '../../src/otlp/json-request.ts'
import { jsonTraces } from '../../src/otlp/json-traces.ts'
import { decodeProto } from '../../src/otlp/proto-envelope.ts'
import { wireLogs } from '../../src/otlp/proto-logs.ts'
import { wireMetrics } from '../../src/otlp/proto-metrics.ts'
import { wireTraces } from '../../src/otlp/proto-traces.ts'
import { whole } from '../unit/otlp/decoded.ts'

/** What it does instead of taking a request. */
export type ReceiverFault =
  | { readonly kind: 'status'; readonly status: number; readonly body?: string }
  /** Takes it, and says that it rejected some. */
  | { readonly kind: 'partial'; readonly rejected: number }
  /** Takes it when it is released, and answers then. */
  | { readonly kind: 'hang' }
  /** Takes it and breaks the connection instead of answering. */
  | { readonly kind: 'lose' }

export interface OtlpReceiver {
  readonly url: string
  readonly port: number
  spans(): readonly SpanRecord[]
  logs(): readonly LogRecord[]
  metrics(): readonly MetricPoint[]
  /** Headers of each request, in order. */
  requests(): readonly IncomingMessage['headers'][]
  /** Asked for each request with something in it; `undefined` behaves. */
  always(decide: () => ReceiverFault | undefined): void
  release(): void
  close(): Promise<void>
}

const inflate = promisify(gunzip)
const JSON_TYPE = 'application/json'

export async function createOtlpReceiver(port = 0): Promise<OtlpReceiver> {
  const spans: SpanRecord[] = []
  const logs: LogRecord[] = []
  const metrics: MetricPoint[] = []
  const requests: IncomingMessage['headers'][] = []
  let decide: () => ReceiverFault | undefined = () => undefined
  let held: (() => void)[] = []

  function take(path: string | undefined, isJson: boolean, body: Buffer): number {
    const decoded =
      path === '/v1/traces'
        ? kept(spans, whole(isJson ? decodeJson(body, jsonTraces) : decodeProto(body, wireTraces)))
        : path === '/v1/logs'
          ? kept(logs, whole(isJson ? decodeJson(body, jsonLogs) : decodeProto(body, wireLogs)))
          : kept(
              metrics,
              whole(isJson ? decodeJson(body, jsonMetrics) : decodeProto(body, wireMetrics)),
            )
    return decoded
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request)
    const isJson = request.headers['content-type'] === JSON_TYPE
    const isEmpty = body.length === 0 || body.toString() === '{}'
    const fault = decide()
    requests.push(request.headers)
    if (fault?.kind === 'status') {
      response.writeHead(fault.status, { 'content-type': 'text/plain' })
      response.end(fault.body ?? 'planned')
      return
    }
    if (fault?.kind === 'hang') await new Promise<void>((resolve) => held.push(resolve))
    if (!isEmpty && take(request.url, isJson, body) < 0) {
      response.writeHead(400).end()
      return
    }
    if (fault?.kind === 'lose') {
      response.destroy()
      return
    }
    const rejected = fault?.kind === 'partial' && !isEmpty ? fault.rejected : 0
    response.writeHead(200, { 'content-type': request.headers['content-type'] ?? JSON_TYPE })
    response.end(isJson ? partialJson(rejected) : partialProto(rejected))
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const listening = typeof address === 'object' && address !== null ? address.port : 0

  return {
    url: `http://127.0.0.1:${listening}`,
    port: listening,
    spans: () => spans,
    logs: () => logs,
    metrics: () => metrics,
    requests: () => requests,
    always: (next) => {
      decide = next
    },
    release: () => {
      const waiting = held
      held = []
      for (const goOn of waiting) goOn()
    },
    close: async () => {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const sent = Buffer.concat(chunks)
  return request.headers['content-encoding'] === 'gzip' ? inflate(sent) : sent
}

/** Keeps what was decoded; -1 when the request is none. */
function kept<T>(into: T[], decoded: ReturnType<typeof whole<T>>): number {
  if (!decoded.ok || decoded.value.rejected.length > 0) return -1
  into.push(...decoded.value.accepted)
  return decoded.value.accepted.length
}

function partialJson(rejected: number): string {
  if (rejected === 0) return '{}'
  return JSON.stringify({
    partialSuccess: { rejectedSpans: String(rejected), errorMessage: 'too old' },
  })
}

/** Written by hand, so that it does not follow our own idea of it. */
function partialProto(rejected: number): Buffer {
  if (rejected === 0) return Buffer.alloc(0)
  const message = Buffer.from('too old')
  const inner = Buffer.concat([Buffer.from([0x08, rejected, 0x12, message.length]), message])
  return Buffer.concat([Buffer.from([0x0a, inner.length]), inner])
}
