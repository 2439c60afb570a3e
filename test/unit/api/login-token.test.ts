import { describe, expect, test } from 'vitest'
import { createLoginTokens, LOGIN_LIFETIME_MS } from '../../../src/api/access.ts'

const NOW = 1_700_000_000_000

describe('a login token', () => {
  const tokens = createLoginTokens('secret-key')
  const token = tokens.issue(NOW)
  const [expiry = '', signature = ''] = token.split('.')

  test('holds until it expires, also in another process with the same key', () => {
    expect(createLoginTokens('secret-key').isValid(token, NOW + LOGIN_LIFETIME_MS - 1)).toBe(true)
    expect(tokens.isValid(token, NOW + LOGIN_LIFETIME_MS)).toBe(false)
  })

  test('does not hold the key', () => {
    expect(token).not.toContain('secret-key')
  })

  test.each([
    ['of another key', createLoginTokens('other-key').issue(NOW)],
    ['with a later expiry', `${Number(expiry) + 1}.${signature}`],
    [
      'with another signature',
      `${expiry}.${signature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))}`,
    ],
    ['with a shortened signature', `${expiry}.${signature.slice(0, 10)}`],
    ['without a signature', `${expiry}.`],
    ['without an expiry', `.${signature}`],
    ['with more behind it', `${token}.x`],
    ['that is empty', ''],
    ['that never expires', `Infinity.${signature}`],
  ])('is refused: one %s', (_, wrong) => {
    expect(tokens.isValid(wrong, NOW)).toBe(false)
  })
})
