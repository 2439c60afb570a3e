import { expect, test } from 'vitest'
import { beginningOf } from '../../../src/domain/beginning.ts'

test.each([
  ['short', 10, 'short'],
  ['exactly 10', 10, 'exactly 10'],
  ['one two three', 10, 'one two…'],
  ['one\ntwothree', 6, 'one…'],
  ['one two', 3, 'one…'],
  [`a ${'A1b2'.repeat(16)} b c`, 68, 'a…'],
  ['https://example.com/?sig=0123456789', 20, '…'],
])('the beginning of %j in %d', (text, maxChars, expected) => {
  expect(beginningOf(text, maxChars)).toBe(expected)
})
