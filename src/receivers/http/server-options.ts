/**
 * How the HTTP server is set up: limits in size and time, and errors that come before any route
 * answered in the same form as all others.
 */
import { STATUS_CODES, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { TlsOptions } from 'node:tls'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../domain/clock.ts'
import { err } from '../../domain/result.ts'
import { statusJson } from '../../otlp/status.ts'
import { type Answers, statusOf } from './answers.ts'
import { errorTable, failureOf, socketFailureOf } from '../errors.ts'
import { type IngestNotes, noteIngest } from '../refusal-log.ts'
import { routedUrl } from './routes.ts'

/** How long the server waits for clients. */
export interface Timeouts {
  readonly headersMs: number
  /** For a whole request to arrive. */
  readonly requestMs: number
  /** For a connection on which nothing moves in the middle of a request. */
  readonly stallMs: number
  /** Between two requests on one connection. */
  readonly keepAliveMs: number
  /** How often the first two are looked at. */
  readonly checkEveryMs: number
  /** For requests under way when the server closes. */
  readonly closingMs: number
}

export const defaultTimeouts: Timeouts = {
  headersMs: 20_000,
  requestMs: 60_000,
  stallMs: 60_000,
  // Longer than the 60 s between two metric exports, so that each finds its connection open.
  keepAliveMs: 65_000,
  checkEveryMs: 5_000,
  // They are answered within milliseconds, and those that come slowly are ended before.
  closingMs: 3_000,
}

/** The client hung up in the middle of a request; what there is of the request ends it. */
const LEFT_EARLY = 'HPE_INVALID_EOF_STATE'

export interface ServerOptionsDeps extends IngestNotes {
  readonly clock: Clock
  readonly timeouts: Timeouts
  /** Absent for plain HTTP. */
  readonly tls?: TlsOptions | undefined
}

/**
 * No route has a schema for Fastify: requests are checked by the contract of the API. Without these
 * it would load Ajv and fast-json-stringify, at some megabytes and a tenth of a second at the start.
 */
const noSchemas = { buildValidator: refuseSchema, buildSerializer: refuseSchema }

function refuseSchema(): () => never {
  return () => {
    throw new Error('routes have no Fastify schema: describe them in src/api/contract')
  }
}

/** The options of Fastify. `answers` answers what no route gets to see. */
export function serverOptions(answers: Answers, deps: ServerOptionsDeps) {
  const { timeouts } = deps
  const ofNode = {
    headersTimeout: timeouts.headersMs,
    connectionsCheckingInterval: timeouts.checkEveryMs,
  }
  return {
    logger: false,
    rewriteUrl: routedUrl,
    // A session's key in a path of the page's API: 1000 bytes, or 4000 of an earlier version, whose
    // percent signs are encoded once more.
    routerOptions: { maxParamLength: 8000 },
    requestTimeout: timeouts.requestMs,
    connectionTimeout: timeouts.stallMs,
    keepAliveTimeout: timeouts.keepAliveMs,
    ...(deps.tls === undefined ? { http: ofNode } : { https: { ...ofNode, ...deps.tls } }),
    // The receiver answers such requests itself, as a status.
    return503OnClosing: false,
    schemaController: { compilersFactory: noSchemas },
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      answers.fail(request, reply, failureOf(error, undefined))
    },
    clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) => {
      answerSocket(error, socket, deps)
    },
  }
}

/** Answers bytes that never became a request, and hangs up. */
function answerSocket(error: NodeJS.ErrnoException, socket: Socket, deps: ServerOptionsDeps): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  if (error.code === LEFT_EARLY || isOfHandshake(error)) {
    socket.destroy()
    return
  }
  const failure = socketFailureOf(error)
  const { httpStatus } = errorTable[failure.kind]
  deps.counters.countError(httpStatus)
  noteIngest(deps, {
    timeMs: deps.clock.now(),
    door: 'http',
    signal: 'unknown',
    bytes: 0,
    userAgent: undefined,
    outcome: err(failure),
  })
  const body = statusJson(statusOf(failure))
  const head = [
    `HTTP/1.1 ${httpStatus} ${STATUS_CODES[httpStatus] ?? ''}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  socket.destroy(error)
}

/** Port scanners, clients that do not trust the certificate, or that have none: nothing was sent. */
function isOfHandshake({ code = '' }: NodeJS.ErrnoException): boolean {
  return /^ERR_(?:SSL|TLS)_/.test(code)
}

// Ends a server's connections while it closes. Node ends those that are idle at that moment, but
// not one that becomes idle later, nor one whose client has stopped in the middle of a request;
// either would hold up the end of the process.

const SWEEP_EVERY_MS = 50

/**
 * To be called when closing begins. `endSlow` is called now and then to end what comes too slowly;
 * after `patienceMs` it hangs up on whoever is left.
 */
export function hangUpWhileClosing(server: Server, patienceMs: number, endSlow: () => void): void {
  if (!server.listening) return
  const sweep = setInterval(() => {
    endSlow()
    server.closeIdleConnections()
  }, SWEEP_EVERY_MS).unref()
  const end = setTimeout(() => server.closeAllConnections(), patienceMs).unref()
  server.once('close', () => {
    clearInterval(sweep)
    clearTimeout(end)
  })
}
