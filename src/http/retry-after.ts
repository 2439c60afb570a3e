/**
 * The Retry-After header (RFC 9110, 10.2.3): seconds, or an HTTP date.
 */

/** No server gets to silence delivery for longer than this. */
const LONGEST_MS = 3_600_000

/** How long to wait from `nowMs`; `undefined` when the header is absent or makes no sense. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined
  const text = header.trim()
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), LONGEST_MS)
}
