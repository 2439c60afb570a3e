/** Text from outside: nothing of it acts on a terminal, and what is meant to be read stays. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { processorMs } from '../../processor-time.ts'
import { safeBlock, safeJson, safeLine } from '../../../src/domain/safe-text.ts'

/** Controls, directions, separators, invisible characters, and halves of surrogate pairs. */
const ACTING =
  /[\p{Cc}\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Cs}/u

/** Text in which what acts is as common as what does not. */
const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\u001b[', '\u001b]', '\u009b', '\u009d', '\u001b', '\u0007', '\u001b\\'),
      fc.constantFrom('\n', '\r', '\t', '\u202e', '\u2028', '\u200d', '\ud800', '\udc00', '\u0301'),
      fc.integer({ min: 0, max: 0x9f }).map((code) => String.fromCharCode(code)),
    ),
  )
  .map((parts) => parts.join(''))

describe('a line', () => {
  test.each([
    ['two\nlines\tand a tab', 'two lines and a tab'],
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b[8mhidden', 'hidden'],
    ['\u001b]0;a title\u0007window', 'window'],
    ['\u001b]52;c;cm0gLXJmIH4+\u0007x', 'x'],
    ['\u001b]52;c;cm0=\u001b\\x', 'x'],
    ['\u009d52;c;cm0=\u009cx', 'x'],
    ['\u009b2Jx', 'x'],
    ['\u001bP+q544e\u001b\\x', 'x'],
    // Only what introduces it goes: nobody hides the rest of a text by not ending a string.
    ['\u001b]0;not ended', '0;not ended'],
    // What is left of one sequence in another is no sequence.
    ['\u001b\u001b[31m[32mx', ' [32mx'],
    ['abc\rxyz', 'abc xyz'],
    ['back\u0008space', 'back space'],
    ['abc\u202Edcba', 'abc dcba'],
    ['ad\u200bmin', 'ad min'],
    ['\u{e0041}\u{e0042}x', ' x'],
    ['hy\u00adphen', 'hyphen'],
    ['\ud800x', '\ufffdx'],
    [`e${'\u0301'.repeat(20)}`, `e${'\u0301'.repeat(8)}`],
    ['a\u200db', 'a b'],
  ])('%j', (text, shown) => expect(safeLine(text)).toBe(shown))

  test.each([
    'plain ASCII ~',
    'Größe, naïve, Ελληνικά, кириллица',
    '漢字の題名 한국어',
    '👩‍👩‍👧 🏳️‍🌈 ❤️ 👍🏽 1️⃣',
    'می‌خواهم',
    'क्‍ष',
    'שלום',
    'ไทย',
  ])('%s stays', (text) => expect(safeLine(text)).toBe(text))

  test('nothing in it acts, whatever it was, and once is enough', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const line = safeLine(text)
        expect(ACTING.exec(line)).toBeNull()
        expect(safeLine(line)).toBe(line)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a block', () => {
  test('keeps line feeds and tabs, and is otherwise as its lines are', () => {
    expect(safeBlock('a\n\tb\r\n\u001b[31mc\u2028d')).toBe('a\n\tb \nc d')
    fc.assert(
      fc.property(anyText, (text) => {
        expect(ACTING.exec(safeBlock(text).replace(/[\n\t]/g, ''))).toBeNull()
      }),
    )
  })
})

describe('JSON', () => {
  test.each([
    ['"\u009b2J"', '"\\u009b2J"'],
    ['"\u202e"', '"\\u202e"'],
    ['"\u{e0041}"', '"\\udb40\\udc41"'],
    ['{\n  "a": "ü"\n}', '{\n  "a": "ü"\n}'],
  ])('%j', (json, shown) => expect(safeJson(json)).toBe(shown))

  test('says the same, and a terminal leaves it as it is', () => {
    fc.assert(
      fc.property(fc.dictionary(anyText, anyText), (value) => {
        const json = safeJson(JSON.stringify(value, null, 2))
        expect(JSON.parse(json)).toEqual(value)
        expect(safeBlock(json)).toBe(json)
      }),
      { numRuns: 500 },
    )
  })
})

test('the time it takes grows with the length alone', { timeout: 300_000 }, () => {
  const length = 200_000
  for (const part of ['\u001b]', '\u009d', '\u001b[1;', '\u0301', '\u200d', '\u202e', '\ud800']) {
    const text = part.repeat(length)
    // Some tenths of a second; were it quadratic, minutes.
    for (const safe of [safeLine, safeBlock, safeJson]) {
      expect(
        processorMs(() => safe(text)),
        part,
      ).toBeLessThan(10_000)
    }
  }
})
