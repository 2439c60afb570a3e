/**
 * Where a value begins and ends that stands behind a name: within quotes of any depth, over lines, as a block
 * of YAML, or bare, up to what looks like the next thing.
 */
import { secretNameOf } from './secret-name.ts'
import { isPassphrase, type Place } from './secret-value.ts'
import { afterQuote, BACKSLASH, COMMA, isQuote } from './text-steps.ts'

const MAX_VALUE = 8192

export interface Found {
  readonly from: number
  readonly to: number
  readonly place: Place
  readonly isQuoted: boolean
  readonly quote?: string
}

const UNQUOTED = /(?:[^\s"'`<>(){}[\],;|&\\]|\\+(?![nrtbfu"'`\\])){1,8192}/y
const ENV_UNQUOTED = /(?:[^\s"'`<>();|&\\]|\\+(?![nrtbfu"'`\\])){1,8192}/y
const YAML_BLOCK = /[|>][+-]?\d?(?:\r?\n|\\+n)(?:[ \t]|\\+t){1,40}/y

/** The value that begins here, quoted or not. */
export function valueAt(text: string, at: number, place: Place, name: string): Found | undefined {
  YAML_BLOCK.lastIndex = at
  const begin = YAML_BLOCK.test(text) ? YAML_BLOCK.lastIndex : at
  let open = begin
  while (text.charCodeAt(open) === BACKSLASH) open += 1
  const escaped = afterQuote(text, begin)
  if (escaped > begin && !isQuote(text.charCodeAt(escaped - 1))) {
    const to = closingEscape(text, begin, escaped)
    return to === undefined ? undefined : { from: escaped, to, place, isQuoted: true }
  }
  const quote = text.charCodeAt(open)
  if (isQuote(quote)) {
    const to = closingQuote(text, open + 1, quote, open - begin)
    return { from: open + 1, to: joinedEnd(text, to), place, isQuoted: true }
  }
  const run = place === 'config' && secretNameOf(name).isEnvironment ? ENV_UNQUOTED : UNQUOTED
  run.lastIndex = begin
  if (!run.test(text)) return undefined
  const to =
    place === 'config' || place === 'list'
      ? phraseEnd(text, begin, continuedEnd(text, goneOn(text, begin, run.lastIndex), run))
      : run.lastIndex
  if (begin > at)
    return { from: begin, to: blockEnd(text, at, begin), place: 'config', isQuoted: true }
  const next = text.charCodeAt(to)
  // A call, an index, or a member of an object in code.
  if (next === 0x28 || next === 0x5b) return undefined
  const isMember = next === COMMA && !secretNameOf(name).isEnvironment
  return { from: begin, to, place: isMember ? 'code' : place, isQuoted: false }
}

/**
 * Delimiters that passwords have, too: within a value they belong to it unless what follows looks like
 * the next command, parameter or member.
 */
const GOES_ON =
  /[&;|,)}\]]{1,4}(?=[A-Za-z0-9!@#%^*_+-])(?!\w[\w.-]{0,40}[=:])(?!\$\{)[^\s"'`<>()|;&{}[\],\\]{1,200}/y

function goneOn(text: string, from: number, end: number): number {
  let to = end
  for (let part = 0; part < MAX_PARTS && to - from < LONGEST_PASSWORD; part += 1) {
    GOES_ON.lastIndex = to
    if (!GOES_ON.test(text)) break
    to = GOES_ON.lastIndex
  }
  return to
}

/** `"…" + "…"`, `"…" . "…"`, `"…""…"`, and `"…" "…"` over lines. A comma joins none, and no name is joined. */
const JOINED =
  /\\{0,15}["'\x60](?:(?:[ \t\r\n]|\\+[nrt]){0,40}(?:\.\.|[+.&])(?:[ \t\r\n]|\\+[nrt]){0,40}|[ \t]{0,8}\\{0,2}(?:\r?\n|\\+n)[ \t]{0,80})?\\{0,15}["'\x60](?=[^\s"'\x60\\,:;)\]}])[^"'\x60\\\n]{1,1000}(?!\\{0,15}["'\x60][ \t]{0,8}[:=])(?=["'\x60\\\n]|$)/y

/** Where a text ends that code puts together from several. */
function joinedEnd(text: string, end: number): number {
  let to = end
  for (let part = 0; part < MAX_PARTS; part += 1) {
    JOINED.lastIndex = to
    if (!JOINED.test(text)) break
    to = JOINED.lastIndex
  }
  return to
}

/** A backslash before a line end; JSON doubles the backslash, and writes the line end as another one. */
const CONTINUED = /(?:(?<=\\)\r?\n|(?<!\\)(?:\\{3}|\\{6}|\\{12})n)(?=[^\s"'\\#-])/y

/** Where a value ends that goes on in the next line. */
function continuedEnd(text: string, end: number, run: RegExp): number {
  let to = end
  for (let part = 0; part < MAX_PARTS; part += 1) {
    CONTINUED.lastIndex = to
    if (!CONTINUED.test(text)) break
    run.lastIndex = CONTINUED.lastIndex
    if (!run.test(text)) break
    to = run.lastIndex
  }
  return to
}

const MORE_WORDS = /(?: [a-z]{2,12}){3,11}(?=["'\r\n]|\\+[nr"']|$)/y

/** The rest of a passphrase without quotes. */
function phraseEnd(text: string, from: number, end: number): number {
  MORE_WORDS.lastIndex = end
  return MORE_WORDS.test(text) && isPassphrase(text.slice(from, MORE_WORDS.lastIndex))
    ? MORE_WORDS.lastIndex
    : end
}

const BLOCK_HEAD = /^[|>][+-]?\d?(\r?\n|\\+n)((?:[ \t]|\\+t)+)$/

/** Where the block of YAML ends whose first line begins here: before a line that stands less deep. */
function blockEnd(text: string, at: number, begin: number): number {
  const [, lineEnd = '\n', indent = ''] = BLOCK_HEAD.exec(text.slice(at, begin)) ?? []
  const limit = Math.min(text.length, begin + MAX_VALUE)
  let to = lineOf(text, begin, limit, lineEnd)
  while (to < limit && text.startsWith(lineEnd + indent, to)) {
    to = lineOf(text, to + lineEnd.length + indent.length, limit, lineEnd)
  }
  return to
}

/** Where a line ends, or the JSON string that it stands in. */
function lineOf(text: string, from: number, limit: number, lineEnd: string): number {
  for (let i = from; i < limit; i += 1) {
    if (text.startsWith(lineEnd, i)) return i
    const code = text.charCodeAt(i)
    if (lineEnd.startsWith('\\') && (code === 0x22 || code === BACKSLASH)) return i
    if (code === 0x0a) return i
  }
  return limit
}

/** Where a value ends whose quotes are escapes: at the next of them on the line. */
function closingEscape(text: string, begin: number, from: number): number | undefined {
  const rest = text.slice(from, from + MAX_ESCAPED)
  const close = rest.indexOf(text.slice(begin, from))
  if (close !== -1 && !/[\r\n]/.test(rest.slice(0, close))) return from + close
  UNQUOTED.lastIndex = from
  return UNQUOTED.test(text) ? UNQUOTED.lastIndex : undefined
}

const MAX_ESCAPED = 300
const MAX_PARTS = 8
const LONGEST_PASSWORD = 128

/**
 * Where a quoted value ends: at the same quote behind no more backslashes than the opening one, since
 * those within have more, however deep JSON stands in JSON. A value without an end ends with its line,
 * or with the JSON string that it stands in.
 */
function closingQuote(text: string, from: number, quote: number, depth: number): number {
  const limit = Math.min(text.length, from + MAX_VALUE)
  let backslashes = 0
  for (let i = from; i < limit; i += 1) {
    const code = text.charCodeAt(i)
    if (code === BACKSLASH) {
      backslashes += 1
      continue
    }
    if (code === quote && backslashes <= depth) return i - backslashes
    if (code === 0x0a) return i - backslashes
    if (code === 0x22 && backslashes === 0 && endsJsonString(text, i)) return i
    backslashes = 0
  }
  return limit - backslashes
}

/** Whether a bare double quote ends a string of the JSON that the text is. */
function endsJsonString(text: string, at: number): boolean {
  const first = text.charCodeAt(0)
  if (first !== 0x7b && first !== 0x5b) return false
  const next = text.charCodeAt(at + 1)
  return next === 0x2c || next === 0x3a || next === 0x5d || next === 0x7d
}
