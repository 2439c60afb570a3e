/** Steps through text that may be code, JSON within JSON, a URL or what a terminal shows. */

/** Codes of characters. */
export const BACKSLASH = 0x5c
export const EQUALS = 0x3d
export const COLON = 0x3a
export const COMMA = 0x2c
export const GREATER = 0x3e
export const AMPERSAND = 0x26
/** The longest run of white space, or of backslashes, that is looked through. */
export const MAX_GAP = 40

/** With the backslashes of JSON within JSON; also as an escape of JSON, of HTML or of a URL. */
export const QUOTES = String.raw`(?:\\{0,15}["'\x60]|\\{1,15}u002[27]|&(?:quot|#3[49]);|%2[27])`
/** Also over line ends, for `"name": "X",\n  "value": "y"`. */
export const WIDE_GAP = String.raw`(?:\s|\\+[nrt]){0,40}`

/** Behind a name whose colour ends there. */
const ESCAPE_CODE = 0x1b
export const ESCAPE = String.fromCharCode(ESCAPE_CODE)
const COLOUR = new RegExp(
  String.raw`(?:${ESCAPE}|\\{1,15}(?:u001[bB]|x1[bB]|033|e)| )\[[0-9;]{0,12}m`,
  'y',
)

export function isQuote(code: number): boolean {
  return code === 0x22 || code === 0x27 || code === 0x60
}

export function afterColour(text: string, from: number): number {
  const code = text.charCodeAt(from)
  if (code !== ESCAPE_CODE && code !== BACKSLASH && code !== 0x20) return from
  COLOUR.lastIndex = from
  return COLOUR.test(text) ? COLOUR.lastIndex : from
}

/** Behind a quote with its backslashes, if there is one. */
export function afterQuote(text: string, from: number): number {
  let i = from
  while (text.charCodeAt(i) === BACKSLASH && i - from < MAX_GAP) i += 1
  const code = text.charCodeAt(i)
  if (isQuote(code)) return i + 1
  const isEscape = (code === 0x75 && i > from) || code === 0x26
  if (!isEscape) return from
  ESCAPED_QUOTE.lastIndex = from
  return ESCAPED_QUOTE.test(text) ? ESCAPED_QUOTE.lastIndex : from
}

const ESCAPED_QUOTE = /\\{1,15}u002[27]|&(?:quot|#3[49]);/y

/** Behind white space, also where it is written as escapes. */
export function afterGap(text: string, from: number): number {
  let i = from
  while (i - from < MAX_GAP) {
    const code = text.charCodeAt(i)
    if (code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d) {
      i += 1
      continue
    }
    if (code !== BACKSLASH) break
    let letterAt = i + 1
    while (text.charCodeAt(letterAt) === BACKSLASH && letterAt - i < MAX_GAP) letterAt += 1
    const letter = text.charCodeAt(letterAt)
    const isEscape = letter === 0x6e || letter === 0x72 || letter === 0x74
    // The end of a line that goes on, also where it was made a space.
    const isLineEnd = letter === 0x0a || letter === 0x0d || letter === 0x20
    if (!isEscape && !isLineEnd) break
    i = letterAt + 1
  }
  return i
}
