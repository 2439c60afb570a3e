/**
 * Values that stand under a name which says that they are secret: in shells, dotenv, YAML, JSON, XML,
 * properties, query strings, connection strings, headers, command lines and code.
 *
 * A name is looked at where the prefilter finds one of its words. What counts then is how name and
 * value are joined: the more a place looks like configuration, the less a value has to look random.
 */
import type { MaskRule, Pass, SecretSpan } from '../rule.ts'
import { type Found, valueAt } from './assigned-value.ts'
import { kindOfName } from './secret-kind.ts'
import { secretNameOf } from './secret-name.ts'
import { isSecretValue, type Place } from './secret-value.ts'
import {
  AMPERSAND,
  afterColour,
  afterGap,
  afterQuote,
  BACKSLASH,
  COLON,
  COMMA,
  EQUALS,
  ESCAPE,
  GREATER,
  isQuote,
  MAX_GAP,
  QUOTES,
  WIDE_GAP,
} from './text-steps.ts'

/** Words that make a name one of a secret; the prefilter looks for these. */
const WORDS = [
  'password',
  'passwd',
  'passwort',
  'passphrase',
  'passcode',
  'pwd',
  'pass',
  'secret',
  'token',
  'credential',
  'credentials',
  'creds',
  'key',
  'sas_url',
  'connection_string',
  'connectionstring',
  'dsn',
  'auth',
  'pw',
  'psk',
  'seed',
  'salt',
  'pepper',
  'mnemonic',
  'jwt',
] as const

const MAX_NAME = 64
const LOWER_V = 0x76

/** Between the sign and a value: `Some("…")`, `b"…"`, `("…")`. */
const WRAPPER = /\(?(?:(?:[bruf$]|Some\(|String::from\(|new \w{1,20}\()(?=["'\x60]))?/y
/** Between a name and its `=` in languages with types. */
const TYPE = /: ?(?:str|string|String|&str|SecretStr|Optional\[str\]|char \*)[ \t]{0,8}(?==)/y

/** `{"name": "DB_PASSWORD", "value": "…"}`, also as OTLP writes attributes. */
const NAMED_VALUE = new RegExp(
  String.raw`${QUOTES}?${WIDE_GAP},?${WIDE_GAP}(?:${QUOTES})?[vV]alue(?:${QUOTES})?${WIDE_GAP}[:=]${WIDE_GAP}(?:\{${WIDE_GAP}${QUOTES}string_?[vV]alue${QUOTES}${WIDE_GAP}:${WIDE_GAP})?(?=${QUOTES}|[^\s"'{\[])`,
  'y',
)
const XML_JOIN = /\s?(?:>|&gt;)(?:<!\[CDATA\[|\{(?=[A-Za-z0-9+/=]{8,200}\}))?/y
const FLAG_JOIN = new RegExp(String.raw`(?:[ \t]|\\+t|${QUOTES},${WIDE_GAP}){1,4}(?!-)`, 'y')
const PROSE_JOIN = new RegExp(
  String.raw`(?:${QUOTES})?(?: (?:is|was|are|=|ist|to|as|of|for \w{1,40} is)(?: now| currently)?:?| [-–—]) ?(?=[^\s])`,
  'y',
)
const SPACED_QUOTE = / {1,4}(?=\\{0,15}')/y
/**
 * What else joins a name to its value: a default behind it, a cell of a table, bold type, a property
 * list, an XML property, an option of a command, a quote behind a space.
 */
const LOOSE_JOIN = new RegExp(
  String.raw`(?:${QUOTES})?\]?\)?(?:${WIDE_GAP}(?:\|\||\?\?|or)${WIDE_GAP}(?=${QUOTES})|[ \t]{0,20}\|[ \t]{0,20}(?:${QUOTES})?|(?::\*\*|\*\*:)[ \t]{0,4}(?:${QUOTES})?|</[a-z]{1,10}>${WIDE_GAP}<[a-z]{1,10}>|>(?!=)|(?:\t|\\+t| {2,8}){1,4}|[ \t]{1,4}(?:--?[a-z-]{1,20})[ =](?:${QUOTES})?|(?:${QUOTES})?(?:\r?\n|\\+r\\+n|\\+n){2}|\s{1,4}\{${WIDE_GAP}default\s{1,20}=\s{1,20}(?=${QUOTES})| {1,4}(?=${QUOTES}))`,
  'y',
)
/** A space of prose, before something that can only be the value. */
const BARE_SPACE = /(?:[ \t]|\\+t) {0,8}\(?(?=[^\s()"'`\d]{0,40}\d)(?=[^\s("'`]{8})/y
/** `{"password": {"value": "…"}}`, as DynamoDB, OTLP and Terraform nest a value. */
const NESTED_VALUE = new RegExp(
  String.raw`\{${WIDE_GAP}${QUOTES}(?:S|value|stringValue|string|default|_text)${QUOTES}${WIDE_GAP}:${WIDE_GAP}(?=${QUOTES})`,
  'y',
)
const ENCODED_SIGN = /(?:%22)?(?:%3[AaDd]|%253[AaDd])(?:%20|\+)?(?:%22)?/y
/** The value of a name in a URL ends at the next encoded delimiter. */
const ENCODED_UNQUOTED =
  /(?:[A-Za-z0-9._~!*()$,;:@/+-]|%(?!(?:22|26|20|0[AaDd]|2[Cc]|7[Dd]|3[Bb]))[0-9A-Fa-f]{2}){1,8192}/y
function isNameCode(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x5f ||
    code === 0x2d ||
    code === 0x2e
  )
}

/** The bounds of the name around a word; undefined where no name can end here. */
function nameAt(text: string, at: number, end: number): { from: number; to: number } | undefined {
  let to = end
  while (to < text.length && to - end < MAX_NAME && isNameCode(text.charCodeAt(to))) to += 1
  if (to - end >= MAX_NAME) return undefined
  // A name ends no sentence and no option.
  while (to > end && (text.charCodeAt(to - 1) === 0x2e || text.charCodeAt(to - 1) === 0x2d)) to -= 1
  let from = at
  while (from > 0 && at - from < MAX_NAME && isNameCode(text.charCodeAt(from - 1))) from -= 1
  // The letter of an escape, as in `\nPASSWORD`, is none of the name's.
  if (from < at && from > 0 && text.charCodeAt(from - 1) === BACKSLASH) {
    const letter = text.charCodeAt(from)
    if (letter === 0x6e || letter === 0x72 || letter === 0x74) from += 1
  }
  from += escapeLength(text, from, at)
  return { from, to }
}

const ESCAPE_END = /(?:\\u00[0-9a-fA-F]{2}|%[0-9A-Fa-f]{2}|\[[0-9;]{1,12}m)$/

/** How much of what looks like the beginning of a name is the end of an escape: `%22API_KEY`. */
function escapeLength(text: string, from: number, at: number): number {
  const before = text.charCodeAt(from - 1)
  if (from >= at || (before !== BACKSLASH && before !== 0x25 && before !== 0x5b && before !== 0x3b))
    return 0
  for (const length of [2, 5, 3, 4]) {
    if (from + length <= at && ESCAPE_END.test(text.slice(Math.max(0, from - 8), from + length))) {
      return length
    }
  }
  return 0
}

/** The value that belongs to a name; `joint` is the first character behind it that is no space. */
function placedValue(
  text: string,
  name: string,
  from: number,
  to: number,
  joint: number,
): Found | undefined {
  const before = text.charAt(from - 1)
  if (joint === COMMA || joint === LOWER_V || isQuote(joint) || joint === BACKSLASH) {
    NAMED_VALUE.lastIndex = to
    if (isQuoteOrSpace(before) && NAMED_VALUE.test(text)) {
      return valueAt(text, NAMED_VALUE.lastIndex, 'config', name)
    }
  }
  const isTag = before === '<' || (before === ';' && text.startsWith('&lt;', from - 4))
  if (isTag && (joint === GREATER || joint === AMPERSAND)) {
    XML_JOIN.lastIndex = to
    if (XML_JOIN.test(text)) return valueAt(text, XML_JOIN.lastIndex, 'config', name)
  }
  if (joint === 0x25) {
    ENCODED_SIGN.lastIndex = to
    return ENCODED_SIGN.test(text) ? encodedValueAt(text, ENCODED_SIGN.lastIndex) : undefined
  }
  const join = joinAt(text, to)
  if (join !== undefined) {
    return valueAt(text, join.end, placeOf(text, name, from, to, join.sign), name)
  }
  if (name.startsWith('--')) {
    FLAG_JOIN.lastIndex = to
    if (FLAG_JOIN.test(text)) return valueAt(text, FLAG_JOIN.lastIndex, 'config', name)
  }
  return looseValue(text, name, to, joint)
}

/** The value behind a name that no sign joins to it. */
function looseValue(text: string, name: string, to: number, joint: number): Found | undefined {
  // The next word, or `||` as a word.
  const isWord = isNameCode(joint) && joint !== 0x2d
  if (isWord && !proseJoints.has(joint)) return bareValue(text, name, to)
  SPACED_QUOTE.lastIndex = to
  if (SPACED_QUOTE.test(text)) return valueAt(text, SPACED_QUOTE.lastIndex, 'code', name)
  PROSE_JOIN.lastIndex = to
  if (PROSE_JOIN.test(text)) return valueAt(text, PROSE_JOIN.lastIndex, 'prose', name)
  LOOSE_JOIN.lastIndex = to
  if (LOOSE_JOIN.test(text)) {
    const found = valueAt(text, LOOSE_JOIN.lastIndex, 'list', name)
    return found === undefined ? undefined : { ...found, isQuoted: true }
  }
  return bareValue(text, name, to)
}

/** First letters of the words that join a name to a value: `is`, `was`, `are`, `to`, `of`, `for`, `or`. */
const proseJoints = new Set(Array.from('iwatof', (of) => of.charCodeAt(0)))

function bareValue(text: string, name: string, to: number): Found | undefined {
  BARE_SPACE.lastIndex = to
  if (BARE_SPACE.test(text)) return valueAt(text, BARE_SPACE.lastIndex, 'bare', name)
  return undefined
}

function encodedValueAt(text: string, from: number): Found | undefined {
  ENCODED_UNQUOTED.lastIndex = from
  if (!ENCODED_UNQUOTED.test(text)) return undefined
  return { from, to: ENCODED_UNQUOTED.lastIndex, place: 'config', isQuoted: false }
}

/** The sign between a name, which may be quoted, and its value; `end` is where the value begins. */
function joinAt(text: string, to: number): { sign: string; end: number } | undefined {
  let i = afterQuote(text, afterColour(text, to))
  if (text.charCodeAt(i) === 0x5d) i += 1
  if (text.charCodeAt(i) === 0x29) i += 1
  if (text.charCodeAt(i) === COLON) {
    TYPE.lastIndex = i
    if (TYPE.test(text)) i = TYPE.lastIndex
  }
  i = afterGap(text, text.startsWith('**', i) ? i + 2 : i)
  const length = signLength(text, i)
  if (length === 0) return undefined
  const written = text.slice(i, i + length)
  const sign = written.startsWith('&') ? '=' : written
  const behind = text.startsWith('** ', i + length) ? i + length + 2 : i + length
  const end = afterColour(text, afterGap(text, behind))
  if (text.charCodeAt(end) === 0x7b) {
    NESTED_VALUE.lastIndex = end
    if (NESTED_VALUE.test(text)) return { sign, end: NESTED_VALUE.lastIndex }
  }
  if (sign === ',' && afterQuote(text, end) === end) return undefined
  WRAPPER.lastIndex = end
  return { sign, end: WRAPPER.test(text) ? WRAPPER.lastIndex : end }
}

/** `=` and `:` of HTML. */
const ENTITY_SIGN = /&(?:#61|#58|#x3d|#x3a|equals|colon);/iy

/** Of `=`, `:`, `==`, `===`, `!=`, `:=`, `=>`, `?=`, `+=`, `,`, `(`; 0 where there is none. */
function signLength(text: string, at: number): number {
  const first = text.charCodeAt(at)
  const second = text.charCodeAt(at + 1)
  if (first === EQUALS) {
    if (second === GREATER) return 2
    if (second !== EQUALS) return 1
    return text.charCodeAt(at + 2) === EQUALS ? 3 : 2
  }
  if (first === COLON) return second === EQUALS ? 2 : 1
  if (first === COMMA || first === 0x28) return 1
  if (first === AMPERSAND) {
    ENTITY_SIGN.lastIndex = at
    return ENTITY_SIGN.test(text) ? ENTITY_SIGN.lastIndex - at : 0
  }
  const isCompound = first === 0x21 || first === 0x3f || first === 0x2b
  if (!isCompound || second !== EQUALS) return 0
  return text.charCodeAt(at + 2) === EQUALS ? 3 : 2
}

function isQuoteOrSpace(character: string): boolean {
  return /^["'`\s]?$/.test(character)
}

function placeOf(text: string, name: string, from: number, to: number, sign: string): Place {
  if (sign === ',' || sign === '(') return 'list'
  if (secretNameOf(name).isEnvironment || name.startsWith('--')) return 'config'
  if (name.startsWith('_auth')) return 'config'
  const before = text.charCodeAt(from - 1)
  // A query or a connection string.
  if (sign === '=' && (before === 0x26 || before === 0x3f || before === 0x3b)) return 'config'
  const isQuotedName = /["'`\\&]/.test(text.charAt(to))
  // A header or field as an argument: `-H "api-key: …"`.
  const isInQuotes = before === 0x22 || before === 0x27
  if (isInQuotes && !isQuotedName && !secretNameOf(name).isPassword) return 'config'
  if (isQuotedName && sign === ':') return 'config'
  if (sign === ':' || sign === '=') {
    return isAloneOnLine(text, from) && !isCodeLine(text, from) ? 'config' : 'code'
  }
  return 'code'
}

/** Whether a line begins with the name, but for white space and the dash of a list. */
function isAloneOnLine(text: string, from: number): boolean {
  for (let i = from - 1, seen = 0; i >= 0 && seen < 60; i -= 1, seen += 1) {
    const code = text.charCodeAt(i)
    if (code === 0x0a || code === 0x0d) return true
    if (code === 0x20 || code === 0x09 || code === 0x2d || code === 0x2f || code === 0x3a) continue
    // An escaped line end.
    return (code === 0x6e || code === 0x72) && text.charCodeAt(i - 1) === BACKSLASH
  }
  return true
}

/** An assignment that ends like a statement. */
function isCodeLine(text: string, from: number): boolean {
  for (let i = from; i < text.length && i - from < 300; i += 1) {
    const code = text.charCodeAt(i)
    if (code === 0x0a || code === BACKSLASH) return false
    if (code === 0x3b || code === 0x7b || code === 0x28) return true
  }
  return false
}

function find(text: string, at: number, end: number): SecretSpan | undefined {
  // `passwordless`, `tokens`, `keyboard`: the word goes on.
  const next = text.charCodeAt(end)
  const isLower = text.charCodeAt(end - 1) >= 0x61
  if (isLower && next >= 0x61 && next <= 0x7a) return undefined
  const bounds = nameAt(text, at, end)
  if (bounds === undefined) return undefined
  const { from, to } = bounds
  const joint = jointBehind(text, to)
  const isCommand = isSetByCommand(text, from, to)
  if (!mayJoin(joint) && !isCommand && !text.startsWith('--', from) && !isBare(text, to)) {
    return undefined
  }
  const name = spokenName(text, from, text.slice(from, to))
  if (!secretNameOf(name).isSecret) return undefined
  const found = isCommand
    ? valueAt(text, afterGap(text, to), 'config', name)
    : placedValue(text, name, from, to, joint)
  if (found === undefined || found.to <= found.from) return undefined
  const value = text.slice(found.from, found.to)
  if (isJsonNumber(text, to, found, value)) {
    if (!secretNameOf(name).isPassword) return undefined
    const quote = quoteAfter(text, to)
    return { from: found.from, to: found.to, id: kindOfName(name), quote }
  }
  // Of a block of YAML the first line tells.
  const told = found.isQuoted && value.includes('\n') ? value.slice(0, value.indexOf('\n')) : value
  if (!isSecretValue(name, plain(told), found.place, found.isQuoted)) return undefined
  // Of a parser, not of a door.
  if (name === 'token' && /unexpected $/i.test(text.slice(Math.max(0, from - 11), from))) {
    return undefined
  }
  return { from: found.from, to: found.to, id: kindOfName(name) }
}

const PARTS = /\\{0,15}["'\x60](?:\s|\\+[nrt]|[+.&\\]){0,80}\\{0,15}["'\x60]/g
const CONTINUATION = /\\(?:\r?\n|\\+n)|\\+n.*$/gs

/** A value as one, if it was written in parts; the first line of several. */
function plain(value: string): string {
  if (!value.includes('\\') && !/["'\x60]/.test(value)) return value
  return value.replace(PARTS, '').replace(CONTINUATION, '')
}

/** Whether nothing but a space is between a name and what may be its value. */
function isBare(text: string, to: number): boolean {
  BARE_SPACE.lastIndex = to
  return BARE_SPACE.test(text)
}

const COMMAND = /(?:^|[^A-Za-z0-9])(?:set(?: -{1,2}[a-z]{1,10})?|setx|ENV|ARG) $/
const CONFIGURE = /configure set $/
const SPOKEN =
  /(?:^|[^A-Za-z]|\\[nrt])(?:api|access|secret|private|license|signing|encryption|auth) $/i

/** Whether a command or its option ends here, by their last letters. */
function mayBeCommand(text: string, at: number): boolean {
  const last = text.charCodeAt(at)
  // `set`, `setx`, `ENV`, `ARG`.
  if (last === 0x74 || last === 0x78 || last === 0x56 || last === 0x47) return true
  for (let i = at; i > at - LONGEST_OPTION; i -= 1) {
    const code = text.charCodeAt(i)
    if (code === 0x2d) return true
    if (code < 0x61 || code > 0x7a) return false
  }
  return false
}

const LONGEST_OPTION = 12

/** `set -gx NAME value`, `ENV NAME value`: a space joins the two. */
function isSetByCommand(text: string, from: number, to: number): boolean {
  if (text.charCodeAt(from - 1) !== 0x20 || text.charCodeAt(to) !== 0x20) return false
  const next = text.charCodeAt(to + 1)
  if (next === EQUALS || next === COLON || next === 0x2d) return false
  if (!mayBeCommand(text, from - 2)) return false
  const before = text.slice(Math.max(0, from - 20), from)
  if (CONFIGURE.test(before)) return true
  return COMMAND.test(before) && secretNameOf(text.slice(from, to)).isEnvironment
}

/** `API key` of prose is a name of two words. */
function spokenName(text: string, from: number, name: string): string {
  if (name !== 'key' || text.charCodeAt(from - 1) !== 0x20) return name
  return SPOKEN.test(text.slice(Math.max(0, from - 14), from)) ? 'api_key' : name
}

/** The first character behind a name that is no white space; NaN at the end of the text. */
function jointBehind(text: string, to: number): number {
  let i = to
  while (i - to < MAX_GAP) {
    const code = text.charCodeAt(i)
    if (code !== 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) return code
    i += 1
  }
  return Number.NaN
}

/** Signs, quotes and words that may join a name and its value: `=:>(+?!,`, `is`, `value`, `-`. */
const joints = new Set(
  Array.from(`=:>(+?!,"'\`\\])-–—vVwiatofè|*&%<{[${ESCAPE}`, (of) => of.charCodeAt(0)),
)

function mayJoin(code: number): boolean {
  return joints.has(code)
}

/** A number behind a quoted name: without quotes a mark would break the JSON. */
function isJsonNumber(text: string, to: number, found: Found, value: string): boolean {
  return !found.isQuoted && /["\\]/.test(text.charAt(to)) && /^-?\d{6,}$/.test(value)
}

function quoteAfter(text: string, to: number): string {
  let end = to
  while (text.charCodeAt(end) === BACKSLASH) end += 1
  return text.slice(to, end + 1)
}

/** Names that are closer together have no room for values. */
const CLOSEST = 16
/** So many of them in a row are no list of words that a person made. */
const MOST_CLOSE = 1024
const DENSE_PART = 256

/**
 * Looks at names one by one, as long as they are as far apart as in any text that means something.
 * What is full of them for thousands of characters was made to cost time: it is masked in parts, which
 * hides whatever is in it. The parts end at quotes and lines, so that JSON stays whole.
 */
function createAssignmentRule(): MaskRule {
  let lastPass: Pass | undefined
  let begunAt = 0
  let looks = 0

  function isDense(at: number, pass: Pass): boolean {
    if (pass !== lastPass) {
      lastPass = pass
      begunAt = at
      looks = 0
    }
    looks += 1
    if (looks < MOST_CLOSE) return false
    if (at - begunAt < looks * CLOSEST) return true
    begunAt = at
    looks = 0
    return false
  }

  return {
    id: 'secret',
    keywords: WORDS,
    find: (text, at, end, pass) =>
      isDense(at, pass) ? { from: at, to: partEnd(text, end) } : find(text, at, end),
  }
}

function partEnd(text: string, from: number): number {
  let to = from
  for (; to < text.length; to += 1) {
    const code = text.charCodeAt(to)
    if (isQuote(code) || code === BACKSLASH || code === 0x0a) break
    if (to - from >= DENSE_PART && code <= 0x20) break
  }
  return to
}

export const assignmentRules: readonly MaskRule[] = [createAssignmentRule()]
