/**
 * Whether bytes are JSON (RFC 8259), told in steps, without making anything of them. `JSON.parse`
 * would hold the process up for as long as a large body takes, and make a tree of all of it.
 */

/** Checks one text. */
export interface SyntaxCheck {
  /** Looks at about so many bytes more; true once it has come to a result. */
  advance(bytes: number): boolean
  /** What is wrong, once there is a result. */
  fault(): string | undefined
}

/** What may stand at the position. */
type Expected =
  | 'value'
  /** Right after `[`. */
  | 'value or end'
  /** Right after `{`. */
  | 'name or end'
  | 'name'
  | 'colon'
  | 'comma or end'
  /** Inside of a string. */
  | 'character'
  /** After the value. */
  | 'nothing'

const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const OPENING_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSING_BRACKET = 0x5d
const OPENING_BRACE = 0x7b
const CLOSING_BRACE = 0x7d
const FIRST_PRINTABLE = 0x20
const ESCAPED = new Set(Buffer.from('"\\/bfnrt'))
const UNICODE_ESCAPE = 0x75
const LITERALS = ['true', 'false', 'null'].map((word) => Buffer.from(word))

export function createSyntaxCheck(bytes: Buffer): SyntaxCheck {
  const containers = createContainerStack()
  let pos = 0
  let expected: Expected = 'value'
  let isName = false
  let fault: string | undefined

  const unexpected = (): void => {
    const what = pos < bytes.length ? `unexpected byte at position ${pos}` : 'unexpected end'
    fault = what
  }

  function begin(byte: number): void {
    if (byte === OPENING_BRACE || byte === OPENING_BRACKET) {
      containers.push(byte === OPENING_BRACE)
      expected = byte === OPENING_BRACE ? 'name or end' : 'value or end'
      pos += 1
    } else if (byte === QUOTE) {
      isName = false
      expected = 'character'
      pos += 1
    } else scalar(byte)
  }

  function scalar(byte: number): void {
    const isNumber = byte === MINUS || (byte >= ZERO && byte <= NINE)
    const end = isNumber ? endOfNumber(bytes, pos) : endOfLiteral(bytes, pos)
    if (end === undefined) unexpected()
    else {
      pos = end
      finish()
    }
  }

  /** After a whole value. */
  function finish(): void {
    expected = containers.isEmpty() ? 'nothing' : 'comma or end'
  }

  function close(byte: number): void {
    if (containers.isEmpty() || containers.isObject() !== (byte === CLOSING_BRACE)) {
      unexpected()
      return
    }
    containers.pop()
    pos += 1
    finish()
  }

  /** The rest of a string, or as much of it as stands before `until`. */
  function characters(until: number): void {
    while (pos < until) {
      const byte = bytes[pos] as number
      if (byte === QUOTE) {
        pos += 1
        if (isName) expected = 'colon'
        else finish()
        return
      }
      const end = byte === BACKSLASH ? endOfEscape(bytes, pos) : pos + 1
      if (end === undefined || byte < FIRST_PRINTABLE) {
        unexpected()
        return
      }
      pos = end
    }
  }

  function step(byte: number): void {
    const mayEnd = expected !== 'value' && expected !== 'name' && expected !== 'colon'
    if (mayEnd && (byte === CLOSING_BRACE || byte === CLOSING_BRACKET)) close(byte)
    else if (expected === 'value' || expected === 'value or end') begin(byte)
    else if (expected === 'name' || expected === 'name or end')
      punctuation(byte, QUOTE, 'character')
    else if (expected === 'colon') punctuation(byte, COLON, 'value')
    else if (expected === 'comma or end') {
      punctuation(byte, COMMA, containers.isObject() ? 'name' : 'value')
    } else unexpected()
  }

  function punctuation(byte: number, wanted: number, then: Expected): void {
    if (byte !== wanted) {
      unexpected()
      return
    }
    isName = then === 'character'
    expected = then
    pos += 1
  }

  return {
    advance: (more) => {
      const until = Math.min(bytes.length, pos + more)
      while (pos < until && fault === undefined) {
        if (expected === 'character') characters(until)
        else if (isSpace(bytes[pos] as number)) pos += 1
        else step(bytes[pos] as number)
      }
      if (pos >= bytes.length && expected !== 'nothing' && fault === undefined) unexpected()
      return fault !== undefined || pos >= bytes.length
    },
    fault: () => fault,
  }
}

/** Space, tab, line feed and carriage return; nothing else is space in JSON. */
export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function endOfLiteral(bytes: Buffer, pos: number): number | undefined {
  const word = LITERALS.find(
    (each) =>
      bytes.compare(each, 0, each.length, pos, Math.min(bytes.length, pos + each.length)) === 0,
  )
  return word === undefined ? undefined : pos + word.length
}

function endOfEscape(bytes: Buffer, pos: number): number | undefined {
  const kind = bytes[pos + 1] ?? 0
  if (ESCAPED.has(kind)) return pos + 2
  if (kind !== UNICODE_ESCAPE) return undefined
  for (let i = pos + 2; i < pos + 6; i++) if (!isHexDigit(bytes[i] ?? 0)) return undefined
  return pos + 6
}

function isHexDigit(byte: number): boolean {
  const lower = byte | 0x20
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66)
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE
}

/** `-`, an integer without leading zeros, a fraction, an exponent. */
function endOfNumber(bytes: Buffer, start: number): number | undefined {
  const first = bytes[start] === MINUS ? start + 1 : start
  let pos = bytes[first] === ZERO ? first + 1 : endOfDigits(bytes, first)
  if (pos === first) return undefined
  if (bytes[pos] === DOT) {
    const fraction = pos + 1
    pos = endOfDigits(bytes, fraction)
    if (pos === fraction) return undefined
  }
  if (((bytes[pos] ?? 0) | 0x20) === 0x65) {
    const sign = bytes[pos + 1]
    const exponent = sign === MINUS || sign === 0x2b ? pos + 2 : pos + 1
    pos = endOfDigits(bytes, exponent)
    if (pos === exponent) return undefined
  }
  return pos
}

function endOfDigits(bytes: Buffer, start: number): number {
  let pos = start
  while (isDigit(bytes[pos] ?? 0)) pos += 1
  return pos
}

/** Which containers are open: a bit each, since a body may be nothing but brackets. */
function createContainerStack() {
  let bits = new Uint8Array(64)
  let depth = 0
  return {
    isEmpty: () => depth === 0,
    isObject: () =>
      depth > 0 && ((bits[(depth - 1) >> 3] as number) & (1 << ((depth - 1) & 7))) !== 0,
    push: (isObject: boolean) => {
      if (depth >> 3 === bits.length) {
        const larger = new Uint8Array(bits.length * 2)
        larger.set(bits)
        bits = larger
      }
      const bit = 1 << (depth & 7)
      const byte = bits[depth >> 3] as number
      bits[depth >> 3] = isObject ? byte | bit : byte & ~bit
      depth += 1
    },
    pop: () => {
      depth -= 1
    },
  }
}
