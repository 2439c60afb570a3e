/**
 * Failures that Fastify and Node report, in the receiver's own terms.
 */
import type { FastifyError } from 'fastify'
import type { Failure } from './errors.ts'

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

/** More work at once than the bridge takes; nothing of this request was kept. */
export const overloaded: Failure = {
  kind: 'overloaded',
  message: 'the bridge has as much under way as it takes (MAX_IN_FLIGHT_SIZE); try again',
}

/** Others needed the place of a request that came below the minimum data rate. */
export const evicted: Failure = {
  kind: 'overloaded',
  message: 'the request came too slowly while others waited; nothing of it was kept, try again',
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
  message: 'the records could not all be stored; send them again, none counts twice',
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
    'the bridge (OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer <key>")',
}

/** A body in neither of the encodings. */
export function unsupportedType(contentType: string | undefined): Failure {
  const shown = contentType === undefined ? 'missing' : JSON.stringify(contentType.slice(0, 100))
  const message = `content-type is ${shown}, expected application/x-protobuf or application/json`
  return { kind: 'unsupported_type', message }
}

/** Bytes that never became a request. */
export function socketFailureOf(error: NodeJS.ErrnoException): Failure {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return tooSlow
  }
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    return { kind: 'headers_too_large', message: 'the headers are larger than the server takes' }
  }
  return { kind: 'malformed', message: 'this is not an HTTP/1.1 request' }
}
