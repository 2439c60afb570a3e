import { describe, expect, it } from 'vitest'
import { createKeyCheck } from '../../../src/receivers/api-key.ts'

describe('the API key', () => {
  const hasKey = createKeyCheck('a+b/c=')
  it.each([
    ['Bearer a+b/c=', true],
    ['bearer a+b/c=', true],
    ['Bearer   a+b/c=', true],
    [' Bearer a+b/c= ', true],
    ['Bearer%20a+b/c=', true],
    ['Bearer%20a%2Bb%2Fc%3D', true],
    ['Bearer a%2Bb%2Fc%3D', true],
    ['Bearer a+b/c', false],
    ['Bearer a+b/c==', false],
    ['Bearer A+B/C=', false],
    ['Bearer ', false],
    ['Bearer', false],
    ['Bearera+b/c=', false],
    ['Basic a+b/c=', false],
    ['a+b/c=', false],
    ['Bearer %', false],
    ['Bearer %ff', false],
    ['', false],
    [undefined, false],
  ])('%j: %s', (header, expected) => {
    expect(hasKey(header)).toBe(expected)
  })

  it('may hold a percent sign', () => {
    expect(createKeyCheck('50%25')('Bearer 50%25')).toBe(true)
    expect(createKeyCheck('50%')('Bearer 50%')).toBe(true)
  })
})
