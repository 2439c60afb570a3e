import { describe, expect, it } from 'vitest'
import { readDouble } from '../../../src/otlp/scalars.ts'
import { readHexId, TRACE_ID_CHARS } from '../../../src/otlp/scalars.ts'
import { nanosToMs, readNanos } from '../../../src/otlp/scalars.ts'

const nanos = (raw: unknown) => readNanos('timeUnixNano', raw, { text: '' })
const traceId = (raw: unknown) => readHexId('traceId', raw, TRACE_ID_CHARS, { text: '' })

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
    ['one too many', '18446744073709551616', undefined],
    ['too large a number', 2 ** 64, undefined],
    ['a negative number', -1, undefined],
    ['negative text', '-1', undefined],
    ['a fraction', 1.5, undefined],
    ['an exponent', '1e18', undefined],
    ['a date', '2026-11-21T02:52:38.020Z', undefined],
    ['empty text', '', undefined],
    ['an object', {}, undefined],
    ['a boolean', true, undefined],
  ])('reads %s', (_name, raw, expected) => {
    expect(nanos(raw)).toBe(expected)
  })

  it('names the field and the value it cannot read', () => {
    const fault = { text: '' }
    readNanos('timeUnixNano', 'soon', fault)
    expect(fault.text).toBe('timeUnixNano is "soon", expected decimal nanoseconds of 64 bits')
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
    ['a number, which is refused', 5, undefined],
  ])('%s', (_name, raw, expected) => {
    expect(traceId(raw)).toBe(expected)
  })
})
