/**
 * Request bodies in JSON: bytes to whatever a decoder makes of them. One synchronous step, so
 * that the parsed tree of a large body is garbage before anything waits for the disk.
 */
import { isUtf8 } from 'node:buffer'
import { err, ok, type Result } from '../domain/result.ts'
import type { DecodeFailure } from '../otlp/decode-failure.ts'
import type { Failure } from './errors.ts'

/** Parses and decodes a body. `__proto__` and `constructor` in it are ordinary keys. */
export function decodeJson<T>(
  bytes: Buffer,
  decode: (parsed: unknown) => Result<T, DecodeFailure>,
): Result<T, Failure> {
  const parsed = parseJson(bytes)
  if (!parsed.ok) return parsed
  const decoded = decode(parsed.value)
  return decoded.ok ? decoded : err({ kind: 'malformed', message: decoded.error.message })
}

function parseJson(bytes: Buffer): Result<unknown, Failure> {
  if (bytes.length === 0) return malformed('the body is empty, expected a JSON object such as {}')
  if (!isUtf8(bytes)) return malformed('the body is not valid UTF-8')
  try {
    return ok(JSON.parse(bytes.toString('utf8')) as unknown)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return malformed(`the body is not valid JSON: ${reason}`)
  }
}

function malformed(message: string): Result<never, Failure> {
  return err({ kind: 'malformed', message })
}
