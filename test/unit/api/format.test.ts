/** What the page adds to the rules of `domain/figure-text.ts`. */
import { expect, test } from 'vitest'
import { formatRatio, plural } from '../../../src/page/format/count.ts'
import { formatAgo } from '../../../src/page/format/moment.ts'

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
