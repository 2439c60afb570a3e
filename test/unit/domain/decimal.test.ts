/** Decimals in and out: one grammar, and no exponents where people and spreadsheets read. */
import { describe, expect, test } from 'vitest'
import { decimalText, jsonText, parseDecimal } from '../../../src/domain/numbers.ts'

describe('decimal text', () => {
  test.each([
    ['12', 12],
    ['-0.5', -0.5],
    ['0.0042', 0.0042],
    ['1e-7', 1e-7],
    ['3.9999999999999996e-05', 3.9999999999999996e-5],
    ['1E+3', 1000],
    ['007', 7],
    ['9223372036854775807', 2 ** 63],
    ['1e400', Number.POSITIVE_INFINITY],
  ])('%s is read', (text, value) => expect(parseDecimal(text)).toBe(value))

  test.each([
    ['0x10'],
    ['0b1'],
    ['0o7'],
    [' 12'],
    ['12 '],
    ['1e3 '],
    ['\n1'],
    ['1_000'],
    ['1,000'],
    ['+5'],
    ['.5'],
    ['5.'],
    ['1e'],
    ['--1'],
    ['١٢'],
    ['１２'],
    ['Infinity'],
    ['NaN'],
    ['12n'],
    [''],
    [' '],
    ['9'.repeat(401)],
  ])('%j is no number', (text) => expect(parseDecimal(text)).toBeUndefined())
})

test.each([
  [0, '0'],
  [0.07854, '0.07854'],
  [1e-7, '0.0000001'],
  [-2.5e-9, '-0.0000000025'],
  [1e21, '1000000000000000000000'],
  [1.5e22, '15000000000000000000000'],
  [123_456_789.125, '123456789.125'],
])('%d is written %s', (value, text) => {
  expect(decimalText(value)).toBe(text)
  expect(Number(text)).toBe(value)
})

test('JSON has its numbers written out, and its texts as they are', () => {
  const value = { cost: 1e-7, list: [2e-9, 1], text: '1e-7', nothing: null, left: undefined }
  expect(jsonText(value)).toBe(
    '{"cost":0.0000001,"list":[0.000000002,1],"text":"1e-7","nothing":null}',
  )
  expect(jsonText({ a: 1e-7 }, 2)).toBe('{\n  "a": 0.0000001\n}')
  expect(JSON.parse(jsonText(value))).toEqual(JSON.parse(JSON.stringify(value)))
})
