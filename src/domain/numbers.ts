/** Decimal text to numbers and back, with the same grammar on every way in and out. */

/** What `String(number)` of any language gives, and nothing that only some of them take for a number. */
const DECIMAL = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const MAX_LENGTH = 400

/**
 * The number that decimal text stands for: `12`, `-0.5`, `1e-7`. Undefined for everything else, such
 * as `0x10`, `1_000`, `+5`, `.5`, ` 12` or `Infinity`. Infinite where the text is beyond all doubles.
 */
export function parseDecimal(text: string): number | undefined {
  return text.length <= MAX_LENGTH && DECIMAL.test(text) ? Number(text) : undefined
}

/** A number written out: `0.0000001`, where JavaScript writes `1e-7`. */
export function decimalText(value: number): string {
  const text = String(value)
  const [mantissa = '', exponent] = text.split('e')
  if (exponent === undefined) return text
  const sign = mantissa.startsWith('-') ? '-' : ''
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.')
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return `${sign}${digits.padEnd(point, '0')}`
}

/** Also where the letters stand in a string: then the text is only written more slowly. */
const MAYBE_EXPONENT = /\de[-+]\d/

/** As `JSON.stringify`, with numbers written out: spreadsheets and shells read those, too. */
export function jsonText(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, null, indent)
  if (!MAYBE_EXPONENT.test(text)) return text
  return JSON.stringify(value, writtenOut, indent)
}

function writtenOut(_: string, value: unknown): unknown {
  const isShort = typeof value !== 'number' || !String(value).includes('e')
  return isShort ? value : rawJson(decimalText(value))
}

/** In every Node from 22 on; not in the library of types yet. */
const { rawJSON: rawJson } = JSON as unknown as { rawJSON: (text: string) => unknown }

// How great a figure can be before it says more about its sender than about any agent. What is
// negative, no number or beyond its bound is kept as it was sent, is marked, and counts as unknown:
// one poisoned record must not make the sums of all others worthless. Bounds are generous; see
// docs/reliability.md.

const DAY_MS = 86_400_000

/** What one record may say, each from 0 to this. */
export const GREATEST = {
  /** US dollars of one call: a full context of a million tokens costs below a hundred. */
  usd: 10_000,
  /** Tokens of one call, of one kind. */
  tokens: 1e9,
  /** Tokens of many calls together. */
  tokenSum: 1e12,
  /** Web searches of one call. */
  searches: 10_000,
  /** One call, one tool, one span. Whoever waits for a person may wait over a weekend. */
  durationMs: 7 * DAY_MS,
  /** Bytes or characters. */
  size: 1e12,
  count: 1e9,
} as const

export type Quantity = keyof typeof GREATEST

/**
 * What one row of the store may add up to: about ten thousand records at their bound. Earlier
 * versions stored whatever they were told.
 */
export const GREATEST_SUM = {
  usd: 1e8,
  tokens: 1e13,
  durationMs: 1e13,
  value: 1e12,
} as const

/** False for NaN and infinities, too. */
export function isPlausible(value: number, quantity: Quantity): boolean {
  return value >= 0 && value <= GREATEST[quantity]
}

/** 2000-01-01: transcripts and backfills may be years old, a clock before this was never set. */
const EARLIEST_MS = 946_684_800_000
/** Clocks that are off by a time zone are taken as they are. */
export const MAX_AHEAD_MS = DAY_MS

/** Whether something can have happened then when it was heard of at `arrivedMs`. */
export function isPlausibleTime(timeMs: number, arrivedMs: number): boolean {
  return timeMs >= EARLIEST_MS && timeMs <= arrivedMs + MAX_AHEAD_MS
}

/** What a record said that cannot be true, by the name of the attribute, as it was sent. */
export type Implausible = Readonly<Record<string, string>>
