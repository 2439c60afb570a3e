/** Credentials that stand in a text encoded as a whole: in base64, hexadecimal or percent-encoding. */
import type { MaskRule, Pass, SecretSpan } from '../rule.ts'
import { isPlaceholder } from './secret-value.ts'

/** What shows that a decoded text holds a credential. */
const CREDENTIAL =
  /(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)\w{0,12}["'\\]{0,4}\s{0,4}[:=]\s{0,4}["'\\]{0,4}([^\s"',;&]{6,})|(?:bearer|basic|token) ([\w.~+/=-]{8,})/i

function holdsCredential(decoded: string): boolean {
  const match = CREDENTIAL.exec(decoded)
  const value = match?.[1] ?? match?.[2]
  return value !== undefined && !isPlaceholder(value)
}

const WORDS = [
  'password',
  'Password',
  'PASSWORD',
  'secret',
  'SECRET',
  'api_key',
  'Bearer ',
  'Basic ',
]

/** The characters of base64 that stand for a word wherever it begins. */
function base64Of(word: string): string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.from(`${' '.repeat(shift)}${word}`).toString('base64')
    const whole = Math.floor(((shift + word.length) * 8) / 6)
    return encoded.slice(Math.ceil((shift * 8) / 6), whole)
  })
}

const percentOf = (word: string): string =>
  Array.from(word, (letter) => `%${letter.charCodeAt(0).toString(16)}`).join('')

const MAX_RUN = 20_000
/** How far before a word its run may begin. */
const MAX_BEFORE = 2000

interface Encoding {
  readonly isOf: (code: number) => boolean
  readonly decode: (run: string) => string
  /** So many characters are a group; what stands before the first may be of the same characters. */
  readonly group: number
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

const base64: Encoding = {
  isOf: (code) =>
    isDigit(code) ||
    ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a) ||
    code === 0x2b ||
    code === 0x2f ||
    code === 0x2d ||
    code === 0x5f,
  decode: (run) => Buffer.from(run, 'base64').toString('latin1'),
  group: 4,
}
const hexadecimal: Encoding = {
  isOf: (code) => isDigit(code) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x66),
  decode: (run) => Buffer.from(run, 'hex').toString('latin1'),
  group: 2,
}
const percent: Encoding = {
  isOf: (code) => hexadecimal.isOf(code) || code === 0x25,
  decode: (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('latin1'),
  group: 1,
}

/** Masks the run of an encoding around a keyword if it holds a credential. A run that holds none is decoded once. */
function encodedRule(keywords: readonly string[], { isOf, decode, group }: Encoding): MaskRule {
  let lastPass: Pass | undefined
  let lastFrom = 0
  let lastTo = 0
  return {
    id: 'encoded-credential',
    keywords,
    isExact: true,
    find: (text, at, end, pass) => {
      if (pass === lastPass && at >= lastFrom && end <= lastTo) return undefined
      let from = at
      while (from > 0 && at - from < MAX_BEFORE && isOf(text.charCodeAt(from - 1))) from -= 1
      // The letter of an escaped line end.
      if (text.charCodeAt(from - 1) === 0x5c && from < at) from += 1
      let to = end
      while (to - from < MAX_RUN && isOf(text.charCodeAt(to))) to += 1
      for (let shift = 0; shift < group; shift += 1) {
        if (!holdsCredential(decode(text.slice(from + shift, to)))) continue
        while (text.charCodeAt(to) === 0x3d) to += 1
        return { from, to }
      }
      lastPass = pass
      lastFrom = from
      lastTo = to
      return undefined
    },
  }
}

/** Users whose `user:password` is recognised in base64 without anything around it. */
const USERS = [
  'admin',
  'root',
  'user',
  'deploy',
  'postgres',
  'guest',
  'robot',
  'service',
  'jenkins',
]
const USER_AND_PASSWORD = /[A-Za-z0-9+/]{12,400}={0,2}(?![A-Za-z0-9+/])/y

function userAndPasswordAt(text: string, at: number): SecretSpan | undefined {
  if (base64.isOf(text.charCodeAt(at - 1)) && !/\\[nrt]$/.test(text.slice(at - 2, at))) {
    if (!/[=/]$/.test(text.slice(at - 1, at))) return undefined
  }
  USER_AND_PASSWORD.lastIndex = at
  const [run = ''] = USER_AND_PASSWORD.exec(text) ?? []
  const decoded = Buffer.from(run, 'base64').toString('utf8')
  return /^[\w.@-]+:[!-~]{5,}$/.test(decoded) ? { from: at, to: at + run.length } : undefined
}

export const encodedRules: readonly MaskRule[] = [
  encodedRule([...new Set(WORDS.flatMap(base64Of))], base64),
  encodedRule(
    WORDS.flatMap((word) => {
      const hex = Buffer.from(word).toString('hex')
      return [hex, hex.toUpperCase()]
    }).filter((word, index, all) => all.indexOf(word) === index),
    hexadecimal,
  ),
  encodedRule(
    WORDS.map((word) => percentOf(word)),
    percent,
  ),
  {
    id: 'basic-auth',
    keywords: USERS.map((user) => {
      const whole = Math.floor(((user.length + 1) * 8) / 6)
      return Buffer.from(`${user}:`).toString('base64').slice(0, whole)
    }),
    isExact: true,
    find: userAndPasswordAt,
  },
]
