/**
 * Long lines with their texts shortened as they are read, before anything is parsed. A tool result of many
 * megabytes then takes no more memory than a few: of a text, no more is stored than its beginning anyway.
 */

/** Bytes of one text that are kept: many times what is stored of it, and all of any prompt. */
const MAX_TEXT_BYTES = 4 * 1024 * 1024
/** Bytes of a line after which only the beginning of a text is kept: ids and names are shorter. */
const FULL_TEXTS_BYTES = 8 * 1024 * 1024
const MAX_LATER_TEXT_BYTES = 1024
/** Bytes of a line without what was cut from its texts. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024
/** Bytes of a line as it is in the file. */
const MAX_LINE_BYTES = 256 * 1024 * 1024
/** A result with an image has a few dozen; a line of nothing but brackets takes fifty times its size. */
const MAX_VALUES = 1_000_000
/** Of most lines that are long, all that is kept. */
const FIRST_BYTES = 1024 * 1024

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPENING_BRACKET = 0x5b
const OPENING_BRACE = 0x7b
const LETTER_U = 0x75

export interface LongLine {
  /** Takes the next bytes; they may be overwritten afterwards. */
  add(bytes: Buffer): void
  /** The line as JSON with shortened texts; undefined where it is too long or has too many values. */
  text(): Buffer | undefined
}

export function createLongLine(): LongLine {
  let kept = Buffer.allocUnsafeSlow(FIRST_BYTES)
  let keptBytes = 0
  let lineBytes = 0
  let values = 0
  let place: 'structure' | 'text' | 'cut text' = 'structure'
  /** Bytes of the text that is being read, and how many of it are kept. */
  let textBytes = 0
  let maxTextBytes = 0
  let isAfterBackslash = false
  /** Hexadecimal digits that an escape sequence still has. */
  let digitsLeft = 0

  function isTooLarge(): boolean {
    return lineBytes > MAX_LINE_BYTES || keptBytes > MAX_KEPT_BYTES || values > MAX_VALUES
  }

  function keep(bytes: Buffer, from: number, to: number): void {
    if (keptBytes + to - from > kept.length) {
      const needed = keptBytes + to - from
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(2 * needed, MAX_KEPT_BYTES)))
      kept.copy(larger, 0, 0, keptBytes)
      kept = larger
    }
    keptBytes += bytes.copy(kept, keptBytes, from, to)
  }

  /** To the byte behind the quote that begins a text, or the end. */
  function readStructure(bytes: Buffer, from: number): number {
    const quote = bytes.indexOf(QUOTE, from)
    const to = quote < 0 ? bytes.length : quote + 1
    for (let at = from; at < to; at += 1) {
      const byte = bytes[at]
      if (byte === COMMA || byte === OPENING_BRACKET || byte === OPENING_BRACE) values += 1
    }
    keep(bytes, from, to)
    if (quote >= 0) {
      place = 'text'
      textBytes = 0
      maxTextBytes = keptBytes < FULL_TEXTS_BYTES ? MAX_TEXT_BYTES : MAX_LATER_TEXT_BYTES
    }
    return to
  }

  /** Whether the byte belongs to the escape sequence that the bytes before it began. */
  function isEscaped(byte: number): boolean {
    if (isAfterBackslash) {
      isAfterBackslash = false
      digitsLeft = byte === LETTER_U ? 4 : 0
      return true
    }
    if (digitsLeft === 0) return false
    digitsLeft -= 1
    return true
  }

  /** To where the text ends or is cut, which is never within a character. */
  function readText(bytes: Buffer, from: number): number {
    let at = from
    for (; at < bytes.length && place === 'text'; at += 1) {
      const byte = bytes[at] ?? 0
      if (!isEscaped(byte)) {
        if (byte === QUOTE) place = 'structure'
        else if (textBytes >= maxTextBytes && !isContinuation(byte)) {
          place = 'cut text'
          break
        } else isAfterBackslash = byte === BACKSLASH
      }
      textBytes += 1
    }
    keep(bytes, from, at)
    return at
  }

  /** To the byte behind the quote that ends a text that was cut, or the end. */
  function skipText(bytes: Buffer, from: number): number {
    let at = from
    for (;;) {
      const quote = bytes.indexOf(QUOTE, at)
      const to = quote < 0 ? bytes.length : quote
      let first = to
      while (first > at && bytes[first - 1] === BACKSLASH) first -= 1
      const isOdd = (to - first) % 2 === 1
      const isQuoted = first === at && isAfterBackslash ? !isOdd : isOdd
      isAfterBackslash = quote < 0 && isQuoted
      if (quote < 0) return to
      at = quote + 1
      if (isQuoted) continue
      keep(bytes, quote, at)
      place = 'structure'
      return at
    }
  }

  return {
    add: (bytes) => {
      lineBytes += bytes.length
      for (let at = 0; at < bytes.length && !isTooLarge(); ) {
        if (place === 'structure') at = readStructure(bytes, at)
        else if (place === 'text') at = readText(bytes, at)
        else at = skipText(bytes, at)
      }
    },
    text: () => (isTooLarge() ? undefined : kept.subarray(0, keptBytes)),
  }
}

/** Of a character of several bytes, any but the first. */
function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80
}
