import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fitsBytes, jsonBytes, prefixLength, textBytes } from '../../../src/sessions/json-bytes.ts'

/** Any UTF-16 text: control characters, quotes, halves of surrogate pairs. */
const units = fc.oneof(
  fc.constantFrom(0, 0x0a, 0x22, 0x5c, 0x61, 0x7f, 0xe9, 0x6f22, 0xd83d, 0xde00, 0xffff),
  fc.integer({ min: 0, max: 0xffff }),
)
const texts = fc
  .array(units, { maxLength: 80 })
  .map((codes) =>
    String.fromCharCode(...codes).padStart(codes.length + ((codes[0] ?? 0) % 40), 'x'),
  )

const realBytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value))

describe('bytes of JSON', () => {
  test('of a text are exact', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(textBytes(text)).toBe(realBytes(text))
      }),
    )
  })

  test('of a value are never too few', () => {
    const values = fc.jsonValue({ depthSize: 'small' })
    fc.assert(
      fc.property(values, (value) => {
        expect(jsonBytes(value)).toBeGreaterThanOrEqual(realBytes(value))
      }),
    )
  })

  test('do not count fields that are undefined, which JSON leaves out', () => {
    expect(jsonBytes({ a: 'x', b: undefined })).toBe(jsonBytes({ a: 'x' }))
  })

  test('tell whether a text fits', () => {
    fc.assert(
      fc.property(texts, fc.nat(200), (text, max) => {
        expect(fitsBytes(text, max)).toBe(realBytes(text) <= max)
      }),
    )
  })

  test('give the longest beginning that fits, without half a pair at its end', () => {
    fc.assert(
      fc.property(texts, fc.nat(90), fc.integer({ min: 2, max: 300 }), (text, length, bytes) => {
        const end = prefixLength(text, length, bytes)
        const fits = (n: number) => n <= length && realBytes(text.slice(0, n)) <= bytes
        expect(end === 0 || fits(end)).toBe(true)
        const splits =
          /[\ud800-\udbff]$/.test(text.slice(0, end)) && /^[\udc00-\udfff]/.test(text.slice(end))
        expect(splits).toBe(false)
        // One more would be too much, or would be half of a pair.
        const isLongest = end === text.length || !fits(end + 1) || !fits(end + 2)
        expect(isLongest).toBe(true)
      }),
    )
  })
})
