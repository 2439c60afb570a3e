/**
 * Request bodies in JSON: bytes to whatever a decoder makes of them. One synchronous step, so
 * that the parsed tree of a large body is garbage before anything waits for the disk.
 */
import { isUtf8 } from 'node:buffer'
import { err, ok, type Result } from '../domain/result.ts'
import type { DecodeFailure } from '../otlp/decode-failure.ts'
import type { Failure } from './errors.ts'

/**
 * Objects and lists one body may hold. Each takes up to 56 bytes of heap for as few as two on
 * the wire, so that the limit on bytes alone would let a small request fill a gigabyte.
 */
export const MAX_CONTAINERS = 8 * 1024 * 1024

const OPENING_BRACE = 0x7b
const OPENING_BRACKET = 0x5b

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
  if (holdsTooMuch(bytes)) {
    const message = `the body holds more than ${MAX_CONTAINERS} objects and lists; send smaller batches`
    return err({ kind: 'too_large', message })
  }
  try {
    return ok(JSON.parse(bytes.toString('utf8')) as unknown)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return malformed(`the body is not valid JSON: ${reason}`)
  }
}

/** Counts brackets inside of texts as well: it is a bound, not a measure. */
function holdsTooMuch(bytes: Buffer): boolean {
  if (bytes.length <= MAX_CONTAINERS) return false
  let containers = 0
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]
    if (byte === OPENING_BRACE || byte === OPENING_BRACKET) containers++
  }
  return containers > MAX_CONTAINERS
}

function malformed(message: string): Result<never, Failure> {
  return err({ kind: 'malformed', message })
}
