import { expect, it } from 'vitest'
import { retryAfterMs } from '../../../../src/http/retry-after.ts'

const NOW_MS = Date.parse('2026-03-01T12:00:00Z')

it.each([
  ['seconds', '7', 7_000],
  ['zero', '0', 0],
  ['a date', 'Sun, 01 Mar 2026 12:01:30 GMT', 90_000],
  ['a date gone by', 'Sun, 01 Mar 2026 11:00:00 GMT', 0],
  ['more than an hour', '999999999', 3_600_000],
  ['nonsense', 'soon', undefined],
  ['nothing', undefined, undefined],
])('%s', (_what, header, expected) => {
  expect(retryAfterMs(header, NOW_MS)).toBe(expected)
})
