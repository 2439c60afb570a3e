/**
 * How text is split into words for the search, the same for what is indexed and what is asked. The
 * engines index these words as they are, so both find the same. Pure.
 *
 * A word is a run of letters and digits, without case and accents; punctuation only separates, so that
 * `src/app.ts` is three words in a row. Scripts that are written without spaces, and symbols such as
 * emoji, are a word for each character.
 */

/** Characters of a word; the rest of a longer one is not looked at. */
const MAX_WORD_LENGTH = 64
/** Words of a piece. Below 256, the most places that PostgreSQL keeps for one word of a row. */
export const WORDS_PER_PIECE = 250
/** Words that a piece has in common with the one before it, so that a run of them is whole in one. */
const OVERLAP = 16
/** Stands between two texts of a piece. No text has it as a word, so no phrase reaches over it. */
const BREAK = '\ue000'

const WITHOUT_SPACES =
  '\\p{scx=Han}\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Hang}\\p{scx=Thai}\\p{scx=Laoo}\\p{scx=Khmr}\\p{scx=Mymr}'
const LETTERS = '\\p{L}\\p{N}\\p{M}'
const WORD = new RegExp(
  `[[${LETTERS}]--[${WITHOUT_SPACES}]]+|[[${LETTERS}]&&[${WITHOUT_SPACES}]]|[\\p{S}--\\p{ASCII}]`,
  'gv',
)
const ASCII_WORD = /[a-z0-9]+/g
const ASCII_ONLY = /^\p{ASCII}*$/u
/** Accents, and what only chooses how the emoji before it is drawn. */
const DROPPED = /[\u0300-\u036f\ufe00-\ufe0f\u200d]/g

export function wordsOf(text: string): readonly string[] {
  if (ASCII_ONLY.test(text)) return (text.toLowerCase().match(ASCII_WORD) ?? []).map(cutWord)
  const folded = text
    .toWellFormed()
    .replaceAll('\ufffd', ' ')
    .normalize('NFKD')
    .replace(DROPPED, '')
    .toLowerCase()
    .normalize('NFC')
    .replaceAll('ς', 'σ')
    .replaceAll('ß', 'ss')
  return (folded.match(WORD) ?? []).map(cutWord)
}

/** Never splits a surrogate pair. */
function cutWord(word: string): string {
  if (word.length <= MAX_WORD_LENGTH) return word
  return word.slice(0, MAX_WORD_LENGTH).replace(/[\ud800-\udbff]$/, '')
}

/** What has to stand in a session: words in a row. */
export interface SearchTerm {
  /** At least one. */
  readonly words: readonly string[]
  /** The last one may go on. Never one of a single character: half of all words begin with one of a few. */
  readonly isPrefix: boolean
}

/**
 * The terms of a query, all of which have to be found: words of two characters and more by their beginnings, and phrases in double
 * quotes as they are. A phrase whose quote is not closed yet is found by its beginning. None where the
 * query has no words.
 */
export function searchTermsOf(query: string): readonly SearchTerm[] {
  const terms = new Map<string, SearchTerm>()
  for (const [, phrase, end, plain] of query.matchAll(
    /["“”„]([^"“”„]*)(["“”„]|$)|([^\s"“”„]+)/gu,
  )) {
    const words = wordsOf(phrase ?? plain ?? '')
    const isOpen = phrase === undefined || end === ''
    // Longer runs may lie in two pieces.
    for (let from = 0; from < words.length; from += OVERLAP) {
      const part = words.slice(from, from + OVERLAP)
      const isLast = from + OVERLAP >= words.length
      const isPrefix = isOpen && isLast && (part.at(-1)?.length ?? 0) > 1
      terms.set(`${part.join(' ')}${isPrefix ? '*' : ''}`, { words: part, isPrefix })
    }
  }
  return [...terms.values()]
}

/** Texts as pieces of some hundred words, each of which an index takes as one row. */
export function piecesOf(texts: readonly string[]): readonly (readonly string[])[] {
  const pieces: string[][] = []
  let piece: string[] = []
  for (const text of texts) {
    const words = wordsOf(text)
    if (words.length === 0) continue
    if (piece.length + 1 + words.length > WORDS_PER_PIECE) {
      if (piece.length > 0) pieces.push(piece)
      piece = []
    }
    if (words.length > WORDS_PER_PIECE) pieces.push(...splitWords(words))
    else if (piece.length > 0) piece.push(BREAK, ...words)
    else piece = [...words]
  }
  if (piece.length > 0) pieces.push(piece)
  return pieces
}

function splitWords(words: readonly string[]): string[][] {
  const pieces: string[][] = []
  for (let from = 0; from + OVERLAP < words.length; from += WORDS_PER_PIECE - OVERLAP) {
    pieces.push(words.slice(from, from + WORDS_PER_PIECE))
  }
  return pieces
}
