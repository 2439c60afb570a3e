/**
 * The bearer key of OTLP requests, compared in constant time.
 */
import { hash, timingSafeEqual } from 'node:crypto'

/** `Bearer`, then a space or, from clients that send headers as configured, an encoded one. */
const SCHEME = /^bearer(?: +|%20)/i

/** Tells whether an `Authorization` header brings the key. */
export type KeyCheck = (authorization: string | undefined) => boolean

/**
 * A check for one key. Claude Code does not decode the percent-encoding that
 * `OTEL_EXPORTER_OTLP_HEADERS` asks for, so the encoded form of header and key counts as well.
 */
export function createKeyCheck(apiKey: string): KeyCheck {
  const expected = digest(apiKey)
  const matches = (key: string): boolean => timingSafeEqual(digest(key), expected)
  return (authorization) => {
    const key = (authorization ?? '').trim()
    if (!SCHEME.test(key)) return false
    const sent = key.replace(SCHEME, '')
    return matches(sent) || matches(percentDecoded(sent))
  }
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
