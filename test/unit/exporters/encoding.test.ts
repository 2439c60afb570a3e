import { describe, expect, it } from 'vitest'
import { batchesOf, encodeItems, scoreGroupsOf } from '../../../src/exporters/encoding.ts'
import { sampleObservation, sampleScore } from './langfuse/sample-emissions.ts'

describe('batchesOf', () => {
  it.each([
    ['nothing', [], []],
    ['all in one', [30, 30, 40], [[30, 30, 40]]],
    ['the bound kept', [30, 30, 41], [[30, 30], [41]]],
    ['one beyond the bound alone', [30, 500, 30], [[30], [500], [30]]],
    ['one beyond the bound first', [500, 30, 30], [[500], [30, 30]]],
  ])('%s', (_what, sizes, expected) => {
    const spans = sizes.map((bytes, id) => ({ id, json: '', bytes }))
    expect(batchesOf(spans, 100).map((batch) => batch.map(({ bytes }) => bytes))).toEqual(expected)
  })
})

describe('scoreGroupsOf', () => {
  it.each([
    ['nothing', '', []],
    ['as many as allowed', 'abcd', ['abc', 'd']],
    ['never two of one score', 'aabac', ['a', 'ab', 'ac']],
  ])('%s', (_what, keys, expected) => {
    const emissions = keys.split('').map((key) => sampleScore({ key }))
    const items = emissions.map((emission, id) => ({ id, emission, attempts: 0 }))
    const { scores } = encodeItems(items, { productVersion: '1.2.3' })
    const groups = scoreGroupsOf(scores, 3)
    expect(groups.map((group) => group.map(({ id }) => keys[id]).join(''))).toEqual(expected)
  })
})

it('encodes what it can, and says why for the rest', () => {
  const emissions = [
    sampleObservation({ name: 'ä' }),
    sampleObservation({ startMs: -1 }),
    sampleScore({ name: 'good' }),
    sampleScore({ name: 'bad', value: Number.POSITIVE_INFINITY }),
  ]
  const items = emissions.map((emission, index) => ({ id: index + 1, emission, attempts: 0 }))
  const { spans, scores, failures } = encodeItems(items, { productVersion: '1.2.3' })
  expect(spans.map(({ id }) => id)).toEqual([1])
  expect(spans[0]?.bytes).toBe(Buffer.from(spans[0]?.json ?? '').length)
  expect(scores.map(({ id, body }) => [id, body.name])).toEqual([[3, 'good']])
  expect(failures.map(({ id }) => id)).toEqual([2, 4])
  expect(failures[0]?.reason).toContain('-1')
  expect(failures[1]?.reason).toContain('bad')
})
