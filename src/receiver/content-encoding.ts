/**
 * Undoes the compression of request bodies, never beyond the limit: what a gzip bomb unpacks to
 * is not held in memory.
 */
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { err, ok, type Result } from '../domain/result.ts'
import type { Failure } from './errors.ts'
import { tooLarge } from './failures.ts'

const inflate = promisify(gunzip)

/** True for the encodings that `decompressed` can undo. */
export function isSupportedEncoding(encoding: string | undefined): boolean {
  return isPlain(encoding) || isGzip(encoding)
}

/** The body without its encoding, `maxBytes` at most. */
export async function decompressed(
  body: Buffer,
  encoding: string | undefined,
  maxBytes: number,
): Promise<Result<Buffer, Failure>> {
  if (!isGzip(encoding)) return ok(body)
  try {
    return ok(await inflate(body, { maxOutputLength: maxBytes }))
  } catch (error) {
    if (error instanceof RangeError) return err(tooLarge(maxBytes))
    const reason = error instanceof Error ? error.message : String(error)
    return err({ kind: 'malformed', message: `the body is not valid gzip: ${reason}` })
  }
}

function isPlain(encoding: string | undefined): boolean {
  return encoding === undefined || encoding === '' || encoding.toLowerCase() === 'identity'
}

/** RFC 9110 has `x-gzip` mean gzip. */
function isGzip(encoding: string | undefined): boolean {
  const name = encoding?.toLowerCase()
  return name === 'gzip' || name === 'x-gzip'
}
