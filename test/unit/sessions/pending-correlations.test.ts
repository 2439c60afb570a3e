import { describe, expect, test } from 'vitest'
import {
  bytesOf,
  copyCorrelations,
  forgetOldest,
  isEmpty,
  isHalfFull,
  type Correlations,
  look,
  note,
  put,
  take,
} from '../../../src/sessions/pending-correlations.ts'

const wide = { entries: 1000, bytes: 1_000_000 }

describe('pending correlations', () => {
  test('gives a fact once, whatever its id is called', () => {
    for (const id of ['r1', '7', '__proto__', 'constructor']) {
      const facts: Correlations<string> = {}
      note(facts, id, 'a', wide)
      note(facts, id, 'b', wide)
      expect(look(facts, id)).toBe('b')
      expect(take(facts, id)).toBe('b')
      expect(take(facts, id)).toBeUndefined()
      expect(isEmpty(facts)).toBe(true)
    }
  })

  test('forgets the oldest when there are too many, and tells which', () => {
    const facts: Correlations<number> = {}
    const forgotten: number[] = []
    for (let n = 0; n < 100; n += 1) {
      note(facts, `r${n}`, n, { entries: 8, bytes: 10_000 }, (fact) => forgotten.push(fact))
      expect(Object.keys(facts).length).toBeLessThanOrEqual(8)
      expect(look(facts, `r${n}`)).toBe(n)
    }
    expect([...forgotten, ...Object.values(facts)]).toEqual(
      Array.from({ length: 100 }, (_, n) => n),
    )
  })

  test('forgets the oldest when they take too much, even a single one', () => {
    const facts: Correlations<string> = {}
    const bounds = { entries: 1000, bytes: 5000 }
    for (let n = 0; n < 100; n += 1) {
      note(facts, `r${n}`, 'x'.repeat(500), bounds)
      expect(JSON.stringify(facts).length).toBeLessThanOrEqual(5002)
    }
    expect(look(facts, 'r99')).toBeDefined()
    note(facts, 'large', 'x'.repeat(6000), bounds)
    expect(facts).toEqual({})
  })

  test('knows its bytes after notes, takes, copies and a way through the store', () => {
    const facts: Correlations<string> = {}
    for (let n = 0; n < 20; n += 1) note(facts, `r${n}`, 'é'.repeat(n), wide)
    for (let n = 0; n < 20; n += 3) take(facts, `r${n}`)
    put(facts, 'bare', 'x')
    const copy = copyCorrelations(facts)
    take(copy, 'r1')
    note(copy, 'r1', 'é', wide)
    const stored = JSON.parse(JSON.stringify(facts)) as Correlations<string>
    expect(bytesOf(copy)).toBe(bytesOf(facts))
    expect(bytesOf(stored)).toBe(bytesOf(facts))
    // One more for the comma that the last entry has not.
    expect(bytesOf(facts)).toBe(Buffer.byteLength(JSON.stringify(facts)) - 1)
  })

  test('a copy and its original go their own ways', () => {
    const facts: Correlations<number> = {}
    note(facts, 'a', 1, wide)
    const copy = copyCorrelations(facts)
    note(copy, 'b', 2, wide)
    take(facts, 'a')
    expect([Object.keys(facts), Object.keys(copy)]).toEqual([[], [':a', ':b']])
    expect([isEmpty(facts), isEmpty(copy)]).toEqual([true, false])
  })

  test('forgets as much as it is told', () => {
    const facts: Correlations<number> = {}
    for (let n = 0; n < 10; n += 1) note(facts, `${n}`, n, wide)
    expect(forgetOldest(facts, { ...wide, entries: 4 })).toBe(6)
    expect(Object.values(facts)).toEqual([6, 7, 8, 9])
  })
})

test('are half full beyond half of one of their bounds', () => {
  const facts: Correlations<number> = {}
  for (const id of ['a', 'b']) note(facts, id, 1, { entries: 4, bytes: 1000 })
  expect(isHalfFull(facts, { entries: 4, bytes: 1000 })).toBe(false)
  expect(isHalfFull(facts, { entries: 3, bytes: 1000 })).toBe(true)
  expect(isHalfFull(facts, { entries: 4, bytes: 50 })).toBe(true)
})
