import { describe, expect, it } from 'vitest'
import type { Origin } from '../../../src/domain/telemetry-record.ts'
import { lotsOf } from '../../../src/receivers/lots.ts'

const origin = (bytes: number): Origin => ({
  resource: { k: 'x'.repeat(bytes) },
  scopeName: '',
  scopeVersion: '',
})
const records = (count: number, shared?: Origin) =>
  Array.from({ length: count }, (_, n) => ({ n, origin: shared }))
const sizes = (all: ReturnType<typeof records>) =>
  [...lotsOf(all, (record) => record.origin)].map((lot) => lot.length)

describe('lots', () => {
  it('hold a thousand records that share little, in their order', () => {
    const all = records(2500, origin(0))
    expect(sizes(all)).toEqual([1000, 1000, 500])
    expect([...lotsOf(all, (record) => record.origin)].flat()).toEqual(all)
  })

  it('are smaller where records share much', () => {
    expect(Math.max(...sizes(records(1000, origin(60_000))))).toBeLessThan(70)
    expect(sizes([...records(30, origin(60_000)), ...records(900, origin(0))])).toEqual([580, 350])
  })

  it('of records without an origin are lots as well', () => {
    expect(sizes(records(1001))).toEqual([1000, 1])
    expect(sizes([])).toEqual([])
    expect(sizes(records(20, origin(60_000)))).toEqual([20])
  })
})
