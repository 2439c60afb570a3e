/**
 * The bearer key of OTLP requests, compared in constant time.
 */
import { hash, timingSafeEqual } from 'node:crypto'

/** `Bearer`, then a space or, from clients that send headers as configured, an encoded one. */
const SCHEME = /^bearer(?: +|%20)/i

/**
 * The keys that an `Authorization` header may bring: as it was sent, and decoded. Claude Code does
 * not decode the percent-encoding that `OTEL_EXPORTER_OTLP_HEADERS` asks for.
 */
export function bearerKeys(authorization: string): readonly string[] {
  const header = authorization.trim()
  if (!SCHEME.test(header)) return []
  const sent = header.replace(SCHEME, '')
  const decoded = percentDecoded(sent)
  return decoded === sent ? [sent] : [sent, decoded]
}

/** Tells whether an `Authorization` header brings the key. */
export type KeyCheck = (authorization: string | undefined) => boolean

/** A check for one key. */
export function createKeyCheck(apiKey: string): KeyCheck {
  const expected = digest(apiKey)
  const matches = (key: string): boolean => timingSafeEqual(digest(key), expected)
  return (authorization = '') => bearerKeys(authorization).some(matches)
}

/** Hashing first gives both sides one length, which `timingSafeEqual` asks for. */
function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
