/** Texts as PostgreSQL stores them: what is sent has to be what comes back, or a session is not found. */
import { expect, test } from 'vitest'
import { keyText, plainText } from '../../../src/storage/postgres/stored-values.ts'

test.each([
  ['a', 'a'],
  ['', ''],
  ['a\0b', 'a␀b'],
  ['\ud800x\udfff', '\ufffdx\ufffd'],
  ['🙂', '🙂'],
  ['\ud83d', '\ufffd'],
])('%j is stored as UTF-8 can write it', (text, stored) => {
  expect(plainText(text)).toBe(stored)
  expect(keyText(text)).toBe(stored)
  expect(Buffer.from(plainText(text)).toString()).toBe(stored)
})

test('a key that is too long for an index survives UTF-8, too', () => {
  for (const text of ['\ud800', 'x\0', 'é'].map((part) => part.repeat(2000))) {
    expect(Buffer.from(keyText(text)).toString()).toBe(keyText(text))
    expect(Buffer.byteLength(keyText(text))).toBeLessThanOrEqual(1000)
  }
})
