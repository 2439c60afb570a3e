/**
 * JSON without spaces, read where it stands: what text, numbers and times are, and nothing of what they
 * mean. Nothing that is read keeps the whole text alive.
 */

export const QUOTE = 0x22
export const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPENING_BRACKET = 0x5b
export const CLOSING_BRACKET = 0x5d
const OPENING_BRACE = 0x7b
export const CLOSING_BRACE = 0x7d
const FIRST_PRINTABLE = 0x20

/** Digits of nanoseconds since the epoch, from 1973 on; they are as many until 2286. */
const NANOS_DIGITS = [18, 19] as const
const NANOS_DIGITS_BELOW_MS = 6
const NANOS_PER_MS = 1e6
/** Digits of an integer that is exact in any case. */
const EXACT_DIGITS = 15
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y

/** Where reading has got to. */
export interface Cursor {
  readonly text: string
  pos: number
  /**
   * The first backslash from some position on, which `pos` may have passed. `pos` goes back only to parse
   * what has been read in part, which does not ask for it.
   */
  backslash: number
}

/** Epoch milliseconds of nanoseconds in decimal text. */
export function readTimeMs(cursor: Cursor): number | undefined {
  const { text, pos } = cursor
  if (text.charCodeAt(pos) !== QUOTE) return undefined
  const end = text.indexOf('"', pos + 1)
  const digits = end - pos - 1
  if (digits !== NANOS_DIGITS[0] && digits !== NANOS_DIGITS[1]) return undefined
  const wholeEnd = end - NANOS_DIGITS_BELOW_MS
  const wholeMs = digitsBetween(text, pos + 1, wholeEnd)
  const nanos = digitsBetween(text, wholeEnd, end)
  if (wholeMs === undefined || nanos === undefined || text[pos + 1] === '0') return undefined
  cursor.pos = end + 1
  return wholeMs + nanos / NANOS_PER_MS
}

function digitsBetween(text: string, start: number, end: number): number | undefined {
  let value = 0
  for (let pos = start; pos < end; pos += 1) {
    const digit = text.charCodeAt(pos) - 0x30
    if (!(digit >= 0 && digit <= 9)) return undefined
    value = value * 10 + digit
  }
  return value
}

/** An integer that is not negative, and exact. */
export function readCount(cursor: Cursor): number | undefined {
  const { text, pos: start } = cursor
  let end = start
  while (isDigit(text.charCodeAt(end))) end += 1
  const digits = end - start
  if (digits === 0 || digits > EXACT_DIGITS) return undefined
  if (digits > 1 && text.charCodeAt(start) === 0x30) return undefined
  cursor.pos = end
  return digitsBetween(text, start, end)
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

/** A number that is finite. */
export function readNumber(cursor: Cursor): number | undefined {
  NUMBER.lastIndex = cursor.pos
  const [text] = NUMBER.exec(cursor.text) ?? []
  const number = Number(text)
  if (text === undefined || !Number.isFinite(number)) return undefined
  cursor.pos += text.length
  return number
}

/** The same as `startsWith`, which V8 compares character by character; this is quicker from some 20 on. */
export function isAt(text: string, pos: number, expected: string): boolean {
  return text.slice(pos, pos + expected.length) === expected
}

/** The same for something longer. */
export function takesLong(cursor: Cursor, expected: string): boolean {
  if (!isAt(cursor.text, cursor.pos, expected)) return false
  cursor.pos += expected.length
  return true
}

/** Goes on behind this where it stands next. */
export function takes(cursor: Cursor, expected: string): boolean {
  if (!cursor.text.startsWith(expected, cursor.pos)) return false
  cursor.pos += expected.length
  return true
}

/** A text, and what its escapes stand for. */
export function readText(cursor: Cursor): string | undefined {
  return takes(cursor, '"') ? restOfText(cursor) : undefined
}

const MIN_SLICE_CHARS = 13

/** A text of which the opening quote has been read. */
export function restOfText(cursor: Cursor): string | undefined {
  const { text, pos: start } = cursor
  if (cursor.backslash < start) {
    const next = text.indexOf('\\', start)
    cursor.backslash = next < 0 ? text.length : next
  }
  let end = text.indexOf('"', start)
  const isPlain = end < cursor.backslash
  if (!isPlain) end = afterText(text, start) - 1
  if (end < 0) return undefined
  cursor.pos = end + 1
  // A short part of a text is a copy in V8. A longer one keeps the whole alive, and this does not.
  if (!isPlain || end - start >= MIN_SLICE_CHARS) {
    return JSON.parse(text.slice(start - 1, end + 1)) as string
  }
  for (let pos = start; pos < end; pos += 1) {
    // Control characters have to be escaped.
    if (text.charCodeAt(pos) < FIRST_PRINTABLE) return undefined
  }
  return text.slice(start, end)
}

/** Parses the object that begins here; undefined where none does. */
export function parsedObject(cursor: Cursor): unknown {
  const { text, pos: start } = cursor
  if (text.charCodeAt(start) !== OPENING_BRACE) return undefined
  let depth = 0
  let end = start
  do {
    const code = text.charCodeAt(end)
    end += 1
    if (code === QUOTE) end = afterText(text, end)
    else if (code === OPENING_BRACE || code === OPENING_BRACKET) depth += 1
    else if (code === CLOSING_BRACE || code === CLOSING_BRACKET) depth -= 1
  } while (depth > 0 && end < text.length)
  cursor.pos = end
  return JSON.parse(text.slice(start, end))
}

/** Where a text ends whose opening quote stands before `start`. */
function afterText(text: string, start: number): number {
  let pos = start
  while (pos < text.length && text.charCodeAt(pos) !== QUOTE) {
    pos += text.charCodeAt(pos) === BACKSLASH ? 2 : 1
  }
  return pos + 1
}
