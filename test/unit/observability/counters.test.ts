import { describe, expect, it } from 'vitest'
import { createCounters } from '../../../src/observability/counters.ts'

describe('the counters', () => {
  it('begin at zero', () => {
    expect(createCounters().snapshot()).toEqual({
      requestCount: 0,
      errorCount: 0,
      errorsByStatus: {},
      acceptedRecords: 0,
      rejectedRecords: {},
      refused: {},
    })
  })

  it('count requests, errors by status, and records by what became of them', () => {
    const counters = createCounters()
    counters.countSuccess()
    counters.countError(400)
    counters.countError(400)
    counters.countError(503)
    counters.countAccepted(15)
    counters.countAccepted(2)
    counters.countRejected([
      { reason: 'malformed', message: 'a' },
      { reason: 'malformed', message: 'b' },
      { reason: 'no_session', message: 'c' },
    ])
    counters.countRefused('unauthenticated')
    counters.countRefused('unauthenticated', 2)
    expect(counters.snapshot()).toEqual({
      requestCount: 4,
      errorCount: 3,
      errorsByStatus: { 400: 2, 503: 1 },
      acceptedRecords: 17,
      rejectedRecords: { malformed: 2, no_session: 1 },
      refused: { unauthenticated: 3 },
    })
  })

  it('give snapshots that stay as they are', () => {
    const counters = createCounters()
    const before = counters.snapshot()
    counters.countError(400)
    expect(before).toEqual(createCounters().snapshot())
  })
})
