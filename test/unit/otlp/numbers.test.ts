import { hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  nanosToMs,
  readDouble,
  readHexId,
  readNanos,
  TRACE_ID_CHARS,
  unreadableTime,
} from '../../../src/otlp/scalars.ts'

const nanos = (raw: unknown) => readNanos(raw)
const traceId = (raw: unknown) => readHexId(raw, TRACE_ID_CHARS)

describe('nanoseconds', () => {
  it.each([
    ['text', '1795229558020000000', '1795229558020000000'],
    ['a number', 1795229558020000000, '1795229558020000000'],
    ['zero', 0, '0'],
    ['zeros', '000', '0'],
    ['leading zeros', '0042', '42'],
    ['null', null, '0'],
    ['nothing', undefined, '0'],
    ['the largest', '18446744073709551615', '18446744073709551615'],
    ['one too many', '18446744073709551616', '0'],
    ['too large a number', 2 ** 64, '0'],
    ['a negative number', -1, '0'],
    ['negative text', '-1', '0'],
    ['a fraction', 1.5, '0'],
    ['an exponent', '1e18', '0'],
    ['a date', '2026-11-21T02:52:38.020Z', '0'],
    ['empty text', '', '0'],
    ['an object', {}, '0'],
    ['a boolean', true, '0'],
  ])('reads %s', (_name, raw, expected) => {
    expect(nanos(raw)).toBe(expected)
  })

  it.each([
    ['an object', { low: 194, high: 395403571 }, '194 395403571'],
    ['too many digits', '1700344572441000936000000', '1700344572441000936000000'],
    ['a date', '2026-11-21T02:52:38.020Z', '2026-11-21T02:52:38.020Z'],
    ['a negative number', -1, '-1'],
    ['a long text', 'x'.repeat(1000), `a text of 1000, ${hash('sha256', 'x'.repeat(1000))}`],
    ['nested objects', { low: { low: 1 }, high: 2 }, '2'],
    ['a time', '1795229558020000000', undefined],
    ['zeros', '000', undefined],
    ['nothing', null, undefined],
  ])('that cannot be read are kept as text: %s', (_name, raw, expected) => {
    expect(unreadableTime(raw)).toBe(expected)
  })

  it.each([
    ['0', undefined],
    ['1', 0.000001],
    ['999999', 0.999999],
    ['1000000', 1],
    ['1795229558020000000', 1795229558020],
    ['1795229558020500000', 1795229558020.5],
    ['18446744073709551615', 18446744073709.55],
  ])('%s are %s ms', (text, expectedMs) => {
    expect(nanosToMs(text)).toBe(expectedMs)
  })
})

describe('doubles', () => {
  it.each([
    [1.5, 1.5],
    ['1.5', 1.5],
    ['-2e3', -2000],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['', undefined],
    [' 1', undefined],
    ['1_000', undefined],
    [`1${'0'.repeat(500)}`, undefined],
    [true, undefined],
    [null, undefined],
  ])('%j reads as %s', (raw, expected) => {
    expect(readDouble(raw)).toBe(expected)
  })
})

describe('trace ids', () => {
  const id = '0af7651916cd43dd8448eb211c80319c'
  it.each([
    ['lower case', id, id],
    ['upper case', id.toUpperCase(), id],
    ['absent', undefined, ''],
    ['empty', '', ''],
    ['all zeros, which means none', '0'.repeat(32), ''],
    ['too short, which counts as none', 'abc', ''],
    ['no hexadecimal, which counts as none', 'z'.repeat(32), ''],
    ['a number, which counts as none', 5, ''],
  ])('%s', (_name, raw, expected) => {
    expect(traceId(raw)).toBe(expected)
  })
})
