/**
 * How the HTTP server is set up: limits in size and time, and errors that come before any route
 * answered in the same form as all others.
 */
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Counters } from '../observability/counters.ts'
import { statusJson } from '../otlp/status.ts'
import type { Answers } from './answers.ts'
import { errorTable } from './errors.ts'
import { failureOf, socketFailureOf } from './failures.ts'

/** For a whole request to arrive. */
const REQUEST_TIMEOUT_MS = 60_000
const HEADERS_TIMEOUT_MS = 20_000
/** For a connection on which nothing moves in the middle of a request. */
const STALL_TIMEOUT_MS = 60_000
/** Longer than the 60 s between two metric exports, so that each finds its connection open. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000

/** The client hung up in the middle of a request; what there is of the request ends it. */
const LEFT_EARLY = 'HPE_INVALID_EOF_STATE'

/** The options of Fastify. `answers` answers what no route gets to see. */
export function serverOptions(maxRequestBytes: number, answers: Answers, counters: Counters) {
  return {
    logger: false,
    bodyLimit: maxRequestBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: STALL_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    http: { headersTimeout: HEADERS_TIMEOUT_MS },
    // The receiver answers such requests itself, as a status.
    return503OnClosing: false,
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      answers.fail(request, reply, failureOf(error, undefined, maxRequestBytes))
    },
    clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) => {
      answerSocket(error, socket, counters)
    },
  }
}

/** Answers bytes that never became a request, and hangs up. */
function answerSocket(error: NodeJS.ErrnoException, socket: Socket, counters: Counters): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  if (error.code === LEFT_EARLY) {
    socket.destroy()
    return
  }
  const failure = socketFailureOf(error)
  const { httpStatus, rpcCode } = errorTable[failure.kind]
  counters.countError(httpStatus)
  const body = statusJson(rpcCode, failure.message)
  const head = [
    `HTTP/1.1 ${httpStatus} ${STATUS_CODES[httpStatus] ?? ''}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  socket.destroy(error)
}
