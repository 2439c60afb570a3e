/**
 * `google.rpc.Status`, the body of every OTLP error, in both encodings.
 */
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire'
import { tagOf } from './wire.ts'

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

/** What a client can act on beyond the message. */
export type StatusDetail =
  | { readonly kind: 'bad_request'; readonly description: string }
  /** When to try again. Whole seconds. */
  | { readonly kind: 'retry_info'; readonly delayS: number }

export interface Status {
  readonly code: RpcCode
  /** For a person. */
  readonly message: string
  readonly detail?: StatusDetail
}

const CODE = tagOf(1, 'varint')
const MESSAGE = tagOf(2, 'bytes')
const DETAILS = tagOf(3, 'bytes')
const ANY_TYPE_URL = tagOf(1, 'bytes')
const ANY_VALUE = tagOf(2, 'bytes')
const RETRY_DELAY = tagOf(1, 'bytes')
const DURATION_SECONDS = tagOf(1, 'varint')
const FIELD_VIOLATIONS = tagOf(1, 'bytes')
const VIOLATION_DESCRIPTION = tagOf(2, 'bytes')

const BAD_REQUEST = 'type.googleapis.com/google.rpc.BadRequest'
const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo'

/** A status in JSON. */
export function statusJson({ code, message, detail }: Status): string {
  return JSON.stringify({ code, message, ...(detail && { details: [detailJson(detail)] }) })
}

/** A status in protobuf. */
export function statusProto({ code, message, detail }: Status): Buffer {
  const writer = new BinaryWriter().uint32(CODE).int32(code).uint32(MESSAGE).string(message)
  if (detail !== undefined) {
    const isRetry = detail.kind === 'retry_info'
    const value = isRetry ? retryInfo(detail.delayS) : badRequest(detail.description)
    writer.uint32(DETAILS).fork()
    writer.uint32(ANY_TYPE_URL).string(isRetry ? RETRY_INFO : BAD_REQUEST)
    writer.uint32(ANY_VALUE).bytes(value).join()
  }
  return Buffer.from(writer.finish())
}

function detailJson(detail: StatusDetail): object {
  return detail.kind === 'retry_info'
    ? { '@type': RETRY_INFO, retryDelay: `${detail.delayS}s` }
    : { '@type': BAD_REQUEST, fieldViolations: [{ description: detail.description }] }
}

function retryInfo(delayS: number): Uint8Array {
  const writer = new BinaryWriter().uint32(RETRY_DELAY).fork()
  return writer.uint32(DURATION_SECONDS).int64(delayS).join().finish()
}

function badRequest(description: string): Uint8Array {
  const writer = new BinaryWriter().uint32(FIELD_VIOLATIONS).fork()
  return writer.uint32(VIOLATION_DESCRIPTION).string(description).join().finish()
}

// The other way round: what a server asks for, from the details of a status that it answered.

const ANY = { typeUrl: 1, value: 2 } as const
const STATUS_DETAILS = 3
const RETRY_INFO_DELAY = 1
const DURATION = { seconds: 1, nanos: 2 } as const
const LENGTH_DELIMITED = 2

/** The delay of RetryInfo in a `google.rpc.Status`, in ms; undefined when it has none. */
export function retryDelayMs(status: Uint8Array): number | undefined {
  try {
    for (const detail of messagesOf(status, STATUS_DETAILS)) {
      const [typeUrl] = messagesOf(detail, ANY.typeUrl)
      const [info] = messagesOf(detail, ANY.value)
      if (info === undefined || Buffer.from(typeUrl ?? []).toString() !== RETRY_INFO) continue
      const [delay] = messagesOf(info, RETRY_INFO_DELAY)
      return delay === undefined ? undefined : durationMs(delay)
    }
  } catch {
    // No status of gRPC: it asks for nothing.
  }
  return undefined
}

/** What stands in a field that has a length. */
function messagesOf(bytes: Uint8Array, number: number): readonly Uint8Array[] {
  const reader = new BinaryReader(bytes)
  const found: Uint8Array[] = []
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag()
    if (field === number && wireType === LENGTH_DELIMITED) found.push(reader.bytes())
    else reader.skip(wireType, field)
  }
  return found
}

function durationMs(bytes: Uint8Array): number {
  const reader = new BinaryReader(bytes)
  let ms = 0
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag()
    if (field === DURATION.seconds) ms += Number(reader.int64()) * 1000
    else if (field === DURATION.nanos) ms += reader.int32() / 1e6
    else reader.skip(wireType, field)
  }
  return Math.max(0, ms)
}
