/** What bars say as text: what is not known is not shown as nothing. */
import { expect, test } from 'vitest'
import { type Bar, valueText } from '../../../src/page/parts/bar.ts'
import { formatUsd } from '../../../src/page/format/usd.ts'

const bar = (values: Bar['values'], unknown: readonly string[] = []): Bar => ({
  ...{ id: '1', label: 'Mon', title: 'Monday', values },
  unknown: new Set(unknown),
})

test.each([
  ['of known costs', [bar({ a: 1 }), bar({ a: 0.5 })], '$1.50'],
  ['of none', [bar({ a: 0 })], '$0.00'],
  ['of unknown ones alone', [bar({ a: 0 }), bar({ a: 0 }, ['a'])], 'unknown'],
  ['of another series that is unknown', [bar({ a: 0 }, ['b'])], '$0.00'],
  ['of some known', [bar({ a: 2 }), bar({ a: 0 }, ['a'])], '$2.00'],
])('the cost %s', (_, bars, text) => {
  expect(valueText(bars, 'a', formatUsd)).toBe(text)
})
