/**
 * Doubles of OTLP/JSON: numbers, decimal text, or the texts NaN, Infinity and -Infinity.
 */

const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const MAX_DOUBLE_CHARS = 400

/** A double, possibly not finite; `undefined` when the value is none. */
export function readDouble(raw: unknown): number | undefined {
  if (typeof raw === 'number') return raw
  if (typeof raw !== 'string' || raw.length > MAX_DOUBLE_CHARS) return undefined
  if (raw === 'NaN' || raw === 'Infinity' || raw === '-Infinity') return Number(raw)
  return NUMBER.test(raw) ? Number(raw) : undefined
}

/** A double as an attribute: itself, or its name when JSON has no number for it. */
export function doubleAttribute(value: number): number | string {
  return Number.isFinite(value) ? value : String(value)
}
