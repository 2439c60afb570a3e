/** Credentials in URLs, HTTP headers, command lines and the files of tools. */
import { BOUNDARY, type MaskRule, patternRule, type SecretSpan } from '../rule.ts'
import { isLongOrRandom, isPlaceholder, LONGEST_WORD, looksRandom } from './secret-value.ts'

/** White space, also where JSON writes it as an escape. */
const SPACE = String.raw`(?:\s|\\+[nrt])`
/** A quote, with the backslashes that JSON within JSON puts before it. */
const QUOTE = String.raw`\\{0,15}["'\x60]`

const MAX_USER_INFO = 600

/**
 * User and password before the host of a URL: the password, or the user where it stands alone and
 * looks like a token. Only the last `@` before the path ends them, since passwords have some.
 */
function userInfoAt(text: string, _at: number, end: number): SecretSpan | undefined {
  let colon = -1
  let atSign = -1
  const limit = Math.min(text.length, end + MAX_USER_INFO)
  let to = end
  for (; to < limit; to += 1) {
    const code = text.charCodeAt(to)
    if (isUrlEnd(code)) break
    if (code === COLON && colon === -1) colon = to
    else if (code === AT_SIGN) atSign = to
  }
  if (atSign === -1) return undefined
  if (colon !== -1 && colon < atSign) {
    const password = text.slice(colon + 1, atSign)
    return isPlaceholder(password) ? undefined : { from: colon + 1, to: atSign }
  }
  const user = text.slice(end, atSign)
  return user.length >= 16 && isLongOrRandom(user) ? { from: end, to: atSign } : undefined
}

const COLON = 0x3a
const AT_SIGN = 0x40
/** What neither user nor password has unless it is percent-encoded: space, controls, quotes, `/?#<>\`. */
function isUrlEnd(code: number): boolean {
  return (
    code <= 0x20 ||
    code === 0x22 ||
    code === 0x27 ||
    code === 0x2f ||
    code === 0x3c ||
    code === 0x3e ||
    code === 0x3f ||
    code === 0x5c ||
    code === 0x60
  )
}

const BASIC = /(basic(?:\s{1,4}|%20|\+))([A-Za-z0-9+/_-]{6,2000}={0,2})/iy

/** Basic authentication is recognised by what it decodes to: prose has the word, too. */
function basicAt(text: string, at: number): SecretSpan | undefined {
  BASIC.lastIndex = at
  const match = BASIC.exec(text)
  const [, kept = '', encoded = ''] = match ?? []
  if (match === null || !isUserAndPassword(encoded)) return undefined
  return { from: at + kept.length, to: at + match[0].length }
}

function isUserAndPassword(encoded: string): boolean {
  const decoded = Buffer.from(encoded, 'base64').toString('utf8')
  return /^[\x20-\x7e\u00a0-\ufffc]*:[\x20-\x7e\u00a0-\ufffc]*$/.test(decoded)
}

const DOCKER_AUTH = new RegExp(
  String.raw`(_?auth${QUOTE}?${SPACE}{0,8}[:=]${SPACE}{0,8}${QUOTE}?)([A-Za-z0-9+/_-]{8,2000}={0,2})`,
  'iy',
)

/** `"auth": "dXNlcjpwYXNz"` of Docker, `_auth=` of npm. */
function encodedAuthAt(text: string, at: number): SecretSpan | undefined {
  DOCKER_AUTH.lastIndex = at
  const match = DOCKER_AUTH.exec(text)
  const [, kept = '', encoded = ''] = match ?? []
  if (match === null || !isUserAndPassword(encoded)) return undefined
  return { from: at + kept.length, to: at + match[0].length }
}

const AUTH_PAIR = new RegExp(
  String.raw`(auth${SPACE}{0,4}=${SPACE}{0,4}\(${SPACE}{0,4}${QUOTE}[^"'\\\s]{1,100}${QUOTE}${SPACE}{0,4},${SPACE}{0,4}${QUOTE})([^"'\\\s]{4,1000})`,
  'y',
)

/** `auth=("user", "password")` of Python. */
function authPairAt(text: string, at: number): SecretSpan | undefined {
  AUTH_PAIR.lastIndex = at
  const match = AUTH_PAIR.exec(text)
  if (match === null || isPlaceholder(match[2] ?? '')) return undefined
  return { from: at + (match[1]?.length ?? 0), to: at + match[0].length }
}

const BEARER =
  /(bearer(?:\s{1,4}|%20|\+|:\s?))([^\s"'\\`<>,;]{8,4000}(?:(?:\\\r?\n|\\{3}n)[^\s"'\\`<>,;]{1,4000}){0,8})/iy

function bearerAt(text: string, at: number): SecretSpan | undefined {
  BEARER.lastIndex = at
  const match = BEARER.exec(text)
  const [, kept = '', token = ''] = match ?? []
  if (match === null || token.length < 12 || !isLongOrRandom(token)) return undefined
  return { from: at + kept.length, to: at + match[0].length }
}

const COOKIE = new RegExp(
  String.raw`((?:cookie2?${QUOTE}?(?:,${SPACE}{0,4}${QUOTE}value${QUOTE})?${SPACE}{0,4}[:=]${SPACE}{0,4}\[?${SPACE}{0,4}${QUOTE}?|--cookie[ =]${QUOTE}?|-b ${QUOTE}))([!#$%&*+.^_|~A-Za-z0-9-]{1,200}=[^\s"'\\\x60;]{1,4000}(?:; ?[^\s"'\\\x60;]{1,4000}){0,200})`,
  'iy',
)

function cookieAt(text: string, at: number): SecretSpan | undefined {
  COOKIE.lastIndex = at
  const match = COOKIE.exec(text)
  if (match === null) return undefined
  const [, kept = '', value = ''] = match
  if (value.length < 12) return undefined
  // What is too long to be looked at again from each cookie in it is masked whatever it is.
  const isSecret =
    value.length > LONGEST_WORD || /\d/.test(value) || value.split(/[=;] ?/).some(looksRandom)
  if (!isSecret) return undefined
  return { from: at + kept.length, to: at + match[0].length }
}

const HEADER = new RegExp(
  String.raw`(authorization(?:${QUOTE}?${SPACE}{0,4}[:=,]${SPACE}{0,4}\[?${SPACE}{0,4}${QUOTE}?| (?:header |token |code |key )?(?:is |of |with )?(?:${QUOTE})?)(?:(?:token|apikey|api-key|key|digest|negotiate|ntlm|hmac|bot|splunk|sharedaccesssignature|aws4-hmac-sha256|genie[a-z]*|pre-shared)\s{1,4})?)([^\s"'\\\x60,;]{8,4000})`,
  'iy',
)

/** Whatever an `Authorization` header holds, but for the scheme. */
function authorizationAt(text: string, at: number): SecretSpan | undefined {
  HEADER.lastIndex = at
  const match = HEADER.exec(text)
  if (match === null) return undefined
  const [, kept = '', value = ''] = match
  if (!isLongOrRandom(value)) return undefined
  // Prose goes on with a word, a header with whatever it holds.
  const isProse = /n (?:[a-z ]*)$/i.test(kept)
  if (
    isProse &&
    (value.length < 16 || !(/\d/.test(value) || value.length >= 20) || /[(/:]/.test(value))
  )
    return undefined
  return { from: at + kept.length, to: at + match[0].length }
}

/** `curl -u user:password`, `--user user:password`. */
const CURL_USER = new RegExp(
  String.raw`((?:-u|--(?:proxy-)?user)[= ]{0,2}${QUOTE}?[A-Za-z0-9._@%+-]{1,100}:)((?!//)[^\s"'\\\x60]{4,4000})`,
  'y',
)

/** The part of the line before a place in it. */
function lineBefore(text: string, at: number): string {
  return (
    text
      .slice(Math.max(0, at - 120), at)
      .split('\n')
      .at(-1) ?? ''
  )
}

function curlUserAt(text: string, at: number): SecretSpan | undefined {
  if (!/(?:^|[\s"'`]|\\[nrt])$/.test(text.slice(Math.max(0, at - 2), at))) return undefined
  CURL_USER.lastIndex = at
  const match = CURL_USER.exec(text)
  const password = match?.[2] ?? ''
  if (match === null || isPlaceholder(password)) return undefined
  // Elsewhere it is user and group, of which neither looks like a password.
  const isPlain = /^(?:\d{1,6}|[a-z_-]+)$/.test(password)
  if (isPlain && !/curl|wget|https? |svn|ftp/.test(lineBefore(text, at))) return undefined
  return { from: at + (match[1]?.length ?? 0), to: at + match[0].length }
}

/** `login name password value` of .netrc. */
const NETRC = new RegExp(
  String.raw`(login${SPACE}{1,8}[^\s\\]{1,200}${SPACE}{1,8}(?:account${SPACE}{1,8}[^\s\\]{1,200}${SPACE}{1,8})?password${SPACE}{1,8}${QUOTE}?)[^\s"'\\]{3,4000}`,
  'y',
)

function netrcAt(text: string, at: number): SecretSpan | undefined {
  NETRC.lastIndex = at
  const match = NETRC.exec(text)
  if (match === null) return undefined
  return { from: at + (match[1]?.length ?? 0), to: at + match[0].length }
}

export const credentialRules: readonly MaskRule[] = [
  { id: 'url-password', keywords: ['://', ':\\/\\/'], find: userInfoAt },
  { id: 'basic-auth', keywords: ['basic'], find: basicAt },
  { id: 'basic-auth', keywords: ['auth'], find: encodedAuthAt },
  { id: 'basic-auth', keywords: ['auth'], find: authPairAt },
  { id: 'bearer-token', keywords: ['bearer'], find: bearerAt },
  { id: 'cookie', keywords: ['cookie', '--cookie', '-b "', "-b '", '-b \\'], find: cookieAt },
  { id: 'authorization-header', keywords: ['authorization'], find: authorizationAt },
  { id: 'curl-user', keywords: ['-u', '--user', '--proxy-user'], find: curlUserAt },
  { id: 'netrc-password', keywords: ['login'], find: netrcAt },
  patternRule(
    'sql-password',
    ['identified by', 'IDENTIFIED BY', 'identified with', 'IDENTIFIED WITH'],
    String.raw`((?:identified|IDENTIFIED) (?:(?:with|WITH) [\w"'\x60]{1,40} )?(?:by|BY|as|AS) (?:password |PASSWORD )?\\{0,15}["'])(?:[^\s"'\\;]{4,4000})`,
  ),
  // Of crypt(3), by their longest and shortest digests.
  patternRule(
    'password-hash',
    ['$5$', '$6$'],
    String.raw`\$[56]\$(?:rounds=\d{1,9}\$)?[A-Za-z0-9./]{4,16}\$[A-Za-z0-9./]{40,}`,
  ),
  patternRule(
    'password-hash',
    ['$1$', '$apr1$'],
    String.raw`\$(?:1|apr1)\$[A-Za-z0-9./]{4,8}\$[A-Za-z0-9./]{22}`,
  ),
  patternRule(
    'password-hash',
    ['$y$', '$7$', '$gy$'],
    String.raw`\$(?:y|7|gy)\$[A-Za-z0-9./]{3,20}\$[A-Za-z0-9./]{8,90}\$[A-Za-z0-9./]{40,}`,
  ),
  patternRule(
    'password-hash',
    ['$argon2', '$scrypt$'],
    String.raw`\$(?:argon2(?:id|i|d)|scrypt)\$[A-Za-z0-9=,$]{4,60}\$[A-Za-z0-9+/]{8,90}\$[A-Za-z0-9+/]{20,}`,
  ),
  patternRule(
    'password-hash',
    ['pbkdf2_sha256$', 'pbkdf2_sha1$'],
    String.raw`pbkdf2_sha(?:256|1)\$\d{3,8}\$[A-Za-z0-9+/]{8,64}\$[A-Za-z0-9+/=]{20,}`,
  ),
  patternRule(
    'signature',
    ['Signature=', 'signature='],
    String.raw`([Ss]ignature=)[A-Za-z0-9%+/=_~-]{40,}`,
  ),
  // `host=db user=app password=… dbname=shop` of libpq.
  patternRule(
    'password',
    ['password=', 'passwd='],
    String.raw`(passw(?:or)?d=)(?![$<{%"'\\*])[^\s"'\\;&]{4,}(?= (?:host|hostaddr|port|user|dbname|sslmode|connect_timeout|application_name|options)=)`,
  ),
  patternRule('digest-response', 'response="', String.raw`(response=")[0-9a-f]{32}(?=")`),
  patternRule(
    'pgpass-password',
    [':5432:', ':5433:', ':5434:', ':6432:', ':5439:', ':25060:', '*:*:*:', ':*:*:'],
    String.raw`((?::\d{4,5}|\*:\*|\*|:\*):[^:\s]{1,64}:[^:\s]{1,64}:)[^\s"'\\]{4,}`,
  ),
  patternRule('url-password', ':thin:', String.raw`(:thin:[^/\s"']{1,64}/)[^@\s"'\\]{4,200}(?=@)`),
  patternRule(
    'url-password',
    ['%3A%2F%2F', '%3a%2f%2f'],
    String.raw`(%3[Aa]%2[Ff]%2[Ff][A-Za-z0-9._-]{0,100}%3[Aa])[A-Za-z0-9._~!*()%+-]{3,200}?(?=%40)`,
  ),
  patternRule(
    'jwt-secret',
    ['jwt.sign(', 'jwt.verify(', 'jwt.encode(', 'jwt.decode('],
    String.raw`(jwt\.(?:sign|verify|encode|decode)\([^,\n"'\x60]{1,200},\s{0,8}${QUOTE})[^"'\s\\\x60]{6,}`,
  ),
  patternRule('password-hash', '$2', String.raw`${BOUNDARY}\$2[aby]\$\d\d\$[A-Za-z0-9./]{40,}`),
]
