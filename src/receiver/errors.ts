/**
 * The one table from what went wrong to what a client is told, over HTTP and over gRPC.
 *
 * Claude Code tries again on 429, 502 and 503 only, and drops the data on anything else. So 503
 * stands exactly where nothing was stored and another try can help, and it comes without
 * Retry-After, which would outlast the eight seconds the client tries for.
 */
import { type RpcCode, rpcCode } from '../otlp/status.ts'

export interface ErrorReply {
  readonly httpStatus: number
  /** `google.rpc.Code` in the body, and the status over gRPC. */
  readonly rpcCode: RpcCode
}

/** Every way a request can fail. */
export const errorTable = {
  malformed: { httpStatus: 400, rpcCode: rpcCode.invalidArgument },
  unauthenticated: { httpStatus: 401, rpcCode: rpcCode.unauthenticated },
  foreign_host: { httpStatus: 403, rpcCode: rpcCode.permissionDenied },
  not_found: { httpStatus: 404, rpcCode: rpcCode.notFound },
  method_not_allowed: { httpStatus: 405, rpcCode: rpcCode.unimplemented },
  too_slow: { httpStatus: 408, rpcCode: rpcCode.deadlineExceeded },
  too_large: { httpStatus: 413, rpcCode: rpcCode.resourceExhausted },
  unsupported_type: { httpStatus: 415, rpcCode: rpcCode.invalidArgument },
  unsupported_encoding: { httpStatus: 415, rpcCode: rpcCode.invalidArgument },
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
}
