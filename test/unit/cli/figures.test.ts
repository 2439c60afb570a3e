import { describe, expect, test } from 'vitest'
import { durationText } from '../../../src/domain/duration-text.ts'
import { bytesText, countOfText, countText, shareText, tokensText } from '../../../src/cli/figures.ts'
import { usdText } from '../../../src/domain/usd-text.ts'

const S = 1000
const M = 60 * S
const H = 60 * M
const D = 24 * H

describe('as people write them', () => {
  test.each([
    [0, '$0.00'],
    [0.42, '$0.42'],
    [0.004978, '$0.005'],
    [0.0042, '$0.0042'],
    [0.01, '$0.01'],
    [1234.5, '$1,234.50'],
  ])('%d USD', (usd, text) => expect(usdText(usd)).toBe(text))

  test.each([
    [0, '0'],
    [999, '999'],
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
    [999.6, '1s'],
    [1990, '2s'],
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
    [0.8751, '87.5%'],
    [1, '100%'],
  ])('a share of %d', (share, text) => expect(shareText(share)).toBe(text))

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1234, '1.2 kB'],
    [999_990, '1 MB'],
    [2 * 1024 ** 3, '2.1 GB'],
  ])('%d bytes', (bytes, text) => expect(bytesText(bytes)).toBe(text))
})
