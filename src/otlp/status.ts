/**
 * `google.rpc.Status`, the body of every OTLP error.
 */

/** `google.rpc.Code`: the ones a receiver has a use for. */
export const rpcCode = {
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const

export type RpcCode = (typeof rpcCode)[keyof typeof rpcCode]

/** A status in JSON. */
export function statusJson(code: RpcCode, message: string): string {
  return JSON.stringify({ code, message })
}
