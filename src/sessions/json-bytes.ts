/**
 * How many bytes a value takes as JSON in UTF-8: the unit of every bound on a session's state.
 * Never too low, and exact for text. Pure.
 */

/** A number, a boolean or null: no JSON number is longer. */
const SCALAR_BYTES = 24

/** Most bytes that one UTF-16 code unit takes, as an escape: `\u0000`. */
const MAX_UNIT_BYTES = 6

/** What takes more than one byte. */
const SPECIAL = /[^\x20\x21\x23-\x5b\x5d-\x7f]/g
/** Where one such character is, others are near: that many are looked at one by one. */
const MIN_STRETCH = 16
/** Most names and ids: these are looked at sooner than a pattern is asked. */
const MAX_SHORT = 64
const MAX_STRETCH = 4096

/** Bytes of a plain value: text, numbers, lists and objects of these. Undefined fields take none. */
export function jsonBytes(value: unknown): number {
  if (typeof value === 'string') return textBytes(value)
  if (typeof value !== 'object' || value === null) return SCALAR_BYTES
  let bytes = 2
  if (Array.isArray(value)) {
    for (const entry of value) bytes += jsonBytes(entry) + 1
    return bytes
  }
  for (const key in value) {
    const field = (value as Readonly<Record<string, unknown>>)[key]
    if (field !== undefined) bytes += textBytes(key) + jsonBytes(field) + 2
  }
  return bytes
}

/** Bytes of a text with its quotes. */
export function textBytes(text: string): number {
  let bytes = text.length + 2
  if (text.length <= MAX_SHORT) {
    for (let index = 0; index < text.length; index += 1) {
      if (isSpecial(text.charCodeAt(index))) bytes += unitBytes(text, index) - 1
    }
    return bytes
  }
  let index = nextSpecial(text, 0)
  let stretch = MIN_STRETCH
  while (index < text.length) {
    const to = Math.min(text.length, index + stretch)
    const before = bytes
    for (; index < to; index += 1) {
      if (isSpecial(text.charCodeAt(index))) bytes += unitBytes(text, index) - 1
    }
    // In a script that takes more than a byte throughout there is nothing to skip.
    const isDense = bytes - before >= stretch
    stretch = isDense ? Math.min(MAX_STRETCH, 2 * stretch) : MIN_STRETCH
    if (!isDense) index = nextSpecial(text, index)
  }
  return bytes
}

/** Where the next character stands that takes more than a byte: a pattern finds it fast. */
function nextSpecial(text: string, from: number): number {
  SPECIAL.lastIndex = from
  return SPECIAL.test(text) ? SPECIAL.lastIndex - 1 : text.length
}

function isSpecial(unit: number): boolean {
  return unit < 0x20 || unit > 0x7f || unit === 0x22 || unit === 0x5c
}

/** Whether a text, with its quotes, takes at most `maxBytes`. Short texts are not looked through. */
export function fitsBytes(text: string, maxBytes: number): boolean {
  return text.length * MAX_UNIT_BYTES + 2 <= maxBytes || textBytes(text) <= maxBytes
}

/**
 * The length of the longest beginning of a text that takes at most `maxBytes` and `maxLength`
 * characters. Never splits a surrogate pair.
 */
export function prefixLength(text: string, maxLength: number, maxBytes: number): number {
  const limit = Math.min(text.length, maxLength)
  let end = limit
  if (limit * MAX_UNIT_BYTES + 2 > maxBytes && textBytes(text.slice(0, limit)) > maxBytes) {
    let bytes = 2
    for (end = 0; end < limit; end += 1) {
      bytes += unitBytes(text, end)
      if (bytes > maxBytes) break
    }
  }
  return end > 0 && end < text.length && isPair(text, end - 1) ? end - 1 : end
}

/** Half of the pair's four bytes for each of its units. */
function unitBytes(text: string, index: number): number {
  const unit = text.charCodeAt(index)
  if (unit < 0x80) {
    if (unit >= 0x20) return unit === 0x22 || unit === 0x5c ? 2 : 1
    // \b, \t, \n, \f and \r have escapes of their own.
    return unit >= 0x08 && unit <= 0x0d && unit !== 0x0b ? 2 : MAX_UNIT_BYTES
  }
  if (unit < 0x800) return 2
  if (unit < 0xd800 || unit > 0xdfff) return 3
  return isPair(text, index) || isPair(text, index - 1) ? 2 : MAX_UNIT_BYTES
}

/** Whether the unit at `index` and the one behind it are one character. */
function isPair(text: string, index: number): boolean {
  const high = text.charCodeAt(index)
  const low = text.charCodeAt(index + 1)
  return high >= 0xd800 && high <= 0xdbff && low >= 0xdc00 && low <= 0xdfff
}
