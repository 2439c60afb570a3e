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
