/**
 * The compressions of request bodies, by the names that HTTP and gRPC have for them.
 */
import type { Compression } from './body.ts'

/** What a `Content-Encoding` says; `undefined` for what cannot be undone. */
export function compressionOf(encoding: string | undefined): Compression | undefined {
  switch (encoding?.toLowerCase()) {
    case undefined:
    case '':
    case 'identity':
      return 'none'
    case 'gzip':
    // RFC 9110 has it mean gzip.
    case 'x-gzip':
      return 'gzip'
    default:
      return undefined
  }
}

/** What a `grpc-encoding` says of messages that are marked as compressed. */
export function grpcCompressionOf(encoding: string | undefined): Compression | undefined {
  return encoding === 'gzip' || encoding === 'deflate' ? encoding : undefined
}
