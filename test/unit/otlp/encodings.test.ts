/** Whatever is sent, JSON and protobuf end in the same records and the same refusals. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { logsBodies, metricsBodies, tracesBodies } from './bodies.ts'
import { encoded } from './encode.ts'
import {
  decodeLogs,
  decodeMetrics,
  decodeTraces,
  decodeWireLogs,
  decodeWireMetrics,
  decodeWireTraces,
} from './decoded.ts'

const runs = { numRuns: 1000 }

describe('the same data in both encodings is the same', () => {
  it('for logs', () => {
    fc.assert(
      fc.property(logsBodies, (body) => {
        expect(decodeWireLogs(encoded('Logs', body))).toEqual(decodeLogs(body))
      }),
      runs,
    )
  })

  it('for metrics', () => {
    fc.assert(
      fc.property(metricsBodies, (body) => {
        const wire = decodeWireMetrics(encoded('Metrics', body))
        const json = decodeMetrics(body)
        if (!wire.ok || !json.ok) throw new Error('both can be read')
        expect(wire.value.accepted).toEqual(json.value.accepted)
        // The words differ where JSON tells a missing number from a zero.
        expect(wire.value.rejected).toHaveLength(json.value.rejected.length)
      }),
      runs,
    )
  })

  it('for spans', () => {
    fc.assert(
      fc.property(tracesBodies, (body) => {
        expect(decodeWireTraces(encoded('Traces', body))).toEqual(decodeTraces(body))
      }),
      runs,
    )
  })

  it('and most of it is good', () => {
    const bodies = fc.sample(tracesBodies, { numRuns: 300, seed: 1 })
    const decoded = bodies.map((body) => decodeTraces(body))
    const kept = decoded.reduce((sum, it) => sum + (it.ok ? it.value.accepted.length : 0), 0)
    expect(kept).toBeGreaterThan(20)
  })
})
