/**
 * How a gRPC call ends, as HTTP/2 headers: a code, a message, and for a person's or a client's use
 * the details in a trailer.
 */
import type { OutgoingHttpHeaders } from 'node:http2'
import { rpcCode, type StatusDetail, statusProto } from '../../otlp/status.ts'
import { type ErrorReply, errorTable, type Failure } from '../errors.ts'

/** OTLP has a client wait at least as long as it is told; soon is best for Claude Code. */
const RETRY_DELAY_S = 1

/** What every response begins with. */
export const responseHeaders: OutgoingHttpHeaders = {
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'grpc-accept-encoding': 'identity,deflate,gzip',
}

export const okTrailers: OutgoingHttpHeaders = { 'grpc-status': 0 }

/** The trailers of a failure. */
export function statusTrailers({ kind, message, retryAfterS }: Failure): OutgoingHttpHeaders {
  const reply: ErrorReply = errorTable[kind]
  const code = reply.grpcStatus ?? reply.rpcCode
  const text = message.toWellFormed()
  const detail = detailOf(code, text, retryAfterS)
  const details = detail && statusProto({ code, message: text, detail }).toString('base64')
  return {
    'grpc-status': code,
    'grpc-message': percentEncoded(text),
    ...(details !== undefined && { 'grpc-status-details-bin': details }),
  }
}

function detailOf(
  code: number,
  description: string,
  retryAfterS: number | undefined,
): StatusDetail | undefined {
  if (retryAfterS !== undefined) return { kind: 'retry_info', delayS: retryAfterS }
  if (code === rpcCode.unavailable) return { kind: 'retry_info', delayS: RETRY_DELAY_S }
  if (code === rpcCode.invalidArgument) return { kind: 'bad_request', description }
  return undefined
}

/** As gRPC has it: printable ASCII stands for itself, save the percent sign. */
function percentEncoded(text: string): string {
  return text.replace(/[^ -$&-~]+/g, encodeURIComponent)
}
