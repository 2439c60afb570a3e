import { describe, expect, test } from 'vitest'
import type { MetricPoint } from '../../../src/domain/telemetry-record.ts'
import { processMetrics } from './processed.ts'

const NOW = 1_795_229_600_000

function point(more: Partial<MetricPoint> = {}): MetricPoint {
  return {
    origin: { resource: {}, scopeName: 'com.anthropic.claude_code', scopeVersion: '' },
    name: 'claude_code.lines_of_code.count',
    unit: '',
    temporality: 'delta',
    startNanos: '1795229558000000000',
    timeNanos: '1795229559000000000',
    timeMs: 1_795_229_559_000,
    value: 3,
    attributes: { 'session.id': 's1', type: 'added', model: 'm' },
    ...more,
  }
}

const one = (p: MetricPoint) => processMetrics([p], NOW).accepted[0]?.item

describe('a metric point', () => {
  test('becomes a sample of what it measures', () => {
    expect(one(point())).toMatchObject({
      kind: 'metric',
      measure: 'lines_of_code',
      facet: 'added',
      value: 3,
      sessionId: 's1',
    })
  })

  test('of an unknown name is kept as other', () => {
    expect(one(point({ name: 'claude_code.new' }))).toMatchObject({ measure: 'other' })
  })

  test('of no session is refused', () => {
    expect(processMetrics([point({ attributes: {} })], NOW).rejected[0]?.reason).toBe('no_session')
  })
})

describe('a series', () => {
  const key = (more: Partial<MetricPoint>) => {
    const item = one(point(more))
    return item?.kind === 'metric' ? item.seriesKey : undefined
  }
  test('is the same whatever the order of its attributes', () => {
    const turned = { model: 'm', type: 'added', 'session.id': 's1' }
    expect(key({ attributes: turned })).toBe(key({}))
  })
  test.each([
    ['name', { name: 'claude_code.commit.count' }],
    ['start time', { startNanos: '1795229558000000001' }],
    ['attribute', { attributes: { 'session.id': 's1', type: 'removed', model: 'm' } }],
  ])('is another with another %s', (_, more) => {
    expect(key(more)).not.toBe(key({}))
  })
  test('one point of it is one record, whenever it comes again', () => {
    expect(one(point())?.dedupKey).toBe(one(point())?.dedupKey)
    expect(one(point())?.dedupKey).not.toBe(one(point({ timeNanos: '9' }))?.dedupKey)
  })
})
