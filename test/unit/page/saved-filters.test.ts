import { afterEach, expect, test, vi } from 'vitest'
import {
  filterText,
  keepFilters,
  savedFilters,
  withFilter,
} from '../../../src/page/saved-filters.ts'

function storage(first: string | null, refuses = false) {
  let stored = first
  vi.stubGlobal('localStorage', {
    getItem: () => stored,
    setItem: (_: string, value: string) => {
      if (refuses) throw new Error('the browser keeps nothing')
      stored = value
    },
  })
}
afterEach(() => vi.unstubAllGlobals())

test('are kept by name, the newest of one name', () => {
  storage(null)
  expect(savedFilters()).toEqual([])
  const saved = withFilter(withFilter([], { name: ' b ', query: 'q=1' }), { name: 'a', query: '' })
  keepFilters(withFilter(saved, { name: 'b', query: 'q=2' }))
  expect(savedFilters()).toEqual([
    { name: 'a', query: '' },
    { name: 'b', query: 'q=2' },
  ])
  expect(withFilter(saved, { name: '  ', query: 'q=3' })).toBe(saved)
})

test.each(['', 'nonsense', 'null', '{}', '[1, null, {"name": 5}, {"name": "x"}]'])(
  'something else in their place, %j, is none',
  (stored) => {
    storage(stored)
    expect(savedFilters()).toEqual([])
  },
)

test('are bounded, and a browser that keeps nothing is no failure', () => {
  storage(JSON.stringify(Array.from({ length: 90 }, (_, n) => ({ name: `${n}`, query: '' }))), true)
  expect(savedFilters()).toHaveLength(50)
  expect(() => keepFilters([{ name: 'a', query: '' }])).not.toThrow()
})

test('addresses that ask for the same are alike', () => {
  const text = (query: string) => filterText(new URLSearchParams(query))
  expect(text('b=2&a=1')).toBe(text('a=1&b=2'))
  expect(text('a=1')).not.toBe(text('a=2'))
})
