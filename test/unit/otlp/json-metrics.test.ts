import { describe, expect, it } from 'vitest'
import { decodeMetrics } from './decoded.ts'

function intakeOf(body: unknown) {
  const decoded = decodeMetrics(body)
  if (!decoded.ok) throw new Error(decoded.error.message)
  return decoded.value
}

const inScope = (...metrics: unknown[]) => ({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] })
const sumOf = (dataPoints: unknown, aggregationTemporality: unknown = 1) => ({
  name: 'tokens',
  sum: { aggregationTemporality, isMonotonic: true, dataPoints },
})
const valuesOf = (body: unknown) => intakeOf(body).accepted.map((point) => point.value)

describe('a sum', () => {
  it('becomes one point for each of its data points', () => {
    const { accepted, rejected } = intakeOf({
      resourceMetrics: [
        {
          resource: {
            attributes: [{ key: 'service.name', value: { stringValue: 'claude-code' } }],
          },
          scopeMetrics: [
            {
              scope: { name: 'metrics', version: '1' },
              metrics: [
                {
                  name: 'claude_code.cost.usage',
                  description: 'ignored',
                  unit: 'USD',
                  sum: {
                    aggregationTemporality: 2,
                    dataPoints: [
                      {
                        attributes: [{ key: 'model', value: { stringValue: 'opus' } }],
                        startTimeUnixNano: '1795229558128000000',
                        timeUnixNano: '1795229559331000000',
                        asDouble: 0.25,
                      },
                    ],
                  },
                },
              ],
            },
          ],
        },
      ],
    })
    expect(rejected).toEqual([])
    expect(accepted).toEqual([
      {
        origin: {
          resource: { 'service.name': 'claude-code' },
          scopeName: 'metrics',
          scopeVersion: '1',
        },
        name: 'claude_code.cost.usage',
        unit: 'USD',
        temporality: 'cumulative',
        startNanos: '1795229558128000000',
        timeNanos: '1795229559331000000',
        timeMs: 1795229559331,
        value: 0.25,
        attributes: { model: 'opus' },
      },
    ])
  })

  it.each([
    ['a double', { asDouble: 1.5 }, 1.5],
    ['a double as text', { asDouble: '1.5' }, 1.5],
    ['an int', { asInt: 3 }, 3],
    ['an int as text', { asInt: '3' }, 3],
    ['zero', { asInt: '0' }, 0],
    ['a negative number', { asDouble: -1 }, -1],
  ])('takes %s', (_name, point, expected) => {
    expect(valuesOf(inScope(sumOf([point])))).toEqual([expected])
  })

  it('keeps unset times apart from real ones', () => {
    const [point] = intakeOf(inScope(sumOf([{ asInt: 1 }]))).accepted
    expect(point).toMatchObject({ startNanos: '0', timeNanos: '0', timeMs: undefined })
  })

  it.each([
    ['1', 1, 'delta'],
    ['2', 2, 'cumulative'],
    ['AGGREGATION_TEMPORALITY_DELTA', 'AGGREGATION_TEMPORALITY_DELTA', 'delta'],
    ['AGGREGATION_TEMPORALITY_CUMULATIVE', 'AGGREGATION_TEMPORALITY_CUMULATIVE', 'cumulative'],
  ])('with temporality %s', (_name, code, temporality) => {
    expect(intakeOf(inScope(sumOf([{ asInt: 1 }], code))).accepted[0]?.temporality).toBe(
      temporality,
    )
  })

  it.each([
    ['unspecified', 0, 'sum.aggregationTemporality is 0'],
    ['unknown', 3, 'sum.aggregationTemporality is 3'],
    ['another name', 'DELTA', 'is "DELTA"'],
    ['null', null, 'sum.aggregationTemporality is missing'],
  ])('is refused point by point when its temporality is %s', (_name, code, reason) => {
    const body = inScope(sumOf([{ asInt: 1 }, { asInt: 2 }], code), sumOf([{ asInt: 3 }]))
    const { accepted, rejected } = intakeOf(body)
    expect(accepted.map((point) => point.value)).toEqual([3])
    expect(rejected).toHaveLength(2)
    expect(rejected[0]?.message).toContain(reason)
  })
})

describe('what cannot be read of a point', () => {
  it('is no time of it, but tells it from others', () => {
    const times: unknown[] = [{ low: 1, high: 2 }, { low: 2, high: 2 }, -1, { toString: null }]
    const points = times.map((timeUnixNano) => ({ asInt: 1, timeUnixNano, startTimeUnixNano: 'x' }))
    expect(intakeOf(inScope(sumOf(points))).accepted).toMatchObject([
      { timeMs: undefined, timeNanos: '1 2', startNanos: 'x' },
      { timeMs: undefined, timeNanos: '2 2', startNanos: 'x' },
      { timeMs: undefined, timeNanos: '-1', startNanos: 'x' },
      { timeMs: undefined, timeNanos: '', startNanos: 'x' },
    ])
  })

  it('may be its unit', () => {
    expect(valuesOf(inScope({ ...sumOf([{ asInt: 1 }]), unit: {} }))).toEqual([1])
  })
})

describe('the names of the protobuf definition', () => {
  it('are understood in all of a request', () => {
    const point = { as_double: 0.5, start_time_unix_nano: '1', time_unix_nano: '2000000' }
    const sum = {
      aggregation_temporality: 'AGGREGATION_TEMPORALITY_CUMULATIVE',
      is_monotonic: true,
      data_points: [point, { as_int: '3' }],
    }
    const body = { resource_metrics: [{ scope_metrics: [{ metrics: [{ name: 'm', sum }] }] }] }
    expect(intakeOf(body).accepted).toMatchObject([
      { value: 0.5, startNanos: '1', timeMs: 2, temporality: 'cumulative' },
      { value: 3 },
    ])
  })
})

describe('a request of which nothing is recognised', () => {
  it.each([
    ['metrics of no known kind', inScope({ name: 'm', total: 5 }), 'metrics[0] holds "total"'],
    ['logs', { resourceLogs: [{}] }, 'logs belong on /v1/logs'],
  ])('is refused: %s', (_name, body, hint) => {
    const decoded = decodeMetrics(body)
    expect(decoded.ok ? '' : decoded.error.message).toContain(hint)
  })
})

describe('a bad point among good ones is refused alone', () => {
  it.each([
    ['null', null, 'it is null, expected an object'],
    ['without value', {}, 'neither asDouble nor asInt is set'],
    ['of NaN', { asDouble: 'NaN' }, 'asDouble is "NaN", expected a finite number'],
    ['of infinity', { asDouble: 'Infinity' }, 'asDouble is "Infinity", expected a finite number'],
    ['of a list', { asDouble: [] }, 'asDouble is a list, expected a finite number'],
    ['of a fraction as int', { asInt: 1.5 }, 'asInt is 1.5, expected a 64-bit integer'],
    [
      'with bad attributes',
      { asInt: 1, attributes: {} },
      'attributes is an object, expected a list',
    ],
  ])('%s', (_name, bad, reason) => {
    const { accepted, rejected } = intakeOf(inScope(sumOf([{ asInt: 1 }, bad, { asInt: 2 }])))
    expect(accepted.map((point) => point.value)).toEqual([1, 2])
    expect(rejected).toHaveLength(1)
    expect(rejected[0]).toMatchObject({ reason: 'malformed' })
    expect(rejected[0]?.message).toContain(
      `resourceMetrics[0].scopeMetrics[0].metrics[0].sum.dataPoints[1]: ${reason}`,
    )
  })
})

describe('what is no increment is taken without a point', () => {
  const points = [{ asDouble: 1 }]
  it.each([
    ['a gauge', { name: 'g', gauge: { dataPoints: points } }],
    ['a histogram', { name: 'h', histogram: { dataPoints: [{ count: '3', sum: 2 }] } }],
    [
      'an exponential histogram',
      { name: 'e', exponentialHistogram: { dataPoints: [{ scale: 1 }] } },
    ],
    ['a summary', { name: 's', summary: { dataPoints: [{ count: '1' }] } }],
    ['an unknown kind', { name: 'u', future: {} }],
    ['no data at all', { name: 'n', sum: null }],
    ['a sum without points', sumOf(null)],
    ['a point flagged as having no value', sumOf([{ flags: 1 }])],
    ['one with another flag beside it', sumOf([{ flags: '3', asInt: 5 }])],
  ])('%s', (_name, metric) => {
    const body = inScope(metric, sumOf([{ asInt: 7 }]))
    expect(valuesOf(body)).toEqual([7])
    expect(intakeOf(body).rejected).toEqual([])
  })
})

describe('a broken metric or group costs its own points only', () => {
  const good = { scopeMetrics: [{ metrics: [sumOf([{ asInt: 7 }])] }] }
  const large = { attributes: [{ key: 'a', value: { stringValue: 'x'.repeat(70_000) } }] }
  const inGroup = (metric: unknown) => ({ scopeMetrics: [{ metrics: [metric] }] })

  it.each([
    ['a null metric', inGroup(null), 1, 'metrics[0] is null'],
    ['a name', inGroup({ ...sumOf([{ asInt: 1 }, { asInt: 2 }]), name: 5 }), 2, 'name is a number'],
    ['a sum of text', inGroup({ name: 'x', sum: 'x' }), 1, 'metrics[0].sum is a string'],
    ['points that are no list', inGroup(sumOf({})), 1, 'sum.dataPoints is an object'],
    ['metrics that are no list', { scopeMetrics: [{ metrics: 1 }] }, 1, 'metrics is a number'],
    [
      'a resource that is too large',
      { resource: large, ...inGroup(sumOf([{ asInt: 1 }, { asInt: 2 }])) },
      2,
      'resource is larger',
    ],
    [
      'such a resource over what cannot be counted',
      { resource: large, scopeMetrics: [{ metrics: [null, { gauge: { dataPoints: 5 } }, {}] }] },
      3,
      'resource is larger',
    ],
  ])('%s', (_name, broken, count, reason) => {
    const { accepted, rejected } = intakeOf({ resourceMetrics: [good, broken, good] })
    expect(accepted.map((point) => point.value)).toEqual([7, 7])
    expect(rejected).toHaveLength(count)
    expect(rejected[0]?.message).toContain(reason)
  })
})
