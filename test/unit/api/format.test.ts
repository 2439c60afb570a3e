/** Numbers as people write them. */
import { describe, expect, test } from 'vitest'
import { formatBytes, formatCompact, formatRatio, plural } from '../../../src/page/format/count.ts'
import { formatDuration } from '../../../src/page/format/duration.ts'
import { formatAgo } from '../../../src/page/format/moment.ts'
import { exactUsd, formatUsd } from '../../../src/page/format/usd.ts'

describe('money', () => {
  test.each([
    [0, '$0.00'],
    [0.000_001, '< $0.00001'],
    [0.002_02, '$0.002'],
    [0.042_908, '$0.043'],
    [0.42, '$0.42'],
    [12.345, '$12.35'],
    [999.99, '$999.99'],
    [1234.5, '$1,235'],
    [-0.5, '-$0.50'],
  ])('%d is %s', (usd, text) => expect(formatUsd(usd)).toBe(text))

  test('is exact where it is asked for, without the dust of binary fractions', () => {
    expect(exactUsd(0.004_578_000_000_000_000_5)).toBe('$0.004578')
    expect(exactUsd(1e-7)).toBe('$0.0000001')
    expect(exactUsd(1_234_567.123_456_789)).toBe('$1234567.123456789')
  })
})

test.each([
  [0, '0 ms'],
  [0.4, '< 1 ms'],
  [850.4, '850 ms'],
  [999.7, '1.0 s'],
  [3_210, '3.2 s'],
  [9_960, '10 s'],
  [59_400, '59 s'],
  [59_600, '1 min'],
  [252_000, '4 min 12 s'],
  [3_599_700, '1 h'],
  [7_500_000, '2 h 5 min'],
  [212_400_000, '2 d 11 h'],
])('%d ms is %s', (ms, text) => expect(formatDuration(ms)).toBe(text))

test.each([
  [0, '0'],
  [9_999, '9,999'],
  [41_260, '41.3K'],
  [1_234_567, '1.2M'],
])('%d in short is %s', (count, text) => expect(formatCompact(count)).toBe(text))

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [48_340_992, '48.3 MB'],
  [480_340_992, '480 MB'],
])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

test('shares and plurals', () => {
  expect([formatRatio(0.9212), formatRatio(null), formatRatio(1)]).toEqual(['92.1%', '–', '100%'])
  expect([plural(1, 'call'), plural(2, 'call'), plural(1200, 'call')]).toEqual([
    '1 call',
    '2 calls',
    '1,200 calls',
  ])
})

test('how long ago', () => {
  expect([2, 40, 180, 7_200, 90_000].map((s) => formatAgo(0, s * 1000))).toEqual([
    'now',
    '40 sec. ago',
    '3 min. ago',
    '2 hr. ago',
    'yesterday',
  ])
})
