import { describe, expect, test } from 'vitest'
import { foreignOrigin } from '../../../src/api/access.ts'

const host = '127.0.0.1:4318'

describe('the origin of a request', () => {
  test.each([
    ['no page at all', {}],
    ['the own page', { 'sec-fetch-site': 'same-origin', origin: `http://${host}` }],
    ['an address that was typed', { 'sec-fetch-site': 'none' }],
    ['the own page, where browsers say no more than the origin', { origin: `http://${host}` }],
    [
      'the own page behind a proxy with another name',
      { 'sec-fetch-site': 'same-origin', origin: 'https://telemetry.example' },
    ],
  ])('is taken: %s', (_, headers) => {
    expect(foreignOrigin({ host, ...headers })).toBeUndefined()
  })

  test.each([
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    [
      'another port of this machine',
      { 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:3000' },
    ],
    ['another site that only the origin tells', { origin: 'https://evil.example' }],
    ['another port that only the origin tells', { origin: 'http://127.0.0.1:3000' }],
    ['a page without an origin', { origin: 'null' }],
    ['an origin that is no URL', { origin: host }],
    ['a lie about the own origin', { 'sec-fetch-site': 'cross-site', origin: `http://${host}` }],
  ])('is refused: %s', (_, headers) => {
    expect(foreignOrigin({ host, ...headers })).toMatchObject({ code: 'forbidden' })
  })
})
