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
export function failureOf(
  error: FastifyError,
  contentType: string | undefined,
  maxBytes: number,
): Failure {
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return tooLarge(maxBytes)
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return unsupportedType(contentType)
  const status = error.statusCode ?? 500
  if (status >= 400 && status < 500) return { kind: 'malformed', message: error.message }
  return { kind: 'internal', message: 'the bridge failed on this request and stored nothing' }
}

/** A body that is not JSON by its own word. */
export function unsupportedType(contentType: string | undefined): Failure {
  const shown = contentType === undefined ? 'missing' : JSON.stringify(contentType.slice(0, 100))
  const message = `content-type is ${shown}, expected application/json (OTEL_EXPORTER_OTLP_PROTOCOL=http/json)`
  return { kind: 'unsupported_type', message }
}

/** Bytes that never became a request. */
export function socketFailureOf(error: NodeJS.ErrnoException): Failure {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return { kind: 'too_slow', message: 'the request took too long to arrive' }
  }
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    return { kind: 'headers_too_large', message: 'the headers are larger than the server takes' }
  }
  return { kind: 'malformed', message: 'this is not an HTTP/1.1 request' }
}
