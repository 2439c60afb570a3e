/**
 * OTLP over gRPC: the three export services, with the bounds, keys and errors of the HTTP server.
 * Speaks gRPC on Node's own HTTP/2 server, whose streams show a message while it comes, so that its
 * bytes count before it is whole (decision 14).
 */
import { beginningOf } from '../../domain/beginning.ts'
import {
  constants,
  createSecureServer,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { ReceiverConfig } from '../../config/config.ts'
import type { Clock } from '../../domain/clock.ts'
import { err, type Result } from '../../domain/result.ts'
import type { Counters } from '../../observability/counters.ts'
import type { IngestLog } from '../../observability/ingest-log.ts'
import type { Instruments } from '../../observability/metrics.ts'
import type { OtlpSignal } from '../../otlp/partial-success.ts'
import type { Admission, Permit } from '../admission.ts'
import { createHostCheck } from '../http/guard.ts'
import { type Body, inflated, readBody } from '../http/body.ts'
import { createConnections, type TrackedConnection } from '../http/connections.ts'
import { grpcCompressionOf } from '../http/content-encoding.ts'
import { protobufEncoding } from '../encoding.ts'
import { errorTable, type Failure, internal, overloaded, stopping, tooSlow } from '../errors.ts'
import { createIngestCheck, type Sender } from '../ingest-access.ts'
import { type ServerTls, trackHandshakes } from '../tls.ts'
import type { KeyGuesses } from '../key-guesses.ts'
import { createKeyRing, type KeyRing } from '../key-ring.ts'
import type { Refusal, SignalReceiver, SignalReceivers, Taken } from '../signal-receiver.ts'
import { type FailureLog, type IngestFacts, noteIngest } from '../refusal-log.ts'
import { framed, messageIn, PREFIX_BYTES } from './message.ts'
import { okTrailers, responseHeaders, statusTrailers } from './status.ts'

const MESSAGE_TIMEOUT_MS = 20_000
/** How long a stop waits for calls under way; the store answers in milliseconds. */
const CLOSE_TIMEOUT_MS = 3_000
const SWEEP_EVERY_MS = 50
const MAX_STREAMS_PER_CONNECTION = 100

export interface GrpcServerDeps {
  readonly config: Pick<ReceiverConfig, 'apiKey' | 'maxRequestBytes'>
  readonly signals: Pick<SignalReceivers, OtlpSignal>
  readonly admission: Admission
  readonly maxConnections: number
  readonly failureLog: FailureLog
  readonly guesses: KeyGuesses
  /** Named keys; absent where there is API_KEY alone. */
  readonly ring?: KeyRing | undefined
  readonly counters: Counters
  readonly instruments?: Pick<Instruments, 'request'> | undefined
  readonly ingestLog?: IngestLog | undefined
  readonly clock: Clock
  readonly tls?: ServerTls | undefined
  /** For a whole message to arrive. */
  readonly messageTimeoutMs?: number
}

export interface GrpcServer {
  /** Resolves to the port; rejects with the reason when it cannot listen. 0 picks a free one. */
  listen(host: string, port: number): Promise<number>
  /** Lets calls under way finish, for a bounded time. */
  close(): Promise<void>
}

/** A connection, and the calls on it that are whole and not answered yet. */
interface Session {
  readonly tracked: TrackedConnection
  handled: number
}

/** Builds the server; it does not listen yet. */
export function createGrpcServer(deps: GrpcServerDeps): GrpcServer {
  const { config, admission, counters, clock } = deps
  const { apiKey } = config
  const ring = deps.ring ?? createKeyRing({ apiKey, clock, log: { error: () => undefined } })
  const check = createIngestCheck(apiKey, ring)
  const hostFailure = createHostCheck(config.apiKey)
  const connections = createConnections(deps.maxConnections, clock)
  const sessions = new Map<ServerHttp2Session, Session>()
  const signals: ReadonlyMap<string, SignalReceiver<OtlpSignal>> = new Map(
    (['logs', 'metrics', 'traces'] as const).map((name) => [servicePath(name), deps.signals[name]]),
  )
  let isStopping = false

  /** The bytes of the one message, once the call is whole. */
  async function received(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    permit: Permit,
  ): Promise<Result<Body, Failure>> {
    const limits = { maxBytes: config.maxRequestBytes + PREFIX_BYTES, declaredBytes: 0 }
    const body = await readBody(stream, limits, permit, () => stream.session?.destroy())
    if (!body.ok) return body
    const message = messageIn(body.value)
    if (!message.ok) return message
    if (!permit.complete()) return err(overloaded)
    const named = headers['grpc-encoding']?.toString()
    const compression = message.value.isCompressed ? grpcCompressionOf(named) : 'none'
    if (compression === undefined) return err(unsupportedCompression(named))
    return inflated(message.value.body, compression, config.maxRequestBytes, permit)
  }

  async function take(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    signal: SignalReceiver,
    onRead: (bytes: number) => void,
  ): Promise<Result<Taken, Refusal>> {
    const sender = await senderOf(stream, headers)
    if (!sender.ok) return err({ failure: sender.error })
    const permit = admission.admit(0)
    if (permit === undefined) return err({ failure: overloaded })
    const tooLate = Promise.withResolvers<Result<never, Failure>>()
    const timer = clock.setTimer(
      () => tooLate.resolve(err(tooSlow)),
      deps.messageTimeoutMs ?? MESSAGE_TIMEOUT_MS,
    )
    try {
      const message = await Promise.race([received(stream, headers, permit), tooLate.promise])
      timer.cancel()
      if (!message.ok) return err({ failure: message.error })
      const { bytes, discard } = message.value
      onRead(bytes.length)
      return await whileBusy(stream, () =>
        signal.take(bytes, protobufEncoding, permit, sender.value).finally(discard),
      )
    } finally {
      timer.cancel()
      permit.release()
    }
  }

  async function whileBusy<T>(stream: ServerHttp2Stream, work: () => Promise<T>): Promise<T> {
    const session = stream.session && sessions.get(stream.session as ServerHttp2Session)
    if (session === undefined) return work()
    session.handled += 1
    try {
      return await work()
    } finally {
      session.handled -= 1
      session.tracked.answered()
    }
  }

  async function senderOf(
    { session }: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
  ): Promise<Result<Sender, Failure>> {
    if (isStopping) return err(stopping)
    const foreign = hostFailure(headers)
    if (foreign !== undefined) return err(foreign)
    const { authorization } = headers
    const sender = await check(authorization)
    if (sender.ok || sender.error.kind !== 'unauthenticated') return sender
    if (authorization !== undefined) {
      const peer = session?.destroyed === false ? session.socket.remoteAddress : undefined
      await deps.guesses.wrong(peer, headers[':path'] ?? '')
    }
    return sender
  }

  async function handle(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const path = headers[':path'] ?? ''
    const signal = signals.get(path)
    const userAgent = headers['user-agent']
    const request = { timeMs: clock.now(), door: 'grpc', userAgent } as const
    const contentType = headers['content-type']
    if (contentType?.startsWith('application/grpc') !== true) {
      refuse({ ...request, signal: 'unknown' }, path, notGrpc(contentType))
      stream.respond({ ':status': 415 }, { endStream: true })
      stream.close(constants.NGHTTP2_NO_ERROR)
      return
    }
    if (signal === undefined) {
      const failure: Failure = {
        kind: 'method_not_allowed',
        message: `there is no ${path.slice(0, 100)}; known are ${[...signals.keys()].join(', ')}`,
      }
      refuse({ ...request, signal: 'unknown' }, path, failure)
      fail(stream, failure)
      return
    }
    const facts = { ...request, signal: signal.name }
    let bytes = 0
    let taken: Result<Taken, Refusal>
    try {
      taken = await take(stream, headers, signal, (read) => {
        bytes = read
      })
    } catch (cause) {
      taken = err({ failure: internal, cause })
    }
    if (taken.ok) {
      counters.countSuccess()
      noteIngest(deps, { ...facts, bytes, outcome: taken })
      succeed(stream, Buffer.from(protobufEncoding.success(signal.name, taken.value.rejected)))
      return
    }
    const { failure, cause } = taken.error
    refuse({ ...facts, bytes }, path, failure, cause)
    fail(stream, failure)
  }

  /** Every call that fails leaves its trace here. */
  function refuse(
    facts: Omit<IngestFacts, 'outcome' | 'bytes'> & { readonly bytes?: number },
    path: string,
    failure: Failure,
    cause?: unknown,
  ): void {
    noteIngest(deps, { bytes: 0, ...facts, outcome: err(failure) })
    logFailure(path, failure, cause)
  }

  function logFailure(path: string, { kind, message }: Failure, cause: unknown): void {
    const { rpcCode, httpStatus } = errorTable[kind]
    counters.countError(httpStatus)
    const facts = { path, code: rpcCode, ...(cause !== undefined && { err: cause }) }
    deps.failureLog.failed(kind, facts, `refused a call: ${message}`)
  }

  const settings = { maxConcurrentStreams: MAX_STREAMS_PER_CONNECTION }
  const { tls } = deps
  const secureServer = tls && createSecureServer({ ...tls.options, settings })
  if (secureServer !== undefined) tls?.keepCurrent(secureServer)
  const endHandshakes = secureServer ? trackHandshakes(secureServer, connections) : () => undefined
  const server = secureServer ?? createServer({ settings })
  server.on('session', (session: ServerHttp2Session) => {
    const tracked = connections.track({
      bytesRead: () => (session.destroyed ? 0 : session.socket.bytesRead),
      isBusy: () => (sessions.get(session)?.handled ?? 0) > 0,
      destroy: () => session.destroy(),
    })
    sessions.set(session, { tracked, handled: 0 })
    session.once('close', () => {
      sessions.delete(session)
      tracked.closed()
    })
  })
  // What is no HTTP/2 ends its own connection.
  server.on('sessionError', () => undefined)
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => undefined)
    void handle(stream, headers)
  })

  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => {
          server.off('error', reject)
          resolve((server.address() as AddressInfo).port)
        })
      }),
    close: async () => {
      isStopping = true
      if (!server.listening) return
      endHandshakes()
      const closed = new Promise((resolve) => server.close(resolve))
      for (const session of sessions.keys()) session.close()
      const sweep = setInterval(() => {
        admission.evictSlow()
        connections.closeSlow()
      }, SWEEP_EVERY_MS).unref()
      const timer = clock.setTimer(() => {
        for (const session of sessions.keys()) session.destroy()
      }, CLOSE_TIMEOUT_MS)
      await closed
      clearInterval(sweep)
      timer.cancel()
    },
  }
}

function servicePath(signal: OtlpSignal): string {
  const service = { logs: 'LogsService', metrics: 'MetricsService', traces: 'TraceService' }[signal]
  const folder = signal === 'traces' ? 'trace' : signal
  return `/opentelemetry.proto.collector.${folder}.v1.${service}/Export`
}

function notGrpc(contentType: string | undefined): Failure {
  const shown =
    contentType === undefined ? 'missing' : JSON.stringify(beginningOf(contentType, 100))
  const message = `content-type is ${shown}, expected application/grpc: OTLP over HTTP has a port of its own`
  return { kind: 'unsupported_type', message }
}

function unsupportedCompression(name: string | undefined): Failure {
  const shown = JSON.stringify(beginningOf(name ?? '', 100))
  const message = `grpc-encoding is ${shown}, expected gzip, deflate or identity`
  return { kind: 'unsupported_encoding', message }
}

function succeed(stream: ServerHttp2Stream, message: Buffer): void {
  if (stream.closed || stream.destroyed) return
  stream.respond(responseHeaders, { waitForTrailers: true })
  stream.once('wantTrailers', () => stream.sendTrailers(okTrailers))
  stream.end(framed(message))
}

/** Tells the client, and that nothing more of the call is wanted. */
function fail(stream: ServerHttp2Stream, failure: Failure): void {
  if (stream.closed || stream.destroyed) return
  stream.respond({ ...responseHeaders, ...statusTrailers(failure) }, { endStream: true })
  stream.close(constants.NGHTTP2_NO_ERROR)
}
