/**
 * Messages of gRPC over HTTP/2: a byte that says whether the message is compressed, four bytes of
 * its length, and the message.
 */
import { err, ok, type Result } from '../../domain/result.ts'
import type { Body } from '../http/body.ts'
import type { Failure } from '../errors.ts'

export const PREFIX_BYTES = 5

export interface Message {
  readonly body: Body
  readonly isCompressed: boolean
}

/** The one message of a unary call, from all that came in it. */
export function messageIn({ bytes: call, discard }: Body): Result<Message, Failure> {
  if (call.length < PREFIX_BYTES) return malformed('the call ended before its message did')
  const declared = call.readUInt32BE(1)
  const bytes = call.subarray(PREFIX_BYTES)
  if (bytes.length < declared) return malformed('the call ended before its message did')
  if (bytes.length > declared) return malformed('the call holds more than one message')
  return ok({ body: { bytes, discard }, isCompressed: call[0] === 1 })
}

/** A message on its way to the client. */
export function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

function malformed(message: string): Result<never, Failure> {
  return err({ kind: 'malformed', message })
}
