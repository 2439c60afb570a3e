import { describe, expect, it } from 'vitest'
import { batchesOf, encodeItems } from '../../../src/exporters/batches.ts'
import { sampleObservation } from './langfuse/sample-emissions.ts'
import { langfuseOver } from './rig.ts'
import { createScriptedClient } from './scripted-client.ts'

describe('batchesOf', () => {
  it.each([
    ['nothing', [], []],
    ['all in one', [30, 30, 40], [[30, 30, 40]]],
    ['the bound kept', [30, 30, 41], [[30, 30], [41]]],
    ['one beyond the bound alone', [30, 500, 30], [[30], [500], [30]]],
    ['one beyond the bound first', [500, 30, 30], [[500], [30, 30]]],
    [
      'no more than so many',
      [1, 1, 1, 1, 1],
      [
        [1, 1, 1],
        [1, 1],
      ],
    ],
  ])('%s', (_what, sizes, expected) => {
    const items = sizes.map((bytes) => ({ bytes }))
    const batches = batchesOf(items, { maxItems: 3, maxBytes: 100 })
    expect(batches.map((batch) => batch.map(({ bytes }) => bytes))).toEqual(expected)
  })
})

it('encodes what it can, and says why for the rest', () => {
  const [spans] = langfuseOver(createScriptedClient(), { now: () => 0 }).lanes
  if (spans === undefined) throw new Error('Langfuse takes spans')
  const emissions = [sampleObservation({ name: 'ä' }), sampleObservation({ startMs: -1 })]
  const items = emissions.map((emission, index) => ({ id: index + 1, emission, attempts: 0 }))
  const { encoded, failures } = encodeItems(items, spans)
  expect(encoded.map(({ id }) => id)).toEqual([1])
  expect(encoded[0]?.bytes).toBe(Buffer.from(String(encoded[0]?.body)).length)
  expect(failures).toEqual([{ id: 2, reason: expect.stringContaining('-1') }])
})
