import { describe, expect, test } from 'vitest'
import {
  bytesOf,
  copyLedger,
  forgetOldest,
  isEmpty,
  type Ledger,
  look,
  note,
  put,
  take,
} from '../../../src/sessions/pending-correlations.ts'

const wide = { entries: 1000, bytes: 1_000_000 }

describe('a ledger', () => {
  test('gives a fact once, whatever its id is called', () => {
    for (const id of ['r1', '7', '__proto__', 'constructor']) {
      const ledger: Ledger<string> = {}
      note(ledger, id, 'a', wide)
      note(ledger, id, 'b', wide)
      expect(look(ledger, id)).toBe('b')
      expect(take(ledger, id)).toBe('b')
      expect(take(ledger, id)).toBeUndefined()
      expect(isEmpty(ledger)).toBe(true)
    }
  })

  test('forgets the oldest when there are too many, and tells which', () => {
    const ledger: Ledger<number> = {}
    const forgotten: number[] = []
    for (let n = 0; n < 100; n += 1) {
      note(ledger, `r${n}`, n, { entries: 8, bytes: 10_000 }, (fact) => forgotten.push(fact))
      expect(Object.keys(ledger).length).toBeLessThanOrEqual(8)
      expect(look(ledger, `r${n}`)).toBe(n)
    }
    expect([...forgotten, ...Object.values(ledger)]).toEqual(
      Array.from({ length: 100 }, (_, n) => n),
    )
  })

  test('forgets the oldest when they take too much, even a single one', () => {
    const ledger: Ledger<string> = {}
    const bounds = { entries: 1000, bytes: 5000 }
    for (let n = 0; n < 100; n += 1) {
      note(ledger, `r${n}`, 'x'.repeat(500), bounds)
      expect(JSON.stringify(ledger).length).toBeLessThanOrEqual(5002)
    }
    expect(look(ledger, 'r99')).toBeDefined()
    note(ledger, 'large', 'x'.repeat(6000), bounds)
    expect(ledger).toEqual({})
  })

  test('knows its bytes after notes, takes, copies and a way through the store', () => {
    const ledger: Ledger<string> = {}
    for (let n = 0; n < 20; n += 1) note(ledger, `r${n}`, 'é'.repeat(n), wide)
    for (let n = 0; n < 20; n += 3) take(ledger, `r${n}`)
    put(ledger, 'bare', 'x')
    const copy = copyLedger(ledger)
    take(copy, 'r1')
    note(copy, 'r1', 'é', wide)
    const stored = JSON.parse(JSON.stringify(ledger)) as Ledger<string>
    expect(bytesOf(copy)).toBe(bytesOf(ledger))
    expect(bytesOf(stored)).toBe(bytesOf(ledger))
    // One more for the comma that the last entry has not.
    expect(bytesOf(ledger)).toBe(Buffer.byteLength(JSON.stringify(ledger)) - 1)
  })

  test('a copy and its original go their own ways', () => {
    const ledger: Ledger<number> = {}
    note(ledger, 'a', 1, wide)
    const copy = copyLedger(ledger)
    note(copy, 'b', 2, wide)
    take(ledger, 'a')
    expect([Object.keys(ledger), Object.keys(copy)]).toEqual([[], [':a', ':b']])
    expect([isEmpty(ledger), isEmpty(copy)]).toEqual([true, false])
  })

  test('forgets as much as it is told', () => {
    const ledger: Ledger<number> = {}
    for (let n = 0; n < 10; n += 1) note(ledger, `${n}`, n, wide)
    expect(forgetOldest(ledger, { ...wide, entries: 4 })).toBe(6)
    expect(Object.values(ledger)).toEqual([6, 7, 8, 9])
  })
})
