/**
 * Doubles of OTLP/JSON: numbers, decimal text, or the texts NaN, Infinity and -Infinity.
 */
import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import { parseDecimal } from '../domain/numbers.ts'

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

// Trace and span ids of OTLP/JSON: hexadecimal in either case.

/** Hexadecimal digits of a trace id. */
export const TRACE_ID_CHARS = 32
/** Hexadecimal digits of a span id. */
export const SPAN_ID_CHARS = 16

const HEX = /^[0-9a-f]+$/
const ZEROS = /^0+$/

/**
 * An id in lower case, or `''` when the record has none. An invalid id counts as none, as the
 * data model of logs asks of receivers.
 */
export function readHexId(raw: unknown, chars: number): string {
  if (typeof raw !== 'string') return ''
  const id = raw.length === chars ? raw.toLowerCase() : hexOfBase64(raw, chars)
  return HEX.test(id) && !ZEROS.test(id) ? id : ''
}

const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/

/** Bytes as the JSON mapping of protobuf writes them, which some exporters use for ids as well. */
function hexOfBase64(text: string, chars: number): string {
  const bytes = chars / 2
  if (text.length !== Math.ceil(bytes / 3) * 4 || !BASE64.test(text)) return ''
  const hex = Buffer.from(text, 'base64').toString('hex')
  return hex.length === chars ? hex : ''
}

// 64-bit integers of OTLP. In JSON they are decimal text by the specification, and numbers from
// many senders.

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

/** A small number of a flag or an enum, which text may stand for; NaN for everything else. */
export function readSmallNumber(raw: unknown): number {
  return typeof raw === 'number' || typeof raw === 'string' ? Number(raw) : Number.NaN
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

// Times of OTLP: unsigned 64-bit nanoseconds since the epoch, kept as decimal text so that nothing
// is rounded before it must be.

const MAX_NANOS = '18446744073709551615'
const NANOS_DIGITS_BELOW_MS = 6
const NANOS_PER_MS = 1e6
const MAX_TIME_PARTS = 4
const MAX_TIME_CHARS = 100
/** A time that the sender left out. */
export const UNSET_NANOS = '0'

/**
 * A `fixed64` time, sent as text or number, as canonical decimal text; `'0'` when unset. A time that
 * cannot be read, such as `{"low": 1, "high": 2}`, counts as left out: its record has others.
 */
export function readNanos(raw: unknown): string {
  if (typeof raw === 'string') return canonicalText(raw)
  if (typeof raw !== 'number' || !Number.isInteger(raw) || raw < 0) return UNSET_NANOS
  return canonicalText(BigInt(raw).toString())
}

/**
 * What was sent as a time and cannot be read as one, as text of bounded length; `undefined` when the
 * time can be read, or was left out. Tells two records apart that have no other time.
 */
export function unreadableTime(raw: unknown): string | undefined {
  if (raw === undefined || raw === null || raw === 0 || raw === '') return undefined
  if (readNanos(raw) !== UNSET_NANOS) return undefined
  if (typeof raw === 'string' && ZEROS.test(raw)) return undefined
  const parts = typeof raw === 'object' ? Object.values(raw).slice(0, MAX_TIME_PARTS) : [raw]
  const scalars = parts.filter((part) => typeof part !== 'object')
  const text = scalars.map(String).join(' ')
  // Cut, it might hold half a secret, which is known by no rule of masking.
  return text.length <= MAX_TIME_CHARS ? text : `a text of ${text.length}, ${hash('sha256', text)}`
}

/** Epoch milliseconds (with a fraction) of decimal nanoseconds; `undefined` for `'0'`, unset. */
export function nanosToMs(nanos: string): number | undefined {
  if (nanos === UNSET_NANOS) return undefined
  const wholeDigits = nanos.length - NANOS_DIGITS_BELOW_MS
  if (wholeDigits <= 0) return Number(nanos) / NANOS_PER_MS
  return Number(nanos.slice(0, wholeDigits)) + Number(nanos.slice(wholeDigits)) / NANOS_PER_MS
}

function canonicalText(text: string): string {
  if (text.length > MAX_NANOS.length || !isDigits(text, 0)) return UNSET_NANOS
  if (text.length === MAX_NANOS.length && text > MAX_NANOS) return UNSET_NANOS
  return text.length > 1 && text.startsWith('0') ? BigInt(text).toString() : text
}

// Plain string fields of OTLP/JSON.

/** A string field; empty when it was left out, or is no text. */
export function readText(raw: unknown): string {
  return typeof raw === 'string' ? raw : ''
}

/** Control characters that text does not hold. */
const NO_TEXT = /[^\P{Cc}\t\n\r]/u

/** Bytes as the text that they are, for pipelines that send text so; in base64 where they are none. */
export function textOfBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (isUtf8(buffer)) {
    const text = buffer.toString()
    if (!NO_TEXT.test(text)) return text
  }
  return buffer.toString('base64')
}
