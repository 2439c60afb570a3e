/** Tells values that may be secrets from what stands in their place in templates, code and prose. Pure. */
import { secretNameOf } from './secret-name.ts'

/** No word of prose or code is as long as this. */
export const LONGEST_WORD = 200

/** What stands for a value in forms, types and prose. */
const STAND_INS = new Set(
  'todo none null nil undefined true false yes no on off empty unset pass string str number int integer boolean bool bytes object any unknown text required optional invalid missing expired secret password passwd passwort token apikey api_key api-key key value user username bearer basic hidden private public default varchar input output type test testing self env prompt ref file function async await const return new if else not is are was and or the this that for from with to in of at it a an'.split(
    ' ',
  ),
)
const LONGEST_STAND_IN = Math.max(...Array.from(STAND_INS, ({ length }) => length))
const BLANK = /^[x*.#•_?-]+$/i
const OPENING = /^(?:<|\[|\{|\$|--|%[A-Za-z_]\w*%|!(?:Ref|Sub|vault|GetAtt)\b|ENC\[)/
const EXAMPLE =
  /your|example|placeholder|change_?me|redacted|masked|dummy|insert|replace_?(?:me|with)|xxxx|\*\*\*/i
/** `sk-…`: only a short one stands for something; a longer one was cut. */
const ELLIPSIS = /\.\.\.|…/
const LONGEST_ELLIPSIS = 12

/** References to where a value really is, in code, shells, templates and vaults. */
const REFERENCE =
  /^(?:process\.env|os\.(?:environ|getenv)|import\.meta|env[.([]|ENV\[|secrets\.|vars\.|var\.|local\.|data\.|config\.|settings\.|options?\.|params?\.|props\.|this\.|self\.|req(?:uest)?\.|res(?:ponse)?\.|vault:|op:\/\/|arn:aws:(?:secretsmanager|ssm)|projects\/|ref\+|file:\/\/|https?:\/\/|exports\.|secretKeyRef|valueFrom|base64[.(]|f['"])/

/** Something that is filled in later. */
const TEMPLATE = /\$\{|\{\{|\$\(|<%/

/** Something in place of a secret: a type, a reference, an example, a mark of masking. */
export function isPlaceholder(value: string): boolean {
  const { length } = value
  if (length > LONGEST_WORD) return false
  if (length <= LONGEST_STAND_IN && STAND_INS.has(value.toLowerCase())) return true
  if (mayOpen(value.charCodeAt(0)) && (OPENING.test(value) || REFERENCE.test(value))) return true
  return (
    BLANK.test(value) ||
    EXAMPLE.test(value) ||
    (length <= LONGEST_ELLIPSIS && ELLIPSIS.test(value)) ||
    TEMPLATE.test(value)
  )
}

/** Not a digit or capital letter, with which no reference but `ENV[` and `ENC[` begins. */
function mayOpen(code: number): boolean {
  return code < 0x30 || code > 0x5a || code === 0x3c || code === 0x45
}

/**
 * Also whatever is too long to be a word. That is more than a guess: a rule that looks at much text
 * and leaves it would look at it again from the next keyword in it.
 */
export function isLongOrRandom(value: string): boolean {
  return value.length > LONGEST_WORD || looksRandom(value)
}

const DIGIT = 1
const LOWER = 2
const UPPER = 4

/** Longest part of a value that is looked at. */
const MAX_LOOKED_AT = 120

/**
 * Whether a value is more likely made by a machine than written by a person: letters and digits mixed
 * more than words and names mix them. A word with a number behind it is not; a long run without
 * vowels, or with capitals all over, is.
 */
export function looksRandom(value: string): boolean {
  const length = Math.min(value.length, MAX_LOOKED_AT)
  if (length < 8) return false
  const { changes, digits, capitals, vowels, letters } = mixtureOf(value, length)
  if (digits > 0 && letters > 0) {
    if (changes >= Math.max(3, length / 8)) return true
    if (length >= 20 && changes >= 2 && vowels < letters / 3) return true
  }
  // Letters only: capitals all over, or hardly a vowel. Words have a capital here and there.
  const isCased = digits === 0 && capitals > 0 && capitals < letters
  const isWordy = capitals <= length * 0.3 && vowels >= letters / 4
  if (isCased && changes > length / 3 && !isWordy) return true
  return letters >= 16 && vowels < letters / 7
}

interface Mixture {
  /** From one kind of character to another. */
  changes: number
  digits: number
  capitals: number
  vowels: number
  letters: number
}

function mixtureOf(value: string, length: number): Mixture {
  const of = { changes: 0, digits: 0, capitals: 0, vowels: 0, letters: 0 }
  let last = 0
  for (let i = 0; i < length; i += 1) {
    const code = value.charCodeAt(i)
    const kind = kindOf(code)
    if (kind === 0) continue
    if (kind === DIGIT) of.digits += 1
    else {
      of.letters += 1
      if (kind === UPPER) of.capitals += 1
      if (isVowel(code | 0x20)) of.vowels += 1
    }
    if (last !== 0 && kind !== last) of.changes += 1
    last = kind
  }
  return of
}

function kindOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return DIGIT
  if (code >= 0x61 && code <= 0x7a) return LOWER
  return code >= 0x41 && code <= 0x5a ? UPPER : 0
}

function isVowel(lowerCase: number): boolean {
  return (
    lowerCase === 0x61 ||
    lowerCase === 0x65 ||
    lowerCase === 0x69 ||
    lowerCase === 0x6f ||
    lowerCase === 0x75
  )
}

/** Where name and value stand: the more it looks like configuration, the less a value has to look random. */
export type Place = 'config' | 'code' | 'list' | 'prose' | 'bare'

const NUMBER = /^-?\d+(?:\.\d+)?$/
const WORDS_ONLY = /^[A-Za-z]?[a-z]+(?:[ _.-][A-Za-z]?[a-z]+)*$/
const CONSTANT = /^[A-Z][A-Z]*(?:_[A-Z]+)+$/
const MEMBER = /^[A-Za-z_$][\w$]*(?:(?:\.|::|->)[A-Za-z_$][\w$]*)+$/
const CAMEL = /^[a-z]+(?:[A-Z][a-z]+)+\d?$|^(?:[A-Z][a-z]+){2,}\d?$/
const PATH = /^(?:\.{0,2}|~)?\/[\w.-]+\//
const KNOWN_PATH =
  /^(?:\.{1,2}|~|\/(?:tmp|home|usr|etc|var|run|Users|opt|root|mnt|app|srv|data|private|proc|dev))\/|^[A-Za-z]:\\/

const FILE = /^\/?[\w.-]{1,60}\.(?:json|ya?ml|pem|key|crt|cer|p12|txt|toml|env)$/

/** Of a public key, under `GPG_KEY`. */
const FINGERPRINT = /^(?:0x)?[0-9A-Fa-f]{16}(?:[0-9A-Fa-f]{24})?$/

/** Whether a value under the name of a secret is one. */
export function isSecretValue(
  name: string,
  value: string,
  place: Place,
  isQuoted: boolean,
): boolean {
  const { length } = value
  if (length < 4 || isPlaceholder(value)) return false
  if (FINGERPRINT.test(value) && /gpg|pgp/i.test(name)) return false
  const { isPassword } = secretNameOf(name)
  if (NUMBER.test(value)) return isPassword && length >= 6 && place === 'config'
  // What is too long to be anything else would be looked at again from each name in it.
  if (length > LONGEST_WORD)
    return place !== 'prose' && place !== 'bare' && !/\s/.test(value.slice(0, LONGEST_WORD))
  if (value.includes('[masked: ') || KNOWN_PATH.test(value)) return false
  if (place === 'list' && !isQuoted) return false
  if (place === 'bare') return isBareSecret(value, isPassword)
  if (looksRandom(value)) return place === 'config' || /\d/.test(value) || !MEMBER.test(value)
  if (place === 'prose') return isLikelyInProse(value, isPassword)
  if (place === 'list' || secretNameOf(name).isPlainKey) {
    return length >= 8 && isMixed(value) && !/[\s/]/.test(value) && name !== 'auth'
  }
  return isPassword
    ? isPasswordValue(name, value, place, isQuoted)
    : isTokenValue(name, value, place, isQuoted)
}

/** Letters and digits. */
function isMixed(value: string): boolean {
  return /\d/.test(value) && /[A-Za-z]/.test(value)
}

/** Behind nothing but a space: what is too random for the next word of a sentence. */
function isBareSecret(value: string, isPassword: boolean): boolean {
  if (/[,:;/)]./.test(value) || (MEMBER.test(value) && digitsOf(value) < 3)) return false
  if (value.length >= 20 && looksRandom(value) && isMixed(value)) return true
  return isPassword && isUnlikeWord(value)
}

function digitsOf(value: string): number {
  return value.match(/\d/g)?.length ?? 0
}

/** Letters, and digits that are no version or year behind a word. */
function isUnlikeWord(value: string): boolean {
  return (
    value.length >= 8 && digitsOf(value) >= 2 && isMixed(value) && !/^[a-z]+-?\d{1,2}$/i.test(value)
  )
}

function isLikelyInProse(value: string, isPassword: boolean): boolean {
  const isSymbolic = /[^A-Za-z0-9]/.test(value) && !/[,.:)]$/.test(value)
  if (isSymbolic) return value.length >= 8 && isMixed(value) && !MEMBER.test(value)
  return isPassword && isUnlikeWord(value)
}

function isPasswordValue(name: string, value: string, place: Place, isQuoted: boolean): boolean {
  if (/\s/.test(value)) {
    return isPassphrase(value) || (place === 'config' && secretNameOf(name).isEnvironment)
  }
  if (value.length < 6 || CONSTANT.test(value) || PATH.test(value)) return false
  const hasDigit = /\d/.test(value)
  if (!isQuoted && place !== 'config') return hasDigit && !MEMBER.test(value)
  return hasDigit || !/pass(?:word|wort|wd|phrase)/i.test(value)
}

const PASSPHRASE = /^[a-z]{2,12}(?:[ ][a-z]{2,12}){3,11}$/
/** Words of labels and messages in the languages that have them beside the names of fields. */
const MESSAGE =
  /\b(?:the|an|is|are|was|be|to|of|for|and|or|not|no|in|on|at|by|with|your|you|my|must|should|can|may|will|please|enter|type|choose|required|optional|missing|invalid|wrong|incorrect|expired|new|old|current|confirm|forgot|forgotten|reset|change|changed|update|login|log|sign|user|users|username|password|passwords|passphrase|passcode|secret|field|value|characters|least|if|from|this|that|when|as|de|la|le|les|el|los|un|une|una|der|die|das|ihr|ein|eine|bitte|per|il|su|votre|mot|passe|het|een|uw)\b/

/** Words without a sentence, as passphrases are made of them. */
export function isPassphrase(value: string): boolean {
  return PASSPHRASE.test(value) && !MESSAGE.test(value)
}

function isTokenValue(name: string, value: string, place: Place, isQuoted: boolean): boolean {
  if (value.length < 8 || /\s/.test(value) || PATH.test(value) || FILE.test(value)) return false
  if (CONSTANT.test(value) || MEMBER.test(value) || CAMEL.test(value)) return false
  const isConfig = place === 'config'
  if (WORDS_ONLY.test(value)) {
    return isConfig && secretNameOf(name).isEnvironment && value.includes('-')
  }
  if (isConfig) return true
  // No identifier has hyphens.
  return isMixed(value) && value.length >= 10 && (isQuoted || /^(?=.*-).*[a-z]/.test(value))
}
