/** Words of texts and of queries. */
import { describe, expect, test } from 'vitest'
import {
  piecesOf,
  searchTermsOf,
  WORDS_PER_PIECE,
  wordsOf,
} from '../../../src/domain/search-words.ts'

test.each([
  ['Fix the login test', 'fix the login test'],
  ['src/app.ts', 'src app ts'],
  ['mcp__github__create_issue', 'mcp github create issue'],
  ['E2BIG: 100% "done"', 'e2big 100 done'],
  ['Café ÄRGER İstanbul', 'cafe arger istanbul'],
  ['ΟΔΥΣΣΕΎΣ οδυσσεύς', 'οδυσσευσ οδυσσευσ'],
  ['Straße STRASSE', 'strasse strasse'],
  ['修复テスト', '修 复 テ ス ト'],
  ['がんばる', 'が ん ば る'],
  ['한국어', '한 국 어'],
  ['ｆｕｌｌ ﬁne', 'full fine'],
  ['ship 🚀 it', 'ship 🚀 it'],
  ['👩‍💻✔️', '👩 💻 ✔'],
  ['5 €', '5 €'],
  ['  \u0000\ue000 \ud800 ?!', ''],
])('%j are the words %j', (text, words) => {
  expect(wordsOf(text).join(' ')).toBe(words)
})

test('a word is looked at up to a length, and never ends in half a character', () => {
  expect(wordsOf('a'.repeat(100))).toEqual(['a'.repeat(64)])
  expect(wordsOf(`é${'𐐨'.repeat(60)}`)).toEqual([`e${'𐐨'.repeat(31)}`])
})

describe('a query', () => {
  test.each([
    ['fix login', ['fix*', 'login*']],
    ['  Fix   FIX ', ['fix*']],
    ['src/app.ts', ['src app ts*']],
    ['"exact phrase" more', ['exact phrase', 'more*']],
    ['“exact phrase”', ['exact phrase']],
    ['"not closed', ['not closed*']],
    ['a OR b NOT c NEAR(d, 2)', ['a', 'or*', 'b', 'not*', 'c', 'near d', '2']],
    ['title:x -y +z ^q x*', ['title x', 'y', 'z', 'q', 'x']],
    ["'); drop table sessions --", ['drop*', 'table*', 'sessions*']],
    ['', []],
    ['""', []],
    ['"', []],
    ['& | ! <-> :*', []],
  ])('%j asks for %j', (query, expected) => {
    const terms = searchTermsOf(query).map(
      ({ words, isPrefix }) => `${words.join(' ')}${isPrefix ? '*' : ''}`,
    )
    expect(terms).toEqual(expected)
  })

  test('of a long phrase asks for runs that lie in one piece each', () => {
    const words = Array.from({ length: 40 }, (_, n) => `w${n}`)
    const terms = searchTermsOf(`"${words.join(' ')}"`)
    expect(terms.flatMap((term) => term.words)).toEqual(words)
    const text = Array.from({ length: 2000 }, (_, n) => `x${n}`)
    for (let at = 0; at < 2000; at += 7) {
      const pieces = piecesOf([[...text.slice(0, at), ...words, ...text.slice(at)].join(' ')])
      for (const term of terms) {
        const run = ` ${term.words.join(' ')} `
        expect(pieces.some((piece) => ` ${piece.join(' ')} `.includes(run))).toBe(true)
      }
    }
  })
})

describe('pieces', () => {
  test('hold several texts, over whose ends no phrase reaches', () => {
    expect(piecesOf(['one two', '', '?', 'three'])).toEqual([['one', 'two', '\ue000', 'three']])
    expect(piecesOf([])).toEqual([])
  })

  test('are no longer than the places that an index keeps of a word', () => {
    const texts = [5, 240, 3, 251, 1000, 249, 1].map((length) => 'word '.repeat(length))
    const pieces = piecesOf(texts)
    expect(Math.max(...pieces.map((piece) => piece.length))).toBe(WORDS_PER_PIECE)
    expect(WORDS_PER_PIECE).toBeLessThan(256)
  })
})
