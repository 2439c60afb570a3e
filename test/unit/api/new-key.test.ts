/** What a new key may be called, and whose it may be. */
import { expect, test } from 'vitest'
import { keyBody } from '../../../src/api/contract/keys.ts'

const body = { name: 'ci', scopes: ['ingest'] }

test.each(['red', 'a team of people', 'équipe 予算', '😀'])('a key may be of %j', (team) => {
  expect(keyBody.safeParse({ ...body, team, user: team }).success).toBe(true)
})

test.each(['\ud800', 'x\udc00', 'a\0b', 'a\nb', '\u0085', '', ' '])(
  'a key may not be of %j, which no engine would find again as it is',
  (owner) => {
    expect(keyBody.safeParse({ ...body, team: `a${owner}a` }).success).toBe(owner.trim() === '')
    expect(keyBody.safeParse({ ...body, user: owner }).success).toBe(false)
  },
)
