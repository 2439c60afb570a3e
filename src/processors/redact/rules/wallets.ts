/** Keys and recovery phrases of wallets, under the names that say what they are. */
import type { MaskRule, SecretSpan } from '../rule.ts'

/** A quote, with the backslashes that JSON within JSON puts before it. */
const QUOTE = String.raw`(?:\\{0,15}["'\x60])`
const SPACE = String.raw`(?:\s|\\+[nrt])`

const PHRASE_NAME = String.raw`(?:mnemonic(?:[ _-]?(?:phrase|words?))?|bip-?39|(?:seed|recovery|backup|secret|wallet)[ _-]?(?:phrase|words?|seed)|seed|wallet words)`
/** Between the words of a line or a numbered list, and between the members of an array. */
const PLAIN = String.raw`(?:${SPACE}|,|\d{1,2}[.):]){1,12}`
const MEMBER = String.raw`${QUOTE},${SPACE}{0,20}${QUOTE}`
const WORD = '[a-z]{3,8}'
const PHRASE = new RegExp(
  String.raw`(${PHRASE_NAME}${QUOTE}?(?:${SPACE}{0,4}(?:[:=]|is:?)|(?= ?${QUOTE}))${SPACE}{0,4}(?:\[${SPACE}{0,12})?${QUOTE}?(?:1[.):] ?)?)(${WORD}(?:(?:${PLAIN}${WORD}){11,23}|(?:${MEMBER}${WORD}){11,23}))(?![a-z])`,
  'iy',
)
/** In no list of BIP 39, and in nearly every sentence. */
const PROSE =
  /\b(?:the|and|for|are|was|not|has|from|your|were|been|which|into|its|our|but|they|must|these|should)\b/i

/** Twelve to twenty-four words behind a name for them. */
function phraseAt(text: string, at: number): SecretSpan | undefined {
  PHRASE.lastIndex = at
  const [, kept = '', words = ''] = PHRASE.exec(text) ?? []
  if (words === '' || words !== words.toLowerCase() || PROSE.test(words)) return undefined
  return { from: at + kept.length, to: at + kept.length + words.length }
}

const KEY = new RegExp(
  String.raw`((?:wallet(?:[ _-]?(?:key|import))?|wif|signer|accounts?)${QUOTE}?(?:${SPACE}|[:=(\[]|${QUOTE}|is ){1,12})((?:0x)?[0-9a-f]{64}|[5KL9c][1-9A-HJ-NP-Za-km-z]{50,51})(?![0-9A-Za-z])`,
  'iy',
)

function keyAt(text: string, at: number): SecretSpan | undefined {
  KEY.lastIndex = at
  const [, kept = '', key = ''] = KEY.exec(text) ?? []
  return key === '' ? undefined : { from: at + kept.length, to: at + kept.length + key.length }
}

export const walletRules: readonly MaskRule[] = [
  {
    id: 'recovery-phrase',
    keywords: ['mnemonic', 'bip39', 'bip-39', 'seed', 'recovery', 'backup', 'secret', 'wallet'],
    find: phraseAt,
  },
  { id: 'wallet-key', keywords: ['wallet', 'wif', 'signer', 'account'], find: keyAt },
]
