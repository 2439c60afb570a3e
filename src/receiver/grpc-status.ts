/**
 * Failures as gRPC says them: a code, a message, and for a person's or a client's use the details
 * in their trailer.
 */
import { Metadata, type StatusObject } from '@grpc/grpc-js'
import { rpcCode, type StatusDetail, statusProto } from '../otlp/status.ts'
import { errorTable, type Failure } from './errors.ts'

/** The trailer of a `google.rpc.Status`, by gRPC's convention. */
const DETAILS_TRAILER = 'grpc-status-details-bin'

/** OTLP has a client wait at least as long as it is told; soon is best for Claude Code. */
const RETRY_DELAY_S = 1

/** The status of a failure. The library percent-encodes the text and throws on a lone surrogate. */
export function grpcStatus({ kind, message }: Failure): StatusObject {
  const code = errorTable[kind].rpcCode
  const details = message.toWellFormed()
  const metadata = new Metadata()
  const detail = detailOf(code, details)
  const status = { code, message: details, ...(detail && { detail }) }
  if (detail !== undefined) metadata.set(DETAILS_TRAILER, statusProto(status))
  return { code, details, metadata }
}

function detailOf(code: number, description: string): StatusDetail | undefined {
  if (code === rpcCode.unavailable) return { kind: 'retry_info', delayS: RETRY_DELAY_S }
  if (code === rpcCode.invalidArgument) return { kind: 'bad_request', description }
  return undefined
}
