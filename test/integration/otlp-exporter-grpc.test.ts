/** The OTLP exporter over gRPC, against a real server of another implementation. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createHttp2Server, type OutgoingHttpHeaders } from 'node:http2'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import {
  Metadata,
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceError,
  status,
} from '@grpc/grpc-js'
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { SpanRecord } from '../../src/domain/telemetry-record.ts'
import { createDelivery } from '../../src/exporters/delivery.ts'
import { createOtlpGrpcClient } from '../../src/exporters/otlp/grpc-client.ts'
import { createOtlpExporter } from '../../src/exporters/otlp/otlp-exporter.ts'
import { decodeProto } from '../../src/otlp/proto-envelope.ts'
import { wireTraces } from '../../src/otlp/proto-traces.ts'
import { PATIENCE_MS } from '../patience.ts'
import { START_MS } from '../unit/exporters/langfuse/sample-emissions.ts'
import { createMemoryOutbox } from '../unit/exporters/memory-outbox.ts'
import { span } from '../unit/exporters/rig.ts'
import { createManualClock } from '../unit/manual-clock.ts'
import { whole } from '../unit/otlp/decoded.ts'

const tls = (file: string) => join(import.meta.dirname, '../fixtures/tls', file)

beforeAll(() => {
  const trusted = getCACertificates('default')
  setDefaultCACertificates([...trusted, readFileSync(tls('certificate.pem'), 'utf8')])
  return () => setDefaultCACertificates(trusted)
})

const toEnd: (() => unknown)[] = []
afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end()
})

type Call = ServerUnaryCall<Buffer, Buffer>
type Answer =
  | { readonly body?: Buffer }
  | { readonly code: number; readonly details?: string; readonly retryAfterS?: number }
  | 'hang'

const identity = (bytes: Buffer): Buffer => bytes
const PATH = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'

async function createReceiver({ port = 0, isSecure = false } = {}) {
  const spans: SpanRecord[] = []
  const requests: Record<string, unknown>[] = []
  let decide: (call: Call) => Answer = () => ({})
  const server = new Server()
  const method = { path: PATH, requestStream: false, responseStream: false } as const
  const codecs = {
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  }
  server.addService(
    { export: { ...method, ...codecs } },
    {
      export: (call: Call, callback: sendUnaryData<Buffer>) => {
        requests.push(call.metadata.getMap())
        const answer = decide(call)
        if (answer === 'hang') return
        if ('code' in answer) {
          callback(errorOf(answer))
          return
        }
        const decoded = whole(decodeProto(call.request, wireTraces))
        if (decoded.ok) spans.push(...decoded.value.accepted)
        callback(null, answer.body ?? Buffer.alloc(0))
      },
    },
  )
  const credentials = isSecure
    ? ServerCredentials.createSsl(null, [
        {
          private_key: readFileSync(tls('key.pem')),
          cert_chain: readFileSync(tls('certificate.pem')),
        },
      ])
    : ServerCredentials.createInsecure()
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, credentials, (error, listening) => {
      if (error === null) resolve(listening)
      else reject(error)
    })
  })
  const close = () => server.forceShutdown()
  toEnd.push(close)
  return {
    port: bound,
    spans: () => spans,
    requests: () => requests,
    always: (next: (call: Call) => Answer) => {
      decide = next
    },
    close,
  }
}

function errorOf(answer: { code: number; details?: string; retryAfterS?: number }) {
  const metadata = new Metadata()
  const { code, details = 'planned', retryAfterS } = answer
  if (retryAfterS !== undefined) metadata.set('grpc-status-details-bin', retryInfo(retryAfterS))
  return { code, details, metadata, name: 'Error', message: details } satisfies ServiceError
}

/** google.rpc.Status with a BadRequest before its RetryInfo. */
function retryInfo(seconds: number): Buffer {
  const type = 'type.googleapis.com/google.rpc.'
  const whole = Math.floor(seconds)
  const nanos = Math.round((seconds - whole) * 1e9)
  const writer = new BinaryWriter().uint32(0x08).int32(14)
  writer.uint32(0x1a).fork().uint32(0x0a).string(`${type}BadRequest`).join()
  writer.uint32(0x1a).fork().uint32(0x0a).string(`${type}RetryInfo`)
  writer.uint32(0x12).fork().uint32(0x0a).fork()
  writer.uint32(0x08).int64(whole).uint32(0x10).int32(nanos)
  return Buffer.from(writer.join().join().join().finish())
}

function partial(rejected: number, message: string): Buffer {
  const writer = new BinaryWriter().uint32(0x0a).fork()
  return Buffer.from(
    writer.uint32(0x08).int64(rejected).uint32(0x12).string(message).join().finish(),
  )
}

const never = new AbortController().signal

function clientOf(port: number, { isSecure = false, timeoutMs = PATIENCE_MS } = {}) {
  return createOtlpGrpcClient({
    endpoint: isSecure ? `https://localhost:${port}` : `http://127.0.0.1:${port}/`,
    headers: { 'x-tenant': 'red', authorization: 'Bearer secret-token' },
    timeoutMs,
    setting: 'EXPORT_OTLP_ENDPOINT',
  })
}

function deliveryTo(port: number) {
  const clock = createManualClock(START_MS)
  const outbox = createMemoryOutbox()
  const delivery = createDelivery({
    exporter: createOtlpExporter({
      client: clientOf(port),
      address: `http://127.0.0.1:${port}`,
      credentials: '',
      protocol: 'grpc',
      productVersion: '1.2.3',
    }),
    outbox: outbox.lane,
    clock,
    random: () => 0.5,
    log: { info: () => {}, warn: () => {}, error: () => {} },
  })
  toEnd.push(() => delivery.stop())
  return { clock, outbox, delivery }
}

const eventually = (assertion: () => void) =>
  vi.waitFor(assertion, { interval: 5, timeout: PATIENCE_MS })

test('spans arrive once, compressed, with the headers', async () => {
  const receiver = await createReceiver()
  const { outbox, delivery } = deliveryTo(receiver.port)
  outbox.add(span('a'), span('b'))
  delivery.start()
  await eventually(() => expect(outbox.pending()).toEqual([]))
  expect(receiver.spans()).toHaveLength(2)
  expect(receiver.requests()[0]).toMatchObject({
    'x-tenant': 'red',
    authorization: 'Bearer secret-token',
  })
})

test('an https address is spoken to with TLS', async () => {
  const receiver = await createReceiver({ isSecure: true })
  const body = new Uint8Array(0)
  expect(await clientOf(receiver.port, { isSecure: true }).send('traces', body, 0, never)).toEqual({
    kind: 'accepted',
  })
  expect(await clientOf(receiver.port).send('traces', body, 0, never)).toMatchObject({
    kind: 'retry',
    cause: 'absent',
  })
})

test('a server that comes back gets what waited', async () => {
  const first = await createReceiver()
  const { clock, outbox, delivery } = deliveryTo(first.port)
  outbox.add(span('a'))
  delivery.start()
  await eventually(() => expect(first.spans()).toHaveLength(1))
  first.close()
  outbox.add(span('b'))
  delivery.notify()
  await eventually(() => expect(delivery.status().retried).toBeGreaterThan(0))
  const again = await createReceiver({ port: first.port })
  await vi.waitFor(
    async () => {
      await clock.advance(60_000)
      expect(again.spans()).toHaveLength(1)
    },
    { interval: 50, timeout: PATIENCE_MS },
  )
  await eventually(() => expect(outbox.pending()).toEqual([]))
})

describe('what an answer means', () => {
  const throttled = { kind: 'retry', cause: 'throttled' }
  const failing = { kind: 'retry', cause: 'failing' }
  const absent = { kind: 'retry', cause: 'absent' }
  const rejected = { kind: 'rejected' }
  const doubtful = { kind: 'rejected', isDoubtful: true }
  const { RESOURCE_EXHAUSTED, UNAVAILABLE } = status

  test.each<[string, Answer, object]>([
    ['all was taken', {}, { kind: 'accepted' }],
    ['a part was not', { body: partial(1, 'too old') }, { kind: 'partial', rejected: 1 }],
    ['none was', { body: partial(3, 'too old') }, { kind: 'rejected', items: [0, 1, 2] }],
    ['a warning', { body: partial(0, 'slow down') }, { kind: 'accepted' }],
    ['no message of OTLP', { body: Buffer.from([0x0a, 0x7f]) }, failing],
    ['CANCELLED', { code: status.CANCELLED }, failing],
    ['UNKNOWN', { code: status.UNKNOWN }, doubtful],
    ['INVALID_ARGUMENT', { code: status.INVALID_ARGUMENT }, rejected],
    ['DEADLINE_EXCEEDED', { code: status.DEADLINE_EXCEEDED }, failing],
    ['NOT_FOUND', { code: status.NOT_FOUND }, absent],
    ['ALREADY_EXISTS', { code: status.ALREADY_EXISTS }, rejected],
    ['PERMISSION_DENIED', { code: status.PERMISSION_DENIED }, { kind: 'unauthorized' }],
    ['RESOURCE_EXHAUSTED', { code: RESOURCE_EXHAUSTED }, doubtful],
    [
      'RESOURCE_EXHAUSTED for a while',
      { code: RESOURCE_EXHAUSTED, retryAfterS: 7 },
      { ...throttled, retryAfterMs: 7000 },
    ],
    ['FAILED_PRECONDITION', { code: status.FAILED_PRECONDITION }, rejected],
    ['ABORTED', { code: status.ABORTED }, failing],
    ['OUT_OF_RANGE', { code: status.OUT_OF_RANGE }, failing],
    ['UNIMPLEMENTED', { code: status.UNIMPLEMENTED }, absent],
    ['INTERNAL', { code: status.INTERNAL }, doubtful],
    ['UNAVAILABLE', { code: UNAVAILABLE }, absent],
    [
      'UNAVAILABLE for a while',
      { code: UNAVAILABLE, retryAfterS: 1.5 },
      { ...throttled, retryAfterMs: 1500 },
    ],
    ['DATA_LOSS', { code: status.DATA_LOSS }, failing],
    ['UNAUTHENTICATED', { code: status.UNAUTHENTICATED }, { kind: 'unauthorized' }],
  ])('%s', async (_name, answer, meaning) => {
    const receiver = await createReceiver()
    receiver.always(() =>
      typeof answer === 'object' && 'code' in answer
        ? { ...answer, details: 'Bearer secret-token is not liked' }
        : answer,
    )
    const verdict = await clientOf(receiver.port).send('traces', new Uint8Array(0), 3, never)
    expect(verdict).toMatchObject(meaning)
    expect(JSON.stringify(verdict)).not.toContain('secret-token')
  })

  test('a server that does not answer in time is tried again', async () => {
    const receiver = await createReceiver()
    receiver.always(() => 'hang')
    const client = clientOf(receiver.port, { timeoutMs: 100 })
    expect(await client.send('traces', new Uint8Array(0), 1, never)).toMatchObject(absent)
  })

  test.each([false, true])(
    'one that accepts connections and says nothing is tried again, TLS: %s',
    async (isSecure) => {
      const silent = createServer()
      const sockets: Socket[] = []
      silent.on('connection', (socket) => sockets.push(socket))
      silent.listen(0, '127.0.0.1')
      await once(silent, 'listening')
      toEnd.push(() => {
        for (const socket of sockets) socket.destroy()
        silent.close()
      })
      const { port } = silent.address() as AddressInfo
      const client = clientOf(port, { isSecure, timeoutMs: 100 })
      const body = new Uint8Array(0)
      expect(await client.send('traces', body, 1, never)).toMatchObject(absent)
      const stop = new AbortController()
      const stopped = clientOf(port, { isSecure }).send('traces', body, 1, stop.signal)
      setImmediate(() => stop.abort())
      expect(await stopped).toEqual({ kind: 'stopped' })
    },
  )

  const grpc = { ':status': 200, 'content-type': 'application/grpc' }
  const frame = Buffer.alloc(5)
  const proxy = { ':status': 502, 'content-type': 'text/html' }

  test.each<[string, OutgoingHttpHeaders, Buffer, object]>([
    ['an empty message', { ...grpc, 'grpc-status': '0' }, frame, { kind: 'accepted' }],
    [
      'an empty message of a named encoding',
      { ...grpc, 'content-type': 'application/grpc+proto', 'grpc-status': '0' },
      frame,
      { kind: 'accepted' },
    ],
    ['an empty status', { ...grpc, 'grpc-status': '' }, frame, doubtful],
    ['a status that is no number', { ...grpc, 'grpc-status': 'abc' }, frame, doubtful],
    ['a status in hexadecimal', { ...grpc, 'grpc-status': '0x0' }, frame, doubtful],
    ['OK without a message', { ...grpc, 'grpc-status': '0' }, Buffer.alloc(0), doubtful],
    [
      'OK with a cut message',
      { ...grpc, 'grpc-status': '0' },
      Buffer.from([0, 0, 0, 0, 9]),
      doubtful,
    ],
    ['a proxy that says OK and 502', { ...proxy, 'grpc-status': '0' }, frame, absent],
    ['the same as gRPC', { ...grpc, ':status': 502, 'grpc-status': '0' }, frame, absent],
    [
      'a 403 that says OK',
      { ...proxy, ':status': 403, 'grpc-status': '0' },
      frame,
      { kind: 'unauthorized' },
    ],
    ['a 500 that says OK', { ...grpc, ':status': 500, 'grpc-status': '0' }, frame, absent],
    ['a 404', { ...proxy, ':status': 404 }, frame, absent],
    ['a page that says OK', { ...proxy, ':status': 200, 'grpc-status': '0' }, frame, absent],
    [
      'gRPC-Web',
      { ...grpc, 'content-type': 'application/grpc-web', 'grpc-status': '0' },
      frame,
      absent,
    ],
    ['a failure with a 400', { ...grpc, ':status': 400, 'grpc-status': '3' }, frame, rejected],
  ])('of one that is not quite gRPC: %s', async (_name, headers, body, meaning) => {
    const server = createHttp2Server()
    server.on('stream', (stream) => {
      stream.respond(headers)
      stream.end(body)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    toEnd.push(() => server.close())
    const { port } = server.address() as AddressInfo
    const verdict = await clientOf(port).send('traces', new Uint8Array(0), 3, never)
    expect(verdict).toMatchObject(meaning)
  })

  test('a stop ends what is under way', async () => {
    const receiver = await createReceiver()
    const stop = new AbortController()
    receiver.always(() => {
      stop.abort()
      return 'hang'
    })
    const verdict = await clientOf(receiver.port).send('traces', new Uint8Array(0), 1, stop.signal)
    expect(verdict).toEqual({ kind: 'stopped' })
  })

  test('who refuses even an empty export is another program', async () => {
    const receiver = await createReceiver()
    receiver.always(() => ({ code: status.INVALID_ARGUMENT }))
    expect(await clientOf(receiver.port).probe('traces', never)).toMatchObject(absent)
  })
})
