/** Several secrets under one name: arrays, tuples and lists of YAML; and PINs, which are mere numbers. */
import type { MaskRule, SecretSpan } from '../rule.ts'
import { kindOfName } from './secret-kind.ts'
import { isLongOrRandom, isPlaceholder } from './secret-value.ts'

/** A quote, with the backslashes that JSON within JSON puts before it. */
const QUOTE = String.raw`(?:\\{0,15}["'\x60])`
const SPACE = String.raw`(?:\s|\\+[nrt])`

const NAMES = [
  'passwords',
  'passwds',
  'passphrases',
  'tokens',
  'secrets',
  'credentials',
  'keys',
  'apikeys',
  'token',
  'password',
  'secret',
]

const OPEN = new RegExp(
  String.raw`${QUOTE}?(?: ?: ?[\w<>[\], |&]{2,40}(?= =))?${SPACE}{0,4}(?:[:=]|=>|:=)${SPACE}{0,20}(?:[[({]|new \w{2,12}\(\[?|\w{3,5}\()${SPACE}{0,40}`,
  'y',
)
/** A member, and what follows it: a comma, or the end. */
const MEMBER = new RegExp(
  String.raw`((?:${QUOTE}[\w.-]{1,64}${QUOTE}${SPACE}{0,4}:${SPACE}{0,4})?(${QUOTE}))((?:[^"'\x60\\\n]|\\(?!\\*["'\x60n])){0,2000})\2(${SPACE}{0,20},${SPACE}{0,40})?`,
  'y',
)
const YAML_OPEN = /:[ \t]{0,8}((?:\r?\n|\\+n)[ \t]{0,40}- {1,4})(?=\S)/y
const YAML_VALUE =
  /"[^"\\\n]{1,400}"|'[^'\\\n]{1,400}'|\\+["'][^"'\\\n]{1,400}\\+["']|[^\s"'\\]{1,4000}/y

/** Members of which one was secret: all of them are masked, except for what stands in place of one. */
interface Members {
  readonly from: number
  readonly to: number
  readonly mark: string
  readonly values: readonly string[]
}

function arrayAt(text: string, at: number, mark: string): Members | undefined {
  let cursor = at
  let from = -1
  let to = -1
  let marked = ''
  const values: string[] = []
  for (;;) {
    MEMBER.lastIndex = cursor
    const [member = '', kept = '', , value = '', comma = ''] = MEMBER.exec(text) ?? []
    if (member === '') break
    const begin = cursor + kept.length
    if (from === -1) from = begin
    else marked += text.slice(to, begin)
    values.push(value)
    marked += isKept(value) ? value : mark
    to = begin + value.length
    cursor += member.length
    if (comma === '') break
  }
  return from === -1 ? undefined : { from, to, mark: marked, values }
}

function yamlListAt(text: string, end: number, mark: string): Members | undefined {
  YAML_OPEN.lastIndex = end
  const dash = YAML_OPEN.exec(text)?.[1]
  if (dash === undefined) return undefined
  let cursor = YAML_OPEN.lastIndex
  const from = cursor
  let to = cursor
  let marked = ''
  const values: string[] = []
  for (;;) {
    YAML_VALUE.lastIndex = cursor
    const written = YAML_VALUE.exec(text)?.[0] ?? ''
    // A member of its own, such as a mapping.
    if (written === '' || /^\S{1,60}:$/.test(written)) break
    const value = written.replace(/^\\*["']|\\*["']$/g, '')
    values.push(value)
    marked += text.slice(to, cursor) + (isKept(value) ? written : mark)
    to = cursor + written.length
    if (!text.startsWith(dash, to)) break
    cursor = to + dash.length
  }
  return values.length === 0 ? undefined : { from, to, mark: marked, values }
}

function isKept(value: string): boolean {
  return value.length < 4 || isPlaceholder(value) || value.includes('[masked: ')
}

const LONGEST_BEFORE = 40

/** The part of a name before a word of it. */
function nameBefore(text: string, at: number): string {
  let from = at
  while (from > 0 && at - from < LONGEST_BEFORE && /[\w.-]/.test(text.charAt(from - 1))) from -= 1
  return text.slice(from, at)
}

/** Names of lists that hold no secrets: of words, of models, of a design. */
const HARMLESS =
  /(?:stop|special|added|design|color|theme|reserved|css|lexer|max|input|output|sort|primary|foreign|cache|public|query|row|object|required|allowed|map|hot|arrow|valid|invalid|expected|known|ignored?|unexpected)[_.-]?\w{0,12}$/i
const KEYS = /(?:api|access|secret|private|encryption|signing|auth|license|ssh)[_-]?keys$/i

/** A bracket or a dash is near, without which no pattern needs to be tried. */
function mayOpen(text: string, end: number): boolean {
  for (let i = end; i < end + NEAR; i += 1) {
    const code = text.charCodeAt(i)
    if (code === 0x5b || code === 0x28 || code === 0x7b || code === 0x2d) return true
  }
  return false
}

const NEAR = 24

function listAt(text: string, at: number, end: number): SecretSpan | undefined {
  if (/\w/.test(text.charAt(end)) || !mayOpen(text, end)) return undefined
  OPEN.lastIndex = end
  const isArray = OPEN.test(text)
  const open = OPEN.lastIndex
  YAML_OPEN.lastIndex = end
  const isList = isArray ? /["'`\\]/.test(text.charAt(open)) : YAML_OPEN.test(text)
  if (!isList) return undefined
  const before = nameBefore(text, at)
  const name = (before + text.slice(at, end)).replace(/^[nrt](?=[a-z])/, (letter) =>
    text.charAt(at - before.length - 1) === '\\' ? '' : letter,
  )
  if (HARMLESS.test(name) || (/keys$/i.test(name) && !KEYS.test(name))) return undefined
  const kind = kindOfName(name.replace(/s$/i, ''))
  const mark = `[masked: ${kind}]`
  const members = isArray ? arrayAt(text, open, mark) : yamlListAt(text, end, mark)
  if (members === undefined) return undefined
  const { from, to, values } = members
  if (members.mark === text.slice(from, to)) return undefined
  if (!areSecrets(name, values, text.charAt(end))) return undefined
  return { from, to, id: kind, mark: members.mark }
}

const WORDS_ONLY = /^[A-Za-z]+(?:[ _.-][A-Za-z]+)*$/

function areSecrets(name: string, values: readonly string[], next: string): boolean {
  // In pieces that code joins.
  if (
    isLongOrRandom(values.join('')) &&
    values.some((value) => value.length >= 16 && isRandom(value))
  )
    return true
  if (values.some((value) => isRandom(value) && !/\s/.test(value))) return true
  const isPassword = /pass(?:word|wd|phrase)s$/i.test(name)
  if (!isPassword || next === '') return false
  return (
    values.some((value) => /\d/.test(value) && value.length >= 6) || values.every(isPlainPassword)
  )
}

/** A word that no sentence and no identifier is. */
function isPlainPassword(value: string): boolean {
  return value.length >= 8 && /^[a-z]+$/.test(value) && WORDS_ONLY.test(value)
}

function isRandom(value: string): boolean {
  return isLongOrRandom(value) && /\d/.test(value)
}

const PIN = new RegExp(
  String.raw`((?:PIN|pin|Pin)(?:[ _-]?(?:code|number|CODE|Code))?(?:${QUOTE}${SPACE}{0,4}[:=]|${SPACE}{0,2}[:=]| (?:is|ist|est|es)(?: now)?:?)${SPACE}{0,4}(${QUOTE}?))(\d{4,12})(?![\w.:-])`,
  'y',
)

/** Four digits or more: pins of hardware have fewer. */
function pinAt(text: string, at: number): SecretSpan | undefined {
  const before = text.slice(Math.max(0, at - 2), at)
  const isName = !/[A-Za-z0-9]$/.test(before) || /\\[nrt]$/.test(before)
  // `userPin`.
  const isCamel = text.startsWith('Pin', at) && /[a-z]$/.test(before)
  if (!isName && !isCamel) return undefined
  PIN.lastIndex = at
  const match = PIN.exec(text)
  if (match === null) return undefined
  const [, kept = '', quote = ''] = match
  const from = at + kept.length
  // A number of JSON: without quotes a mark would break it.
  const open = /^\w{3,12}(\\*["'])/.exec(match[0])?.[1]
  const isNumber = quote === '' && open !== undefined
  return { from, to: PIN.lastIndex, ...(isNumber && { quote: open }) }
}

export const listRules: readonly MaskRule[] = [
  { id: 'secret', keywords: NAMES, find: listAt },
  { id: 'password', keywords: ['pin'], find: pinAt },
]
