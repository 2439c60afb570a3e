import { describe, expect, test } from 'vitest'
import { processorMs } from '../../processor-time.ts'
import { withoutUrlPasswords } from '../../../src/domain/url-password.ts'

describe('user and password of a URL are hidden', () => {
  test.each([
    ['https://me:hunter2@host/path?a=b', 'https://(hidden)@host/path?a=b'],
    ['https://token@host', 'https://(hidden)@host'],
    ['https://:hunter2@host:3000', 'https://(hidden)@host:3000'],
    ['postgresql+tls://me:p%40ss@[::1]:5432/db', 'postgresql+tls://(hidden)@[::1]:5432/db'],
    ['HTTPS://ME:HUNTER2@HOST', 'HTTPS://(hidden)@HOST'],
    // Not encoded as it should have been.
    ['https://me:p@ss@host', 'https://(hidden)@host'],
    ['https://me:pa/ss#w?rd@host/x', 'https://(hidden)@host/x'],
    ['https://me:12345x/y@host', 'https://(hidden)@host'],
    // In a sentence, in JSON, several of them.
    ['X is "https://me:hunter2@host", expected', 'X is "https://(hidden)@host", expected'],
    [
      '{"url":"http://a:b@c","to":"http://d:e@f"}',
      '{"url":"http://(hidden)@c","to":"http://(hidden)@f"}',
    ],
    ['from http://a:b@c to http://d:e@f', 'from http://(hidden)@c to http://(hidden)@f'],
  ])('%s', (text, shown) => {
    expect(withoutUrlPasswords(text)).toBe(shown)
  })
})

test.each([
  'https://host/path',
  'https://host:3000/@scope/package',
  'https://host/@scope/package',
  'https://host/?mail=me@example.com',
  'me@example.com and https://host',
  'git@host:group/project',
  'no URL at all',
])('%s stays', (text) => {
  expect(withoutUrlPasswords(text)).toBe(text)
})

test('a long text takes no long time', () => {
  const texts = ['://', 'a://', 'a://:', 'a://b:c', 'x'].map((part) => part.repeat(200_000))
  for (const text of texts) {
    expect(
      processorMs(() => withoutUrlPasswords(`${text} @`)),
      text.slice(0, 5),
    ).toBeLessThan(2000)
  }
})
