import { describe, expect, test } from 'vitest'
import {
  bytesText,
  costChangeText,
  countOfText,
  countText,
  durationText,
  exactCountText,
  hoursText,
  scoreComment,
  scoreText,
  shareText,
  tokensText,
} from '../../../src/domain/figure-text.ts'
import { exactUsdText, usdText } from '../../../src/domain/usd-text.ts'

const S = 1000
const M = 60 * S
const H = 60 * M
const D = 24 * H

describe('as people write them', () => {
  test.each([
    [0, '$0.00'],
    [0.42, '$0.42'],
    [0.004978, '$0.0050'],
    [0.00996, '$0.01'],
    [0.000_001, '<$0.00001'],
    [-0.5, '-$0.50'],
    [27_540, '$27,540.00'],
    [0.0042, '$0.0042'],
    [0.01, '$0.01'],
    [1234.5, '$1,234.50'],
  ])('%d USD', (usd, text) => expect(usdText(usd)).toBe(text))

  test.each([
    [0, '0'],
    [999, '999'],
    [999.7, '1.0K'],
    [2_000, '2.0K'],
    [12_345, '12.3K'],
    [1_200_000, '1.2M'],
  ])('a count of %d', (count, text) => expect(countText(count)).toBe(text))

  test.each([
    [1, 'token', '1 token'],
    [0, 'token', '0 tokens'],
    [1234, 'record', '1,234 records'],
    [1_200_000, 'session', '1,200,000 sessions'],
  ])('%d of them', (count, noun, text) => expect(countOfText(count, noun)).toBe(text))

  test.each([
    [1, '1 token'],
    [999, '999 tokens'],
    [1_200_000, '1.2M tokens'],
  ])('%d tokens', (count, text) => expect(tokensText(count)).toBe(text))

  test('an irregular plural', () => expect(countOfText(2, 'reply', 'replies')).toBe('2 replies'))

  test.each([
    [0, '0ms'],
    [850.7, '851ms'],
    [0.4, '<1ms'],
    [999.6, '1.0s'],
    [1990, '2.0s'],
    [3277, '3.3s'],
    [9940, '9.9s'],
    [9960, '10s'],
    [42 * S + 999, '43s'],
    [59.96 * S, '1m'],
    [3 * M + 20 * S, '3m 20s'],
    [3 * M, '3m'],
    [59 * M + 59.4 * S, '59m 59s'],
    [59 * M + 59.9 * S, '1h'],
    [2 * H + 5 * M + 59 * S, '2h 6m'],
    [23 * H + 59.6 * M, '1d'],
    [3 * D + 4 * H, '3d 4h'],
    [-90 * S, '-1m 30s'],
  ])('%d ms', (ms, text) => expect(durationText(ms)).toBe(text))

  test.each([
    [0, '0%'],
    [0.0001, '<0.1%'],
    [0.12, '12.0%'],
    [0.8751, '87.5%'],
    [0.9999, '>99.9%'],
    [1, '100%'],
    [1.5, '150.0%'],
  ])('a share of %d', (share, text) => expect(shareText(share)).toBe(text))

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1234, '1.2 kB'],
    [999_990, '1.0 MB'],
    [2 * 1024 ** 3, '2.1 GB'],
  ])('%d bytes', (bytes, text) => expect(bytesText(bytes)).toBe(text))

  test.each([
    [0, '0ms'],
    [23 * H + 59.6 * M, '24h'],
    [30 * H + 5 * M, '30h 5m'],
    [826 * H + 20 * M, '826h'],
    [1204 * H, '1,204h'],
  ])('%d ms of work', (ms, text) => expect(hoursText(ms)).toBe(text))

  test('exactly, where that is asked for', () => {
    expect(exactCountText(1_234_567)).toBe('1,234,567')
    expect(exactUsdText(0.004_578_000_000_000_000_5)).toBe('$0.004578')
    expect(exactUsdText(1e-7)).toBe('$0.0000001')
    expect(exactUsdText(1_234_567.123_456_789)).toBe('$1234567.123456789')
  })

  test.each([
    [112.5, 100, '+12.5%'],
    [50, 100, '−50.0%'],
    [100.01, 100, '±0%'],
    [950, 100, '+850.0%'],
    [1000, 100, '×10'],
    [236.3, 1, '×236'],
    [5, 0, 'new'],
    [0, 0, undefined],
    [0, 5, '−100%'],
    [5, 0.02, undefined],
    [null, 5, undefined],
    [5, null, undefined],
  ])('%d USD after %d USD', (now, before, text) => expect(costChangeText(now, before)).toBe(text))
})

describe('scores', () => {
  test.each([
    [1, 1, '100%'],
    [14_230 / 14_242, 1, '99.9%'],
    [0.99999, 1, '>99.9%'],
    [0, 1, '0%'],
    [100, 100, '100'],
    [99.96, 100, '>99.9'],
    [89.77, 100, '89.8'],
  ])('%d of %d', (value, max, text) => expect(scoreText(value, max)).toBe(text))

  test.each([
    ['58120 of 73078 input tokens were read', '58,120 of 73,078 input tokens were read'],
    ['100 × mean of cache_hit_rate 0.795', '100 × mean of cache hit rate 0.795'],
    ['4 of 4 tool results succeeded', '4 of 4 tool results succeeded'],
    ['0.12345 of 2.00000', '0.12345 of 2.00000'],
  ])('the comment %j', (comment, text) => expect(scoreComment(comment)).toBe(text))
})
