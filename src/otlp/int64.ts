/**
 * 64-bit integers of OTLP. In JSON they are decimal text by the specification, and numbers from
 * many senders.
 */

const MIN_INT64 = -(2n ** 63n)
const MAX_INT64 = 2n ** 63n - 1n
/** Longest int64 in decimal: a sign and 19 digits. */
const MAX_INT64_CHARS = 20

/**
 * A signed 64-bit integer: a number while it is exact, canonical decimal text beyond 2^53.
 * `undefined` when the value is no int64.
 */
export function readInt64(raw: unknown): number | string | undefined {
  if (typeof raw === 'number') {
    if (Number.isSafeInteger(raw)) return raw + 0
    return Number.isInteger(raw) ? largeInt64(BigInt(raw)) : undefined
  }
  if (typeof raw !== 'string' || raw.length > MAX_INT64_CHARS) return undefined
  if (!isDigits(raw, raw.startsWith('-') ? 1 : 0)) return undefined
  const value = Number(raw)
  return Number.isSafeInteger(value) ? value + 0 : largeInt64(BigInt(raw))
}

/** The same for an integer that a protobuf reader has checked already. */
export function int64Of(value: bigint | string): number | string {
  const rounded = Number(value)
  return Number.isSafeInteger(rounded) ? rounded : value.toString()
}

/** True when all characters from `start` on are ASCII digits, and there is at least one. */
export function isDigits(text: string, start: number): boolean {
  if (start >= text.length) return false
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 48 || code > 57) return false
  }
  return true
}

function largeInt64(value: bigint): string | undefined {
  return value >= MIN_INT64 && value <= MAX_INT64 ? value.toString() : undefined
}
