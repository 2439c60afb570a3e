/** Hashes are part of stored states: a text has the same one for ever. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shortHash } from '../../../src/domain/short-hash.ts'

test.each([
  ['', '14bzwtne56g'],
  ['call', '2co89evexkp'],
  ['call|req_011CV', 'chg4byt37k'],
  ['é😀', '2e3d71acdkn'],
  ['x'.repeat(500), '10zu214ykpz'],
])('%j has the hash that earlier versions stored', (text, hash) => {
  expect(shortHash(text)).toBe(hash)
})

test('is written as toString(36) writes it', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const hash = shortHash(text)
      expect(Number.parseInt(hash, 36).toString(36)).toBe(hash)
    }),
  )
})
