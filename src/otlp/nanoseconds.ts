/**
 * Epoch milliseconds as OTLP/JSON wants them: nanoseconds in a decimal string.
 */

const NANOS_PER_MS = 1_000_000

/**
 * Whole and fractional milliseconds are converted apart: the product of both is beyond what a
 * float holds exactly, and a start time that moves by a nanosecond makes a second span of it.
 * Throws on a time that is negative or no number.
 */
export function nanosecondsOf(timeMs: number): string {
  if (!Number.isFinite(timeMs) || timeMs < 0) {
    throw new RangeError(`time ${timeMs} is no epoch time in milliseconds`)
  }
  const wholeMs = Math.floor(timeMs)
  const nanos = Math.round((timeMs - wholeMs) * NANOS_PER_MS)
  return String(BigInt(wholeMs) * BigInt(NANOS_PER_MS) + BigInt(nanos))
}
