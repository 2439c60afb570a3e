/**
 * OTLP over HTTP: JSON or protobuf in, a success or a `google.rpc.Status` out, in the request's
 * encoding. Bounds every request in size and time. Knows no agent and no session.
 */
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyRequest,
  type onRequestAsyncHookHandler,
} from 'fastify'
import type { ReceiverConfig } from '../../config/config.ts'
import type { Clock } from '../../domain/clock.ts'
import { err } from '../../domain/result.ts'
import type { Counters } from '../../observability/counters.ts'
import type { IngestLog, SignalName } from '../../observability/ingest-log.ts'
import type { Instruments } from '../../observability/metrics.ts'
import type { Admission } from '../admission.ts'
import { createAnswers } from './answers.ts'
import { type Connections, createConnections } from './connections.ts'
import type { KeyGuesses } from '../key-guesses.ts'
import { type ServerTls, trackHandshakes } from '../tls.ts'
import type { SignalReceiver, SignalReceivers } from '../signal-receiver.ts'
import type { StatusLineReceiver } from '../status-line.ts'
import {
  type Answer,
  declaredBytes,
  exportAnswer,
  hookAnswer,
  type SignalRouteDeps,
  signalHandler,
  statusLineHandler,
} from './signal-route.ts'
import { createIngestCheck, type Sender } from '../ingest-access.ts'
import { createKeyRing, type KeyRing } from '../key-ring.ts'
import { type FailureLog, noteIngest } from '../refusal-log.ts'
import { type Failure, failureOf, stopping as stoppingFailure } from '../errors.ts'
import { createGuard, createHostCheck } from './guard.ts'
import {
  defaultTimeouts,
  hangUpWhileClosing,
  serverOptions,
  type Timeouts,
} from './server-options.ts'
import { addOperations, type OperationsDeps } from './operations.ts'
import {
  createRouteFailure,
  hooksPath,
  intakeMethods,
  LOGS_PATH,
  METRICS_PATH,
  operationsMethods,
  statusLinePath,
  TRACES_PATH,
} from './routes.ts'

/**
 * Requests of one connection that are not answered yet, or that came in one turn of the event loop.
 * Clients of OTLP send one at a time.
 */
const MAX_PIPELINED = 64
const LOOKING: readonly string[] = ['GET', 'HEAD', 'OPTIONS']

export interface HttpServerDeps extends OperationsDeps {
  readonly config: Pick<ReceiverConfig, 'apiKey' | 'maxRequestBytes'>
  readonly signals: SignalReceivers
  readonly statusLine: StatusLineReceiver
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
  readonly timeouts?: Timeouts
  readonly tls?: ServerTls | undefined
  /** The page with its API, which answers for its own paths. */
  readonly web?: FastifyPluginAsync | undefined
}

/** A server that is built and does not listen yet. */
export type HttpServer = FastifyInstance

/**
 * Builds the server; the caller listens and closes. From `close()` on, requests are answered
 * 503 and connections end with their answer.
 */
export function createHttpServer(deps: HttpServerDeps): HttpServer {
  const { config, signals, admission, counters, failureLog, guesses, clock } = deps
  const stopping = new AbortController()
  const routeFailure = createRouteFailure(
    new Map([
      ...intakeMethods([...signals.hooks.keys()]),
      ...operationsMethods(deps.scrape !== undefined),
    ]),
  )
  const answers = createAnswers({ counters, failureLog, stopping: stopping.signal })
  const ring = deps.ring ?? createKeyRing({ apiKey: config.apiKey, clock, log: noLog })
  const guard = createGuard(config.apiKey, createIngestCheck(config.apiKey, ring))
  const senders = new WeakMap<FastifyRequest, Sender>()
  const hostFailure = createHostCheck(config.apiKey)
  const timeouts = deps.timeouts ?? defaultTimeouts
  const tls = deps.tls?.options
  const app: FastifyInstance = Fastify(serverOptions(answers, { ...deps, timeouts, tls }))
  const connections = createConnections(deps.maxConnections, clock)
  const endHandshakes = trackConnections(app.server, connections)
  if (app.server instanceof TlsServer) deps.tls?.keepCurrent(app.server)

  function note(
    { raw, headers }: FastifyRequest,
    signal: SignalName | 'unknown',
    failure: Failure,
  ) {
    noteIngest(deps, {
      timeMs: clock.now(),
      door: 'http',
      signal,
      bytes: declaredBytes(raw),
      userAgent: headers['user-agent'],
      outcome: err(failure),
    })
  }

  // The routes read their bodies themselves, within the bounds.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => {
    done(null)
  })
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const failure = failureOf(error, request.headers['content-type'])
    note(request, 'unknown', failure)
    return answers.fail(request, reply, failure, failure.kind === 'internal' ? error : undefined)
  })
  app.addHook('preClose', (done) => {
    stopping.abort()
    endHandshakes()
    hangUpWhileClosing(app.server, timeouts.closingMs, () => {
      admission.evictSlow()
      connections.closeSlow()
    })
    done()
  })
  app.addHook('onRequest', (request, reply, done) => {
    // What came with the request that was one too many is parsed all the same.
    if (request.raw.socket.destroyed) reply.hijack()
    else if (stopping.signal.aborted) answers.fail(request, reply, stoppingFailure)
    else if (request.is404) {
      const failure = hostFailure(request.headers) ?? routeFailure(request)
      // Who only looks has not sent anything.
      if (!LOOKING.includes(request.method)) note(request, 'unknown', failure)
      answers.fail(request, reply, failure)
    } else done()
  })

  const guarded =
    ({ name }: SignalReceiver): onRequestAsyncHookHandler =>
    async (request, reply) => {
      const admitted = await guard(request.headers)
      if (admitted.ok) {
        senders.set(request, admitted.value)
        return undefined
      }
      const failure = admitted.error
      note(request, name, failure)
      if (failure.kind === 'unauthenticated' && request.headers.authorization !== undefined) {
        await guesses.wrong(request.raw.socket.remoteAddress, request.url)
      }
      return answers.fail(request, reply, failure)
    }
  const { maxRequestBytes } = config
  const routeDeps: SignalRouteDeps = {
    answers,
    clock,
    admission,
    maxRequestBytes,
    counters,
    instruments: deps.instruments,
    ingestLog: deps.ingestLog,
    senderOf: (request) => senders.get(request),
  }
  const addSignal = (path: string, signal: SignalReceiver, answer: Answer): void => {
    app.post(path, { onRequest: guarded(signal) }, signalHandler(signal, answer, routeDeps))
  }
  addSignal(LOGS_PATH, signals.logs, exportAnswer('logs', answers))
  addSignal(METRICS_PATH, signals.metrics, exportAnswer('metrics', answers))
  addSignal(TRACES_PATH, signals.traces, exportAnswer('traces', answers))
  for (const [agent, signal] of signals.hooks) {
    addSignal(hooksPath(agent), signal, hookAnswer(answers))
    const handle = statusLineHandler(agent, deps.statusLine, routeDeps)
    app.post(statusLinePath(agent), { onRequest: guarded(signal) }, handle)
  }
  addOperations(app, { ...deps, apiKey: config.apiKey, ring, answers })
  if (deps.web !== undefined) void app.register(deps.web)
  return app
}

/** Without named keys there is nothing to say of them. */
const noLog = { error: () => undefined }

/** What is known of a connection. */
interface HttpConnection {
  readonly requests: Set<IncomingMessage>
  readonly answered: () => void
  /** Requests since others had a turn. */
  burst: number
}

/**
 * Bounds the connections of a server; one keeps its place while one of its requests is whole and not
 * answered yet. Returns what ends those that are no further than their handshake.
 */
export function trackConnections(server: Server, connections: Connections): () => void {
  const isTls = server instanceof TlsServer
  const endHandshakes = isTls ? trackHandshakes(server, connections) : () => undefined
  const known = new WeakMap<Socket, HttpConnection>()
  server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
    const requests = new Set<IncomingMessage>()
    const { answered, closed } = connections.track({
      bytesRead: () => socket.bytesRead,
      isBusy: () => [...requests].some(({ complete }) => complete),
      destroy: () => socket.destroy(),
    })
    known.set(socket, { requests, answered, burst: 0 })
    socket.once('close', closed)
  })
  server.prependListener('request', ({ socket }, response) => {
    const connection = known.get(socket)
    if (connection === undefined) return
    const { requests } = connection
    requests.add(response.req)
    response.once('close', () => {
      requests.delete(response.req)
      connection.answered()
    })
    if (connection.burst === 0) {
      setImmediate(() => {
        connection.burst = 0
      })
    }
    connection.burst += 1
    if (Math.max(requests.size, connection.burst) > MAX_PIPELINED) socket.destroy()
  })
  return endHandshakes
}
