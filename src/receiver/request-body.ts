/**
 * The body of one request, from bytes on the wire to what a decoder makes of it.
 */
import type { FastifyRequest } from 'fastify'
import { err, type Result } from '../domain/result.ts'
import type { DecodeFailure } from '../otlp/decode-failure.ts'
import { decompressed } from './content-encoding.ts'
import type { Failure } from './errors.ts'
import { unsupportedType } from './failures.ts'
import { decodeJson } from './json-body.ts'

/** Decodes a request whose body Fastify has read as a buffer; `maxBytes` after inflating. */
export async function readRequest<T>(
  request: FastifyRequest,
  decode: (body: unknown) => Result<T, DecodeFailure>,
  maxBytes: number,
): Promise<Result<T, Failure>> {
  const { body, headers } = request
  // Fastify reads no body where neither a content type nor a length says there is one.
  if (!Buffer.isBuffer(body)) return err(unsupportedType(headers['content-type']))
  const bytes = await decompressed(body, headers['content-encoding'], maxBytes)
  return bytes.ok ? decodeJson(bytes.value, decode) : bytes
}
