/** Private keys and signed tokens, whoever made them. */
import { BOUNDARY, type MaskRule, type Pass, patternRule, type SecretSpan } from '../rule.ts'

/** Longest private key that is looked for behind its first line. */
const MAX_KEY_LENGTH = 16_384

/** The words of a first or last line; a URL writes the spaces otherwise. */
const KEY_TITLE = String.raw`(?:(?: |%20|\+)[A-Za-z0-9]{1,20}){0,4}(?: |%20|\+)(?:PRIVATE(?: |%20|\+)KEY(?:(?: |%20|\+)BLOCK)?|OpenVPN Static key V1|Static key V1)`
const KEY_BEGIN = new RegExp(String.raw`-----BEGIN${KEY_TITLE}-----`, 'y')
const KEY_END = new RegExp(String.raw`-----END${KEY_TITLE}-----`)
const KEY_END_HERE = new RegExp(KEY_END.source, 'y')
/**
 * What stands between the lines of a key: line ends, also escaped or as `<br>`; behind them the numbers
 * and signs that listings, quotes and diffs put before a line; quotes where code joins strings.
 */
const KEY_BREAK = String.raw`(?:(?:\s|\\+[nrt]|<br ?/?>){1,30}(?:\d{1,5}(?:\t|\\+t|→|: ?|[ \t]{0,8}\| ?)|[|>+#*]{1,2} ?|// )?)?(?:\\{0,15}["'](?:\s|\\+[nrt]|[+.\\]){1,40}\\{0,15}["']\s{0,20})?`
/** A key without its last line: its headers and lines of base64. */
const KEY_REST = new RegExp(
  String.raw`(?:${KEY_BREAK}(?:[A-Za-z-]{3,24}: [^\n\\"']{1,200}|[A-Za-z0-9+/=%]{1,4000}))*`,
  'y',
)

/**
 * From the first line to the last. A key that was cut is masked as far as it goes; its last line
 * alone ends nothing.
 */
function privateKeyAt(text: string, at: number): SecretSpan | undefined {
  KEY_BEGIN.lastIndex = at
  const begin = KEY_BEGIN.exec(text)
  if (begin === null) return undefined
  const from = at + begin[0].length
  const whole = text.slice(from, from + MAX_KEY_LENGTH)
  const nextBegin = whole.indexOf('-----BEGIN')
  const window = nextBegin === -1 ? whole : whole.slice(0, nextBegin)
  const end = KEY_END.exec(window)
  if (end !== null) return { from: at, to: from + end.index + end[0].length }
  KEY_REST.lastIndex = 0
  return { from: at, to: from + (KEY_REST.exec(window)?.[0].length ?? 0) }
}

const SHORTEST_KEY_LINE = 16

/** The lines of a key whose first line was cut away, before its last line. */
function keyTailAt(text: string, at: number): SecretSpan | undefined {
  KEY_END_HERE.lastIndex = at
  if (!KEY_END_HERE.test(text)) return undefined
  const least = Math.max(0, at - MAX_KEY_LENGTH)
  let from = at
  for (let end = at; end > least; ) {
    while (end > least && isLineEnd(text, end - 1)) end -= 1
    let begin = end
    while (begin > least && isBase64(text.charCodeAt(begin - 1))) begin -= 1
    // The letter of an escaped line end.
    if (text.charCodeAt(begin - 1) === BACKSLASH) begin += 1
    const isShort = end - begin < SHORTEST_KEY_LINE
    if (begin >= end || (isShort && from !== at)) break
    from = begin
    end = begin
  }
  return at - from < SHORTEST_KEY_LINE ? undefined : { from, to: KEY_END_HERE.lastIndex }
}

const BACKSLASH = 0x5c

/** Space, line ends, and the letters of escaped ones with their backslashes. */
function isLineEnd(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  if (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) return true
  if (code === BACKSLASH) return true
  const isLetter = code === 0x6e || code === 0x72
  return isLetter && text.charCodeAt(at - 1) === BACKSLASH
}

function isBase64(code: number): boolean {
  return (
    (isUrlSafe(code) && code !== 0x2d && code !== 0x5f) ||
    code === 0x2b ||
    code === 0x2f ||
    code === 0x3d
  )
}

const LONGEST_TITLE = 96
const BASE64 = /[A-Za-z0-9+/_-]{40,20000}={0,2}/y

/** A private key as a whole in base64, as variables and Kubernetes hold it. A certificate is none. */
function encodedKeyAt(text: string, at: number): SecretSpan | undefined {
  const title = Buffer.from(text.slice(at, at + LONGEST_TITLE), 'base64').toString('latin1')
  if (!/^-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/.test(title)) return undefined
  BASE64.lastIndex = at
  const match = BASE64.exec(text)
  return match === null ? undefined : { from: at, to: at + match[0].length }
}

const SSH2_KEY =
  /---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----(?:[A-Za-z0-9+/=\s:."_@-]|\\+[nrt"]){16,8000}/y

function ssh2KeyAt(text: string, at: number): SecretSpan | undefined {
  SSH2_KEY.lastIndex = at
  const match = SSH2_KEY.exec(text)
  return match === null ? undefined : { from: at, to: at + match[0].length }
}

const JWK_MEMBER =
  /(\\{0,15}["'](?:d|k|p|q|dp|dq|qi)\\{0,15}["']\s?:\s?\\{0,15}["'])[A-Za-z0-9_-]{16,4000}/y
const JWK_WINDOW = 1500

/** The private members of a JSON Web Key, which is known by its `kty`. */
function jwkAt(text: string, at: number): SecretSpan | undefined {
  JWK_MEMBER.lastIndex = at
  const match = JWK_MEMBER.exec(text)
  if (match === null) return undefined
  if (!/["']kty/.test(text.slice(Math.max(0, at - JWK_WINDOW), at + JWK_WINDOW))) return undefined
  return { from: at + (match[1]?.length ?? 0), to: at + match[0].length }
}

const PUTTY_LINES =
  /(Private-Lines: ?\d{1,4}(?:\s|\\+[nr]){1,8})(?:[A-Za-z0-9+/=]|\s|\\+[nr]){16,8000}/y

function puttyKeyAt(text: string, at: number): SecretSpan | undefined {
  PUTTY_LINES.lastIndex = at
  const match = PUTTY_LINES.exec(text)
  if (match === null) return undefined
  return { from: at + (match[1]?.length ?? 0), to: at + match[0].length }
}

/**
 * The three parts of a JWT, or an encrypted one's five. The header alone is no secret; the payload
 * without its signature is. Runs of one class have one end, which is remembered, so that many
 * beginnings within a run cost no more than one.
 */
function createJwtRule(): MaskRule {
  let lastPass: Pass | undefined
  let lastBegin = 0
  let lastEnd = 0

  function runEnd(text: string, from: number, pass: Pass): number {
    if (pass === lastPass && from >= lastBegin && from < lastEnd) return lastEnd
    let to = from
    while (isUrlSafe(text.charCodeAt(to))) to += 1
    lastPass = pass
    lastBegin = from
    lastEnd = to
    return to
  }

  return {
    id: 'jwt',
    keywords: ['eyJ', 'ZXlK', 'ewog'],
    isExact: true,
    find: (text, at, _end, pass) => {
      const header = runEnd(text, at, pass)
      if (header - at < 10 || text.charCodeAt(header) !== DOT) return undefined
      let to = runEnd(text, header + 1, pass)
      if (to - header < 9) return undefined
      for (let part = 0; part < 3 && text.charCodeAt(to) === DOT; part += 1) {
        const end = runEnd(text, to + 1, pass)
        if (end === to + 1) break
        to = end
      }
      return { from: at, to }
    },
  }
}

const DOT = 0x2e

/** Of base64 as URLs have it. */
function isUrlSafe(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2d ||
    code === 0x5f
  )
}

export const keyRules: readonly MaskRule[] = [
  { id: 'private-key', keywords: ['-----begin'], find: privateKeyAt },
  { id: 'private-key', keywords: ['-----end'], find: keyTailAt },
  { id: 'private-key', keywords: ['LS0tLS1CRUdJTi'], isExact: true, find: encodedKeyAt },
  { id: 'private-key', keywords: ['---- begin ssh2'], find: ssh2KeyAt },
  {
    id: 'private-key',
    keywords: ['d', 'k', 'p', 'q', 'dp', 'dq', 'qi'].flatMap((name) => [
      `"${name}"`,
      `"${name}\\`,
      `'${name}'`,
    ]),
    isExact: true,
    find: jwkAt,
  },
  { id: 'private-key', keywords: ['private-lines:'], find: puttyKeyAt },
  patternRule(
    'age-key',
    ['AGE-SECRET-KEY-', 'age-secret-key-'],
    String.raw`(?:AGE-SECRET-KEY|age-secret-key)-(?:PQ-|pq-)?1[A-Za-z0-9]{24,}`,
  ),
  patternRule('docker-config', 'eyJhdXRocyI6', String.raw`eyJhdXRocyI6[A-Za-z0-9+/=_-]{20,}`),
  createJwtRule(),
  patternRule(
    'wallet-key',
    ['xprv', 'zprv', 'yprv', 'tprv'],
    String.raw`${BOUNDARY}[xyzt]prv[A-Za-z0-9]{90,}`,
  ),
  patternRule('grafana-token', 'eyJrIjoi', String.raw`${BOUNDARY}eyJrIjoi[A-Za-z0-9+/=]{30,}`),
]
