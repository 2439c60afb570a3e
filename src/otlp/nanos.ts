/**
 * Times of OTLP: unsigned 64-bit nanoseconds since the epoch, kept as decimal text so that
 * nothing is rounded before it must be.
 */
import { type Fault, refuse, shown } from './fault.ts'
import { isDigits } from './int64.ts'

const MAX_NANOS = '18446744073709551615'
const NANOS_DIGITS_BELOW_MS = 6
const NANOS_PER_MS = 1e6
/** A time that the sender left out. */
export const UNSET_NANOS = '0'

/** A `fixed64` time, sent as text or number, as canonical decimal text; `'0'` when unset. */
export function readNanos(field: string, raw: unknown, fault: Fault): string | undefined {
  const nanos = canonicalNanos(raw)
  if (nanos !== undefined) return nanos
  return refuse(fault, `${field} is ${shown(raw)}, expected decimal nanoseconds of 64 bits`)
}

/** Epoch milliseconds (with a fraction) of decimal nanoseconds; `undefined` for `'0'`, unset. */
export function nanosToMs(nanos: string): number | undefined {
  if (nanos === UNSET_NANOS) return undefined
  const wholeDigits = nanos.length - NANOS_DIGITS_BELOW_MS
  if (wholeDigits <= 0) return Number(nanos) / NANOS_PER_MS
  return Number(nanos.slice(0, wholeDigits)) + Number(nanos.slice(wholeDigits)) / NANOS_PER_MS
}

function canonicalNanos(raw: unknown): string | undefined {
  if (typeof raw === 'string') return canonicalText(raw)
  if (raw === undefined || raw === null) return UNSET_NANOS
  if (typeof raw !== 'number' || !Number.isInteger(raw) || raw < 0) return undefined
  return canonicalText(BigInt(raw).toString())
}

function canonicalText(text: string): string | undefined {
  if (text.length > MAX_NANOS.length || !isDigits(text, 0)) return undefined
  if (text.length === MAX_NANOS.length && text > MAX_NANOS) return undefined
  return text.length > 1 && text.startsWith('0') ? BigInt(text).toString() : text
}
