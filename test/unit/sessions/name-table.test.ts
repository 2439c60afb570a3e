import { describe, expect, test } from 'vitest'
import {
  count,
  entryOf,
  keyOf,
  type NameTable,
  OTHER_NAMES,
} from '../../../src/sessions/usage/name-table.ts'

const sumOf = (table: NameTable<number>) => Object.values(table).reduce((sum, n) => sum + n, 0)

describe('a breakdown by name', () => {
  test('keeps 200 names apart and counts the rest together', () => {
    const table: NameTable<number> = {}
    for (let n = 0; n < 1000; n += 1) count(table, `name-${n}`)
    count(table, 'name-0', 5)
    expect(Object.keys(table)).toHaveLength(201)
    expect(table['name-0']).toBe(6)
    expect(table[OTHER_NAMES]).toBe(800)
    expect(sumOf(table)).toBe(1005)
  })

  test('keeps fewer apart where they are very long', () => {
    const table: NameTable<number> = {}
    for (let n = 0; n < 200; n += 1) count(table, `${n}-${'漢'.repeat(130)}`)
    expect(Buffer.byteLength(JSON.stringify(table))).toBeLessThan(18_000)
    expect(sumOf(table)).toBe(200)
  })

  test('goes on where it was after a way through the store', () => {
    const table: NameTable<number> = {}
    for (let n = 0; n < 199; n += 1) count(table, `name-${n}`)
    const stored = JSON.parse(JSON.stringify(table)) as NameTable<number>
    for (const name of ['a', 'b', 'name-7']) count(stored, name)
    expect(stored).toMatchObject({ a: 1, [OTHER_NAMES]: 1, 'name-7': 2 })
  })

  test('says under which name something is counted', () => {
    const table: NameTable<number> = {}
    for (let n = 0; n < 200; n += 1) count(table, `name-${n}`)
    expect(keyOf(table, 'name-3')).toBe('name-3')
    expect(keyOf(table, 'one-more')).toBe(OTHER_NAMES)
  })

  test.each(['__proto__', 'constructor', 'toString', '17'])('takes %s for a name', (name) => {
    const table: NameTable<{ n: number }> = {}
    entryOf(table, name, () => ({ n: 1 })).n += 1
    expect(Object.values(table)).toEqual([{ n: 2 }])
  })
})
