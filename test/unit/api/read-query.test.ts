import { expect, test } from 'vitest'
import { sessionListQuery } from '../../../src/api/contract/session-list.ts'
import { overviewQuery } from '../../../src/api/contract/overview.ts'
import { readQuery } from '../../../src/api/read-query.ts'

test.each([
  ['/x', { search: '', sort: 'last', order: 'desc', state: 'any', limit: 50, attribute: [] }],
  ['/x?limit=7&sort=cost', { limit: 7, sort: 'cost' }],
  ['/x?attribute=team%3Da&attribute=k%3Da%3Db', { attribute: ['team=a', 'k=a=b'] }],
  ['/x?attribute=team%3Da', { attribute: ['team=a'] }],
  ['/x?from=1700000000000&to=', { from: 1_700_000_000_000 }],
  ['/x?limit=1&limit=2', { limit: 2 }],
  ['/x?nobody=knows', { limit: 50 }],
  ['/x?search=%20a%26b%20', { search: 'a&b' }],
])('%s is read', (url, expected) => {
  const query = readQuery(url, sessionListQuery)
  expect(query.ok && query.value).toMatchObject(expected)
})

test.each([
  ['/x?limit=0', 'limit'],
  ['/x?limit=many', 'limit'],
  ['/x?limit=1.5', 'limit'],
  ['/x?sort=colour', 'sort'],
  ['/x?attribute=novalue', 'attribute'],
  ['/x?from=yesterday', 'from'],
])('%s is refused with its name', (url, name) => {
  const query = readQuery(url, sessionListQuery)
  expect(!query.ok && query.error).toMatchObject({
    code: 'malformed',
    message: expect.stringContaining(name),
  })
})

test('a time zone nobody knows is refused', () => {
  expect(readQuery('/x?tz=Mars/Olympus', overviewQuery).ok).toBe(false)
  expect(readQuery('/x?tz=Europe/Vienna', overviewQuery).ok).toBe(true)
})
