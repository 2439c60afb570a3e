/**
 * The one table from what went wrong to what a client is told, over HTTP and over gRPC.
 *
 * Claude Code tries again on 429, 502 and 503 only, and drops the data on anything else. So 503
 * stands exactly where nothing was stored and another try can help, and it comes without
 * Retry-After, which would outlast the eight seconds the client tries for.
 */
import { beginningOf } from '../domain/beginning.ts'
import { type RpcCode, rpcCode } from '../otlp/status.ts'
import type { FastifyError } from 'fastify'

export interface ErrorReply {
  readonly httpStatus: number
  /** `google.rpc.Code` in the body, and the status over gRPC. */
  readonly rpcCode: RpcCode
  /** The status over gRPC where its own specification asks for another. */
  readonly grpcStatus?: RpcCode
}

/** Every way a request can fail. */
export const errorTable = {
  malformed: { httpStatus: 400, rpcCode: rpcCode.invalidArgument },
  unauthenticated: { httpStatus: 401, rpcCode: rpcCode.unauthenticated },
  missing_scope: { httpStatus: 403, rpcCode: rpcCode.permissionDenied },
  foreign_host: { httpStatus: 403, rpcCode: rpcCode.permissionDenied },
  foreign_origin: { httpStatus: 403, rpcCode: rpcCode.permissionDenied },
  not_found: { httpStatus: 404, rpcCode: rpcCode.notFound },
  method_not_allowed: { httpStatus: 405, rpcCode: rpcCode.unimplemented },
  too_slow: { httpStatus: 408, rpcCode: rpcCode.deadlineExceeded },
  too_large: { httpStatus: 413, rpcCode: rpcCode.resourceExhausted },
  unsupported_type: { httpStatus: 415, rpcCode: rpcCode.invalidArgument },
  unsupported_encoding: {
    httpStatus: 415,
    rpcCode: rpcCode.invalidArgument,
    grpcStatus: rpcCode.unimplemented,
  },
  quota: { httpStatus: 429, rpcCode: rpcCode.resourceExhausted },
  headers_too_large: { httpStatus: 431, rpcCode: rpcCode.resourceExhausted },
  not_stored: { httpStatus: 503, rpcCode: rpcCode.unavailable },
  overloaded: { httpStatus: 503, rpcCode: rpcCode.unavailable },
  stopping: { httpStatus: 503, rpcCode: rpcCode.unavailable },
  internal: { httpStatus: 503, rpcCode: rpcCode.internal },
} as const satisfies Record<string, ErrorReply>

export type ErrorKind = keyof typeof errorTable

/** A failure on its way to the client. */
export interface Failure {
  readonly kind: ErrorKind
  /** What was wrong and what to do, for a person. No secrets. */
  readonly message: string
  /** The methods a path does take, with `method_not_allowed`. */
  readonly allow?: string
  /** The rest of the request is not waited for. */
  readonly closesConnection?: true
  /** Earlier is no use, with `quota`. Whole seconds. */
  readonly retryAfterS?: number
}

// Failures that Fastify and Node report, in the receiver's own terms.

/** A body over the limit, before or after inflating. */
export function tooLarge(maxBytes: number): Failure {
  const message = `the body is larger than ${maxBytes} bytes; raise MAX_REQUEST_SIZE or send smaller batches`
  return { kind: 'too_large', message }
}

/** A request that Fastify refused, or a handler that threw, which is a bug. */
export function failureOf(error: FastifyError, contentType: string | undefined): Failure {
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return unsupportedType(contentType)
  const status = error.statusCode ?? 500
  if (status >= 400 && status < 500) return { kind: 'malformed', message: error.message }
  return internal
}

/** More concurrent work than the bridge accepts; nothing of this request was kept. */
export const overloaded: Failure = {
  kind: 'overloaded',
  message: 'the bridge has reached its limit of data in flight (MAX_IN_FLIGHT_SIZE); try again',
}

/** Others needed the place of a request that came below the minimum data rate. */
export const evicted: Failure = {
  kind: 'overloaded',
  message: 'the request arrived too slowly while others waited; none of it was kept, try again',
  closesConnection: true,
}

/** The client took too long. */
export const tooSlow: Failure = {
  kind: 'too_slow',
  message: 'the request took too long to arrive',
}

/** The bridge has begun to stop. */
export const stopping: Failure = {
  kind: 'stopping',
  message: 'the bridge is stopping; try again',
}

/** Part of this request was not kept; what was, is known when all of it comes again. */
export const notStored: Failure = {
  kind: 'not_stored',
  message: 'not all records could be stored; send them again, none is counted twice',
}

/** Agents try again, as they would not after a 401. */
export const keysUnread: Failure = {
  kind: 'not_stored',
  message: 'the bridge has not read its keys yet; send the request again',
}

/** A bug. */
export const internal: Failure = {
  kind: 'internal',
  message: 'the bridge failed on this request and stored nothing',
}

/** The key is not the one of the bridge. */
export const unauthenticated: Failure = {
  kind: 'unauthenticated',
  message:
    'the API key is missing or wrong; send "Authorization: Bearer <key>" with the API_KEY of ' +
    'the bridge, or with a named key that is neither revoked nor expired ' +
    '(OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer <key>")',
}

/** The key is one of the bridge, and may not read what is told of it as a whole. */
export const mayNotScrape: Failure = {
  kind: 'missing_scope',
  message: 'this key may not read metrics; scrape with a key that has the scope "read:all"',
}

/** The key is one of the bridge, and may not send. */
export const mayNotSend: Failure = {
  kind: 'missing_scope',
  message: 'this key may not send telemetry; send with a key that has the scope "ingest"',
}

/** The key is of an earlier version, and its owner could not be stored. */
export function unusableOwner(problem: string): Failure {
  return { kind: 'missing_scope', message: `${problem}; revoke this key, and create another` }
}

/** The key has sent as much as it may for now. */
export function quotaExceeded({
  message,
  retryAfterS,
}: {
  readonly message: string
  readonly retryAfterS: number
}): Failure {
  return { kind: 'quota', message, retryAfterS }
}

/** A body in neither of the encodings. */
export function unsupportedType(contentType: string | undefined): Failure {
  const shown =
    contentType === undefined ? 'missing' : JSON.stringify(beginningOf(contentType, 100))
  const message = `content-type is ${shown}, expected application/x-protobuf or application/json`
  return { kind: 'unsupported_type', message }
}

/** Bytes that never became a request. */
export function socketFailureOf(error: NodeJS.ErrnoException): Failure {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return tooSlow
  }
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    return { kind: 'headers_too_large', message: 'the headers are larger than the server accepts' }
  }
  const message =
    'this is not an HTTP/1.1 request: gRPC has a port of its own, and TLS is spoken with TLS_CERT_FILE only'
  return { kind: 'malformed', message }
}
