/**
 * Values that stand under a name which says that they are secret: in shells, dotenv, YAML, JSON, XML,
 * properties, query strings, connection strings, headers, command lines and code.
 *
 * A name is looked at where the prefilter finds one of its words. What counts then is how name and
 * value are joined: the more a place looks like configuration, the less a value has to look random.
 */
import type { MaskRule, Pass, SecretSpan } from '../rule.ts'
import { secretNameOf } from './secret-name.ts'
import { isPassphrase, isSecretValue, type Place } from './secret-value.ts'

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

/** What the keys of vendors are called in their documents, by the name of the variable. */
const VENDOR_NAMES: readonly (readonly [RegExp, string])[] = [
  [/aws.?secret|secret.?access.?key/i, 'aws-secret-key'],
  [/aws.?session/i, 'aws-session-token'],
  [/aws.?access/i, 'aws-access-key'],
  [/datadog|(?:^|_)dd_/i, 'datadog-key'],
  [/twilio/i, 'twilio-auth-token'],
  [/cloudflare|(?:^|_)cf_/i, 'cloudflare-token'],
  [/heroku/i, 'heroku-token'],
  [/azure|account.?key|shared.?access/i, 'azure-key'],
  [/algolia/i, 'algolia-key'],
  [/mistral/i, 'mistral-key'],
  [/cohere|(?:^|_)co_api/i, 'cohere-key'],
  [/wandb/i, 'wandb-key'],
  [/pagerduty/i, 'pagerduty-key'],
  [/splunk/i, 'splunk-token'],
  [/codecov/i, 'codecov-token'],
  [/firebase|fcm/i, 'firebase-key'],
  [/okta/i, 'okta-token'],
  [/auth0/i, 'auth0-secret'],
  [/jenkins/i, 'jenkins-token'],
  [/vercel/i, 'vercel-token'],
  [/(?:client|user).?key.?data/i, 'kubeconfig-key'],
  [/_authtoken|_auth$/i, 'npm-token'],
  [/django|secret.?key.?base|flask/i, 'session-key'],
  [/jwt/i, 'jwt-secret'],
  [/webhook/i, 'webhook-secret'],
]

const MAX_NAME = 64
const MAX_VALUE = 8192

interface Found {
  readonly from: number
  readonly to: number
  readonly place: Place
  readonly isQuoted: boolean
  readonly quote?: string
}

/** With the backslashes of JSON within JSON; also as an escape of JSON, of HTML or of a URL. */
const QUOTES = String.raw`(?:\\{0,15}["'\x60]|\\{1,15}u002[27]|&(?:quot|#3[49]);|%2[27])`
/** Also over line ends, for `"name": "X",\n  "value": "y"`. */
const WIDE_GAP = String.raw`(?:\s|\\+[nrt]){0,40}`

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
/** Behind a name whose colour ends there. */
const ESCAPE_CODE = 0x1b
const ESCAPE = String.fromCharCode(ESCAPE_CODE)
const COLOUR = new RegExp(
  String.raw`(?:${ESCAPE}|\\{1,15}(?:u001[bB]|x1[bB]|033|e)| )\[[0-9;]{0,12}m`,
  'y',
)
/** The value of a name in a URL ends at the next encoded delimiter. */
const ENCODED_UNQUOTED =
  /(?:[A-Za-z0-9._~!*()$,;:@/+-]|%(?!(?:22|26|20|0[AaDd]|2[Cc]|7[Dd]|3[Bb]))[0-9A-Fa-f]{2}){1,8192}/y
const UNQUOTED = /(?:[^\s"'`<>(){}[\],;|&\\]|\\+(?![nrtbfu"'`\\])){1,8192}/y
const ENV_UNQUOTED = /(?:[^\s"'`<>();|&\\]|\\+(?![nrtbfu"'`\\])){1,8192}/y
const YAML_BLOCK = /[|>][+-]?\d?(?:\r?\n|\\+n)(?:[ \t]|\\+t){1,40}/y

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

const BACKSLASH = 0x5c

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

function afterColour(text: string, from: number): number {
  const code = text.charCodeAt(from)
  if (code !== ESCAPE_CODE && code !== BACKSLASH && code !== 0x20) return from
  COLOUR.lastIndex = from
  return COLOUR.test(text) ? COLOUR.lastIndex : from
}

/** Behind a quote with its backslashes, if there is one. */
function afterQuote(text: string, from: number): number {
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
function afterGap(text: string, from: number): number {
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

const EQUALS = 0x3d
const COLON = 0x3a

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

/** The value that begins here, quoted or not. */
function valueAt(text: string, at: number, place: Place, name: string): Found | undefined {
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

function isQuote(code: number): boolean {
  return code === 0x22 || code === 0x27 || code === 0x60
}

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

/** What kind of secret a name holds. */
export function kindOfName(name: string): string {
  for (const [pattern, id] of VENDOR_NAMES) if (pattern.test(name)) return id
  if (secretNameOf(name).isPassword) return 'password'
  return /token$/i.test(name) ? 'token' : 'secret'
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

const COMMA = 0x2c
const GREATER = 0x3e
const AMPERSAND = 0x26
const LOWER_V = 0x76
const MAX_GAP = 40

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
