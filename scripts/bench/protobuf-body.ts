/**
 * Requests in protobuf, by a codec other than ours: `protobufjs` with the definition of OTLP. The bare
 * handlers decode with it, too.
 */
import { join } from 'node:path'
import protobuf from 'protobufjs'

const definition = join(import.meta.dirname, '../../test/fixtures/otlp/otlp.proto')
const request = protobuf.loadSync(definition).lookupType('otlp.ExportLogsServiceRequest')

/** The same request as a body of OTLP/JSON, whose ids are hexadecimal. */
export function protobufOf(json: string): Buffer {
  const body: unknown = JSON.parse(json, (key, value: unknown) =>
    (key === 'traceId' || key === 'spanId') && typeof value === 'string'
      ? Buffer.from(value, 'hex').toString('base64')
      : value,
  )
  return Buffer.from(request.encode(request.fromObject(body as Record<string, unknown>)).finish())
}

/** Reads a whole request. Throws on bytes that are none. */
export function decodeProtobuf(body: Uint8Array): void {
  request.decode(body)
}
