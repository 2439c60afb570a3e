/**
 * Doubles of OTLP/JSON: numbers, decimal text, or the texts NaN, Infinity and -Infinity.
 */
import { parseDecimal } from '../domain/decimal.ts'

/** A double, possibly not finite; `undefined` when the value is none. */
export function readDouble(raw: unknown): number | undefined {
  if (typeof raw === 'number') return raw
  if (typeof raw !== 'string') return undefined
  if (raw === 'NaN' || raw === 'Infinity' || raw === '-Infinity') return Number(raw)
  return parseDecimal(raw)
}

/** A double as an attribute: itself, or its name when JSON has no number for it. */
export function doubleAttribute(value: number): number | string {
  return Number.isFinite(value) ? value : String(value)
}
