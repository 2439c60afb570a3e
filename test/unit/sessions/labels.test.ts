import { describe, expect, test } from 'vitest'
import { type Labels, mergedLabels } from '../../../src/sessions/labels.ts'

const labels = (from: number, to: number, value = 'v'): Labels =>
  Object.fromEntries(Array.from({ length: to - from }, (_, n) => [`k${from + n}`, value]))

describe('labels', () => {
  test('are added to what is known, the newest value wins', () => {
    const known = mergedLabels({ a: '1', b: '2' }, { b: '3', c: '4' })
    expect(known).toEqual({ a: '1', b: '3', c: '4' })
  })

  test('that say nothing new leave the same object', () => {
    const known = { a: '1' }
    expect(mergedLabels(known, { a: '1' })).toBe(known)
    expect(mergedLabels(known, {})).toBe(known)
  })

  test('are 64 at most, however often others come', () => {
    let known: Labels = {}
    for (let n = 0; n < 1000; n += 1) known = mergedLabels(known, labels(10 * n, 10 * n + 10))
    expect(Object.keys(known).length).toBeLessThanOrEqual(64)
    expect(known.k0).toBe('v')
  })

  test('take 16 kB at most', () => {
    const known = mergedLabels({}, labels(0, 60, '漢'.repeat(1000)))
    expect(Buffer.byteLength(JSON.stringify(known))).toBeLessThan(16_100)
    const grown = mergedLabels(mergedLabels({}, labels(0, 60)), labels(0, 60, 'x'.repeat(1000)))
    expect(Buffer.byteLength(JSON.stringify(grown))).toBeLessThan(16_100)
  })

  test.each(['project', 'repository', 'team'])('always have room for %s', (key) => {
    const full = mergedLabels(mergedLabels({}, labels(0, 100)), labels(0, 60, 'x'.repeat(1000)))
    expect(mergedLabels(full, { [key]: 'red' })[key]).toBe('red')
    expect(mergedLabels({}, { ...labels(0, 100), [key]: 'red' })[key]).toBe('red')
  })
})
