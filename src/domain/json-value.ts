/**
 * Attribute values as every layer after the decoders sees them: plain JSON values.
 * Knows nothing of the encoding they came in.
 */
import { err, ok, type Result } from './result.ts'

/** An OTLP AnyValue, decoded. 64-bit integers beyond 2^53 arrive as decimal strings. */
export type AttributeValue =
  | string
  | number
  | boolean
  | null
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue }

/** Decoded attributes by key. Objects have no prototype, so `__proto__` is an ordinary key. */
export type Attributes = Readonly<Record<string, AttributeValue>>

/** A value shown as it is: text, or structured. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined }

// JSON texts that a stranger wrote. Their length alone does not bound what they cost: `[{},{},…]`
// holds a value in three bytes, and parsing 4 MB of it stops the process for a second.

/** Values that are parsed at once, members and elements counted: at most some 100 ms of work. */
export const MAX_JSON_VALUES = 131_072

const QUOTE = 0x22
const COMMA = 0x2c
const OPENING_BRACKET = 0x5b
const BACKSLASH = 0x5c
const OPENING_BRACE = 0x7b

/** Parses a text of bounded cost; the error completes "the text …". */
export function parseBoundedJson(text: string): Result<unknown, string> {
  if (holdsTooMuch(text)) return err(`holds more than ${MAX_JSON_VALUES} values`)
  try {
    return ok(JSON.parse(text) as unknown)
  } catch {
    return err('is not valid JSON')
  }
}

/** Every member and element but the first of its container follows a comma. */
function holdsTooMuch(text: string): boolean {
  if (text.length <= MAX_JSON_VALUES) return false
  let values = 0
  let isInString = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (isInString) {
      if (code === BACKSLASH) i++
      else if (code === QUOTE) isInString = false
    } else if (code === QUOTE) isInString = true
    else if (code === COMMA || code === OPENING_BRACE || code === OPENING_BRACKET) {
      values += 1
      if (values > MAX_JSON_VALUES) return true
    }
  }
  return false
}
