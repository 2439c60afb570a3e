import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_RECORDS } from '../../../src/otlp/decoding.ts'
import { decodeLogs, decodeMetrics } from './decoded.ts'

/** JSON with the names a decoder looks for, in all the wrong places. */
const names = fc.constantFrom(
  ...['resourceLogs', 'scopeLogs', 'logRecords', 'resourceMetrics', 'scopeMetrics', 'metrics'],
  ...['resource', 'scope', 'attributes', 'key', 'value', 'values', 'body', 'name', 'timeUnixNano'],
  ...['stringValue', 'intValue', 'doubleValue', 'arrayValue', 'kvlistValue', 'bytesValue'],
  ...['sum', 'gauge', 'dataPoints', 'asInt', 'asDouble', 'aggregationTemporality', 'flags'],
  ...['__proto__', 'constructor', 'toString'],
)
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(
      null,
      true,
      0,
      1,
      2,
      -1,
      1.5,
      1e300,
      '',
      '1',
      'NaN',
      'x',
      '1795229558020000000',
    ),
    fc.array(tie('json'), { maxLength: 4 }),
    fc
      .array(fc.tuple(names, tie('json')), { maxLength: 5 })
      .map((entries) => Object.fromEntries(entries)),
  ),
}))

/** Bodies that get past the envelope, so that records and values are reached. */
const logBody = json.map((logRecords) => ({
  resourceLogs: [{ scopeLogs: [{ logRecords: [{}, logRecords, { attributes: [logRecords] }] }] }],
}))
const metricBody = json.map((point) => ({
  resourceMetrics: [
    {
      scopeMetrics: [
        {
          metrics: [point, { name: 'm', sum: { aggregationTemporality: 1, dataPoints: [point] } }],
        },
      ],
    },
  ],
}))

const logsIn = (scopeLogs: unknown[]) => ({ resourceLogs: [{ scopeLogs }] })
const metricsIn = (metrics: unknown[]) => ({
  resourceMetrics: [{ scopeMetrics: [{ metrics }] }],
})
const sumOf = (dataPoints: unknown[]) => ({
  name: 'm',
  sum: { aggregationTemporality: 2, dataPoints },
})

describe('whatever JSON comes', () => {
  it.each([
    ['logs', decodeLogs, logBody],
    ['metrics', decodeMetrics, metricBody],
  ])('%s are decoded or refused, never thrown at', (_name, decode, shaped) => {
    fc.assert(
      fc.property(fc.oneof(json, shaped, fc.jsonValue()), (body) => {
        const decoded = decode(JSON.parse(JSON.stringify(body)))
        const { accepted, rejected } = decoded.ok ? decoded.value : { accepted: [], rejected: [] }
        const messages = decoded.ok
          ? rejected.map((rejection) => rejection.message)
          : [decoded.error.message]
        expect(messages.every((text) => text !== '' && text.length <= 400)).toBe(true)
        expect(() => JSON.stringify(accepted)).not.toThrow()
      }),
      { numRuns: 2000 },
    )
  })

  it('a list of a million nulls is refused in bounded memory', () => {
    const logRecords = Array.from({ length: 1_000_000 }, () => null)
    const decoded = decodeLogs({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] })
    if (!decoded.ok) throw new Error(decoded.error.message)
    expect(decoded.value.rejected).toHaveLength(1_000_000)
    expect(new Set(decoded.value.rejected).size).toBeLessThanOrEqual(101)
  })

  it.each([
    ['records', decodeLogs, (many: unknown[]) => logsIn([{ logRecords: many }]), {}],
    ['scopes', decodeLogs, (many: unknown[]) => logsIn(many), { logRecords: [{}] }],
    [
      'groups',
      decodeLogs,
      (many: unknown[]) => ({ resourceLogs: many }),
      logsIn([{ logRecords: [{}] }]).resourceLogs[0],
    ],
    ['points', decodeMetrics, (many: unknown[]) => metricsIn([sumOf(many)]), { asInt: 1 }],
    ['metrics', decodeMetrics, (many: unknown[]) => metricsIn(many), sumOf([{ asInt: 1 }])],
  ])('more %s than a request may hold are refused, the others kept', (_name, decode, wrap, one) => {
    const many = Array.from({ length: MAX_RECORDS + 2 }, () => one)
    const decoded = decode(wrap(many))
    if (!decoded.ok) throw new Error(decoded.error.message)
    const { accepted, rejected } = decoded.value
    expect(accepted).toHaveLength(MAX_RECORDS)
    expect(rejected.map((rejection) => rejection.message)).toEqual([
      'more than 250000 records in one request',
      'more than 250000 records in one request',
    ])
  })
})
