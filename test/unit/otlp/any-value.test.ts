import { describe, expect, it } from 'vitest'
import { MAX_DEPTH, readAttributes, readValue } from '../../../src/otlp/any-value.ts'

/** The decoded value, or the reason as text in an Error. */
function value(raw: unknown): unknown {
  const fault = { text: '' }
  const decoded = readValue(raw, fault)
  return decoded === undefined ? new Error(fault.text) : decoded
}

function attributes(raw: unknown): unknown {
  const fault = { text: '' }
  const decoded = readAttributes(raw, fault)
  return decoded === undefined ? new Error(fault.text) : { ...decoded }
}

function nested(levels: number): unknown {
  let inner: unknown = { stringValue: 'deep' }
  for (let i = 0; i < levels; i++) inner = { arrayValue: { values: [inner] } }
  return inner
}

describe('a value', () => {
  it.each([
    ['text', { stringValue: 'a' }, 'a'],
    ['empty text', { stringValue: '' }, ''],
    ['NUL and line separators', { stringValue: 'a\u0000b\u2028c' }, 'a\u0000b\u2028c'],
    ['an int as a number', { intValue: 7 }, 7],
    ['an int as text', { intValue: '-7' }, -7],
    ['zero', { intValue: 0 }, 0],
    ['the largest exact int', { intValue: '9007199254740991' }, 9007199254740991],
    ['an int beyond 2^53', { intValue: '9007199254740993' }, '9007199254740993'],
    ['an int number beyond 2^53', { intValue: 2 ** 60 }, '1152921504606846976'],
    ['the smallest int64', { intValue: '-9223372036854775808' }, '-9223372036854775808'],
    ['true', { boolValue: true }, true],
    ['false', { boolValue: false }, false],
    ['a double', { doubleValue: 0.25 }, 0.25],
    ['a double as text', { doubleValue: '2.5e-3' }, 0.0025],
    ['NaN', { doubleValue: 'NaN' }, 'NaN'],
    ['infinity', { doubleValue: '-Infinity' }, '-Infinity'],
    ['a number JSON made infinite', { doubleValue: Number.POSITIVE_INFINITY }, 'Infinity'],
    ['bytes', { bytesValue: 'AAEC' }, 'AAEC'],
    ['text as bytes', { bytesValue: 'esO8cmljaAo=' }, 'zürich\n'],
    ['text as bytes in the other alphabet', { bytesValue: 'Pz8_Pz4-' }, '???\x3f>>'],
    ['bytes that are not UTF-8', { bytesValue: '/+8=' }, '/+8='],
    ['bytes that are not base64', { bytesValue: 'not base64' }, 'not base64'],
    [
      'a list',
      { arrayValue: { values: [{ intValue: 1 }, { stringValue: 'b' }, {}] } },
      [1, 'b', null],
    ],
    ['a list without values', { arrayValue: {} }, []],
    ['an empty value', {}, null],
    ['an unknown kind', { futureValue: 1 }, null],
    ['null', null, null],
    ['no value', undefined, null],
    ['a null kind', { stringValue: null, intValue: 3 }, 3],
  ])('reads %s', (_name, raw, expected) => {
    expect(value(raw)).toEqual(expected)
  })

  it('reads nested key-value lists', () => {
    const raw = {
      kvlistValue: {
        values: [
          { key: 'a', value: { kvlistValue: { values: [{ key: 'b', value: { intValue: 1 } }] } } },
          { key: 'none' },
        ],
      },
    }
    expect(JSON.stringify(value(raw))).toBe('{"a":{"b":1},"none":null}')
  })

  it.each([
    ['text', { string_value: 'a' }, 'a'],
    ['an int', { int_value: '7' }, 7],
    ['false', { bool_value: false }, false],
    ['a double', { double_value: '0.25' }, 0.25],
    ['bytes', { bytes_value: 'AAEC' }, 'AAEC'],
    ['text as bytes', { bytes_value: 'YQ==' }, 'a'],
    ['a list', { array_value: { values: [{ int_value: 1 }, { stringValue: 'b' }] } }, [1, 'b']],
  ])('reads %s by the names of the protobuf definition', (_name, raw, expected) => {
    expect(value(raw)).toEqual(expected)
  })

  it('reads pairs by the names of the protobuf definition', () => {
    const raw = { kvlist_value: { values: [{ key: 'a', value: { int_value: 1 } }] } }
    expect(JSON.stringify(value(raw))).toBe('{"a":1}')
  })

  it.each([
    ['text instead of an object', 'a', 'a'],
    ['a list instead of an object', [], null],
    ['a number as text', { stringValue: 5 }, 5],
    ['text as an int', { intValue: 'many' }, 'many'],
    ['a fraction as an int', { intValue: 1.5 }, 1.5],
    ['an int over 64 bits', { intValue: '9223372036854775808' }, '9223372036854775808'],
    ['an empty int', { intValue: '' }, ''],
    ['a lone sign', { intValue: '-' }, '-'],
    ['text as a boolean', { boolValue: 'true' }, 'true'],
    ['an object as a double', { doubleValue: {} }, null],
    ['hexadecimal', { doubleValue: '0x10' }, '0x10'],
    ['a number as bytes', { bytesValue: 1 }, 1],
    ['a bare list', { arrayValue: [{ intValue: 1 }] }, [1]],
    ['a list of null', { arrayValue: { values: [null] } }, [null]],
    ['values that are no list', { arrayValue: { values: {} } }, null],
    ['pairs that are no list', { kvlistValue: { values: 1 } }, null],
  ])('keeps %s as far as it can', (_name, raw, expected) => {
    expect(value(raw)).toEqual(expected)
  })

  it('takes the deepest allowed nesting and refuses one level more', () => {
    expect(value(nested(MAX_DEPTH))).not.toBeInstanceOf(Error)
    expect(String(value(nested(MAX_DEPTH + 1)))).toContain('nested deeper than 32 levels')
  })

  it('does not exhaust the stack on absurd nesting', () => {
    expect(value(nested(200_000))).toBeInstanceOf(Error)
  })
})

describe('attributes', () => {
  it('are none when left out', () => {
    expect(attributes(undefined)).toEqual({})
    expect(attributes(null)).toEqual({})
  })

  it('take the last of two equal keys', () => {
    const twice = [
      { key: 'a', value: { intValue: 1 } },
      { key: 'a', value: { intValue: 2 } },
    ]
    expect(attributes(twice)).toEqual({ a: 2 })
  })

  it('treat __proto__, constructor and numbers as ordinary keys', () => {
    const fault = { text: '' }
    const decoded = readAttributes(
      [
        {
          key: '__proto__',
          value: { kvlistValue: { values: [{ key: 'polluted', value: { boolValue: true } }] } },
        },
        { key: 'constructor', value: { stringValue: 'c' } },
        { key: '7', value: { stringValue: 'seven' } },
      ],
      fault,
    )
    expect(Object.keys(decoded ?? {}).toSorted()).toEqual(['7', '__proto__', 'constructor'])
    expect(decoded?.polluted).toBeUndefined()
    expect('toString' in (decoded ?? {})).toBe(false)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it.each([
    ['text', 'a=b', 'attributes is a string, expected a list'],
    ['an object', { a: 1 }, 'attributes is an object, expected a list'],
    [
      'a value too deep',
      [{ key: 'good' }, { key: 'deep', value: nested(MAX_DEPTH + 1) }],
      'attributes[1] (deep): ',
    ],
  ])('are refused as %s', (_name, raw, reason) => {
    expect(String(attributes(raw))).toContain(reason)
  })

  it.each([
    ['a null entry', null],
    ['an entry without key', { value: {} }],
    ['a number as key', { key: 1 }],
  ])('go without %s', (_name, entry) => {
    expect(attributes([{ key: 'a', value: { intValue: 1 } }, entry])).toEqual({ a: 1 })
  })
})
