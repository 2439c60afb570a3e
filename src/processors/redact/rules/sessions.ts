/** What proves a login: session cookies, codes and assertions of OAuth and SAML, one-time codes, signatures of URLs. */
import { type MaskRule, type Pass, patternRule, type SecretSpan } from '../rule.ts'
import { isPlaceholder, looksRandom } from './secret-value.ts'

/** A quote, with the backslashes that JSON within JSON puts before it. */
const QUOTE = String.raw`(?:\\{0,15}["'\x60]|&quot;|%22)`
const SPACE = String.raw`(?:[ \t\n\r]|\\+[nrt])`
/** Between a name and its value. */
const JOIN = String.raw`${QUOTE}?${SPACE}{0,4}(?:[:=]|%3[AaDd]|%253[AaDd]|=>)${SPACE}{0,4}${QUOTE}?`
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/** A rule whose pattern begins at its keyword, in any case; the value behind the first group has to pass. */
function valueRule(
  id: string,
  keywords: readonly string[],
  pattern: string,
  isSecret: (value: string, text: string, at: number) => boolean = isMachineMade,
): MaskRule {
  const sticky = new RegExp(pattern, 'iy')
  return {
    id,
    keywords,
    find: (text, at) => {
      sticky.lastIndex = at
      const match = sticky.exec(text)
      if (match === null) return undefined
      const from = at + (match[1]?.length ?? 0)
      const value = text.slice(from, sticky.lastIndex)
      return isSecret(value, text, at) ? { from, to: sticky.lastIndex } : undefined
    },
  }
}

function isMachineMade(value: string): boolean {
  return looksRandom(value) && /\d/.test(value) && !isPlaceholder(value) && !UUID.test(value)
}

/** The name does not go on before its keyword. */
function isWholeName(value: string, text: string, at: number): boolean {
  return isMachineMade(value) && isNameStart(text, at)
}

function isNameStart(text: string, at: number): boolean {
  return !/[\w.-]/.test(text.charAt(at - 1)) || /\\[nrt]$/.test(text.slice(Math.max(0, at - 2), at))
}

/** `?code=…` of a redirect, or a code beside its grant type. */
function isAuthorizationCode(value: string, text: string, at: number): boolean {
  if (!looksRandom(value) || !/[A-Za-z]/.test(value)) return false
  if (/(?:[?&#]|%3F|%26)$/i.test(text.slice(Math.max(0, at - 3), at)) && !UUID.test(value))
    return true
  const around = text.slice(Math.max(0, at - GRANT_WINDOW), at + GRANT_WINDOW)
  return /authorization_code|redirect_uri|code_verifier|[?&]state=|session_state/.test(around)
}

const GRANT_WINDOW = 200

/** Names of session cookies that frameworks and sites document. */
const COOKIES = [
  'phpsessid',
  'jsessionid',
  'asp.net_sessionid',
  'aspsessionid',
  '.aspxauth',
  'laravel_session',
  'connect.sid',
  '_gh_sess',
  'user_session',
  'remember_token',
  'csrftoken',
  'xsrf-token',
  'cf_clearance',
  'li_at',
  'sessionid',
  '__host-',
  '__secure-',
  'wordpress_logged_in',
  '_session',
]

const COOKIE_SET = new RegExp(
  String.raw`(\.cookies?(?:\.set)?\(${SPACE}{0,4}${QUOTE}[\w.-]{1,60}${QUOTE}${SPACE}{0,4},${SPACE}{0,4}${QUOTE})[^\s"'\\\x60]{8,4000}`,
  'iy',
)

function cookieSetAt(text: string, at: number): SecretSpan | undefined {
  COOKIE_SET.lastIndex = at
  const match = COOKIE_SET.exec(text)
  if (match === null) return undefined
  const from = at + (match[1]?.length ?? 0)
  return isMachineMade(text.slice(from, COOKIE_SET.lastIndex))
    ? { from, to: COOKIE_SET.lastIndex }
    : undefined
}

const COOKIE_OBJECT = new RegExp(
  String.raw`cookies${QUOTE}?${SPACE}{0,4}[:=]${SPACE}{0,4}(?:dict\(|\{)(?:[^{}()\n;]{1,2000})`,
  'iy',
)
const COOKIE_MEMBER = new RegExp(
  String.raw`([:=]${SPACE}{0,4}(${QUOTE}))([^\s"'\\\x60]{8,2000})(?=\2)`,
  'g',
)
const MARK = '[masked: cookie]'

/** `cookies = {"sessionid": "…"}`: all values that look made by a machine. */
function cookieObjectAt(text: string, at: number): SecretSpan | undefined {
  COOKIE_OBJECT.lastIndex = at
  const object = COOKIE_OBJECT.exec(text)?.[0]
  if (object === undefined) return undefined
  let from = -1
  let to = -1
  let mark = ''
  for (const match of object.matchAll(COOKIE_MEMBER)) {
    const [, kept = '', , value = ''] = match
    if (!isMachineMade(value)) continue
    const begin = at + match.index + kept.length
    if (from === -1) from = begin
    else mark += text.slice(to, begin)
    mark += MARK
    to = begin + value.length
  }
  return from === -1 ? undefined : { from, to, mark }
}

const MAX_ASSERTION = 32_000
const ASSERTION_END = /(?:<|&lt;|\\u003c)\/(?:saml2?|ns\d):Assertion(?:>|&gt;|\\u003e)/gi

/** A SAML assertion as a whole, to its end; without one, its signature is masked. */
function createAssertionRule(): MaskRule {
  let lastPass: Pass | undefined
  /** No assertion ends behind this place. */
  let noEndFrom = Number.POSITIVE_INFINITY
  return {
    id: 'saml-assertion',
    keywords: ['<saml:assertion', '<saml2:assertion', 'lt;saml:assertion', '003csaml:assertion'],
    find: (text, at, end, pass) => {
      if (pass !== lastPass) {
        lastPass = pass
        noEndFrom = Number.POSITIVE_INFINITY
      }
      if (at >= noEndFrom) return undefined
      ASSERTION_END.lastIndex = end
      const close = ASSERTION_END.exec(text)
      if (close === null) noEndFrom = at
      if (close === null || close.index - at > MAX_ASSERTION) return undefined
      return { from: end, to: close.index }
    },
  }
}

/** RFC 5849, 6749, 7521, 7636, 8628. */
const OAUTH_NAMES = [
  'code_verifier',
  'codeverifier',
  'device_code',
  'client_assertion',
  'oauth_verifier',
  'oauth_signature',
  'subject_token',
  'actor_token',
  'assertion',
  'sessiontoken',
  'session_token',
]

const RECOVERY_CODE = String.raw`(?=[A-Za-z-]{0,20}\d)[A-Za-z0-9-]{8,24}`

const SIGNED_NAMES = [
  'x-amz-signature',
  'x-goog-signature',
  'cloudfront-signature',
  'x-oss-signature',
]

export const sessionRules: readonly MaskRule[] = [
  valueRule(
    'cookie',
    COOKIES,
    String.raw`([\w.-]{0,60}(?:=|%3[Dd]|: )${QUOTE}?)[A-Za-z0-9%+/._~|!-]{16,4000}={0,2}`,
  ),
  valueRule('cookie', ['-b '], String.raw`(-b [\w.-]{2,40}=)[A-Za-z0-9%+/._~-]{12,2000}`),
  { id: 'cookie', keywords: ['.cookie(', '.cookies.set('], find: cookieSetAt },
  { id: 'cookie', keywords: ['cookies'], find: cookieObjectAt },
  // The cookie jar of curl and Netscape: domain, flags, path, expiry, name, value.
  valueRule(
    'cookie',
    ['\tTRUE\t', '\tFALSE\t', '\\tTRUE\\t', '\\tFALSE\\t'],
    String.raw`((?:\t|\\+t)(?:TRUE|FALSE)(?:\t|\\+t)\d{1,12}(?:\t|\\+t)[^\t\s\\]{1,100}(?:\t|\\+t))[^\s\\"]{12,4000}`,
  ),
  valueRule(
    'authorization-code',
    ['code'],
    String.raw`(code${JOIN})[A-Za-z0-9._~%/+-]{16,2000}`,
    isAuthorizationCode,
  ),
  valueRule(
    'oauth-token',
    OAUTH_NAMES,
    String.raw`([a-z_]{1,20}${JOIN})[A-Za-z0-9._~%/+=-]{16,8000}`,
    isWholeName,
  ),
  valueRule(
    'device-code',
    ['user_code', 'usercode'],
    String.raw`(user_?code${JOIN})[A-Z0-9]{4}-[A-Z0-9]{4}`,
    () => true,
  ),
  patternRule('cas-ticket', 'ticket=ST-', String.raw`(ticket=)ST-[A-Za-z0-9.-]{12,}`),
  valueRule(
    'saml-assertion',
    ['samlresponse', 'samlrequest', 'samlart'],
    String.raw`(saml(?:response|request|art)(?:${QUOTE}${SPACE}{1,4}value)?${JOIN})[A-Za-z0-9+/=%_-]{32,100000}`,
    () => true,
  ),
  valueRule(
    'saml-assertion',
    ['signaturevalue'],
    String.raw`(signaturevalue(?:>|&gt;|\\u003e)${SPACE}{0,8})[A-Za-z0-9+/=\s]{32,4000}`,
    () => true,
  ),
  createAssertionRule(),
  valueRule(
    'signature',
    SIGNED_NAMES,
    String.raw`([a-z-]{1,24}${JOIN})[A-Za-z0-9%+/=_~-]{24,4000}`,
    () => true,
  ),
  valueRule(
    'signature',
    ['x-hub-signature', 'stripe-signature', 'x-slack-signature', 'x-shopify-hmac', 'x-signature'],
    String.raw`([a-z0-9-]{1,40}${JOIN}(?:sha\d{1,3}=|t=\d{1,12},v\d=|v0=)?)[A-Za-z0-9%+/=_~-]{24,4000}`,
  ),
  valueRule(
    'signature',
    ['&signature=', '?signature=', '&hmac=', '?hmac=', '&sig=', '?sig='],
    String.raw`([?&][a-z]{1,12}=)[A-Za-z0-9%+/=_~-]{24,4000}`,
  ),
  valueRule(
    'otp-seed',
    ['otpauth-migration:'],
    String.raw`(otpauth-migration://offline\?data=)[A-Za-z0-9%+/=_-]{16,4000}`,
    () => true,
  ),
  valueRule(
    'otp-seed',
    ['totp', 'otp', '2fa', 'mfa'],
    String.raw`((?:totp|otp|2fa|mfa)[ _-](?:seed|secret|key)(?:${JOIN}| (?:is )?))[A-Z2-7]{16,128}(?![A-Za-z0-9])`,
    (value) => value === value.toUpperCase() && /[A-Z]/.test(value),
  ),
  valueRule(
    'one-time-code',
    ['otp', 'verification code', '2fa code', 'mfa code', 'one-time code', 'security code'],
    String.raw`((?:otp|(?:verification|2fa|mfa|one-time|security) code)(?: (?:is|was) |[:=] {0,2}| ))\d{6,8}(?![\w.-])`,
    (_, text, at) => isNameStart(text, at),
  ),
  patternRule(
    'password-hash',
    ['{SHA}', '{SSHA}', '{SHA256}', '{SSHA256}', '{SHA512}', '{SSHA512}', '{MD5}', '{SMD5}'],
    String.raw`\{S{0,2}(?:HA|MD5|SHA|MD)[0-9]{0,3}\}[A-Za-z0-9+/]{20,}={0,2}`,
  ),
  // Of crypt(3) without a prefix, in /etc/shadow.
  patternRule(
    'password-hash',
    [':0:99999:', ':1:99999:', ':0:90:', ':7:90:'],
    String.raw`(?<=:)[A-Za-z0-9./]{13}:\d{5}(?=:\d:)`,
    { before: 19 },
  ),
  patternRule(
    'recovery-code',
    [
      'recovery codes',
      'Recovery codes',
      'backup codes',
      'Backup codes',
      'recovery_codes',
      'backup_codes',
    ],
    String.raw`((?:[Rr]ecovery|[Bb]ackup)[ _]codes${QUOTE}?${SPACE}{0,4}[:=]${SPACE}{0,8}\[?${SPACE}{0,8}(?:- )?${QUOTE}?)${RECOVERY_CODE}(?:(?:(?:${SPACE}|[,-]){1,8}${RECOVERY_CODE}){1,40}|(?:${QUOTE},${SPACE}{0,20}${QUOTE}${RECOVERY_CODE}){1,40})?`,
  ),
]
