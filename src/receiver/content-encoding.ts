/**
 * Undoes the compression of request bodies, never beyond the limits: what a gzip bomb unpacks to
 * is not held in memory.
 */
import { createGunzip } from 'node:zlib'
import { err, ok, type Result } from '../domain/result.ts'
import type { Failure } from './errors.ts'
import { overloaded, tooLarge } from './failures.ts'
import type { Ticket } from './in-flight.ts'

/** True for the encodings that `decompressed` can undo. */
export function isSupportedEncoding(encoding: string | undefined): boolean {
  return isPlain(encoding) || isGzip(encoding)
}

/** The body without its encoding, `maxBytes` at most, and no more than the ticket has room for. */
export function decompressed(
  body: Buffer,
  encoding: string | undefined,
  maxBytes: number,
  ticket: Ticket,
): Promise<Result<Buffer, Failure>> {
  if (!isGzip(encoding)) return Promise.resolve(ok(body))
  return new Promise((resolve) => {
    const gunzip = createGunzip()
    const chunks: Buffer[] = []
    let bytes = 0

    const refuse = (failure: Failure): void => {
      gunzip.destroy()
      resolve(err(failure))
    }
    gunzip.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > maxBytes) refuse(tooLarge(maxBytes))
      else if (ticket.grow(chunk.length)) chunks.push(chunk)
      else refuse(overloaded)
    })
    gunzip.on('end', () => resolve(ok(Buffer.concat(chunks, bytes))))
    gunzip.on('error', ({ message }) => {
      resolve(err({ kind: 'malformed', message: `the body is not valid gzip: ${message}` }))
    })
    gunzip.end(body)
  })
}

function isPlain(encoding: string | undefined): boolean {
  return encoding === undefined || encoding === '' || encoding.toLowerCase() === 'identity'
}

/** RFC 9110 has `x-gzip` mean gzip. */
function isGzip(encoding: string | undefined): boolean {
  const name = encoding?.toLowerCase()
  return name === 'gzip' || name === 'x-gzip'
}
