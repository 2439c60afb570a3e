/**
 * The bytes of one HTTP request, bounded while they come: by the size one request may have, and
 * by what all requests together may hold.
 */
import type { IncomingMessage } from 'node:http'
import { err, ok, type Result } from '../domain/result.ts'
import type { Failure } from './errors.ts'
import { overloaded, tooLarge } from './failures.ts'
import type { Ticket } from './in-flight.ts'

const leftEarly: Failure = { kind: 'malformed', message: 'the request ended before its body did' }

/** The size a request declares; 0 when it declares none. */
export function declaredBytes({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? 0)
}

/** Reads a body to its end. After a failure the rest is drained, so that the answer gets through. */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  ticket: Ticket,
): Promise<Result<Buffer, Failure>> {
  if (declaredBytes(request) > maxBytes) return Promise.resolve(err(tooLarge(maxBytes)))
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let bytes = 0

    const settle = (result: Result<Buffer, Failure>): void => {
      request.off('data', onData)
      if (!result.ok) request.resume()
      resolve(result)
    }
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length
      if (bytes > maxBytes) settle(err(tooLarge(maxBytes)))
      else if (ticket.grow(chunk.length)) chunks.push(chunk)
      else settle(err(overloaded))
    }

    request.on('data', onData)
    request.on('end', () => settle(ok(Buffer.concat(chunks, bytes))))
    request.on('error', () => settle(err(leftEarly)))
    request.on('close', () => settle(err(leftEarly)))
  })
}
