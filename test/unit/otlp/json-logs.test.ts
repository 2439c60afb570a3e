import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../../../src/domain/telemetry-record.ts'
import { decodeLogs } from './decoded.ts'

function intakeOf(body: unknown) {
  const decoded = decodeLogs(body)
  if (!decoded.ok) throw new Error(decoded.error.message)
  return decoded.value
}

const record = (name: string) => ({ eventName: name })
const namesOf = (records: readonly LogRecord[]) => records.map((each) => each.eventName)
const inScope = (logRecords: unknown) => ({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] })

describe('a log record', () => {
  it('is read whole', () => {
    const { accepted, rejected } = intakeOf({
      resourceLogs: [
        {
          resource: {
            attributes: [{ key: 'service.name', value: { stringValue: 'claude-code' } }],
          },
          scopeLogs: [
            {
              scope: { name: 'events', version: '2.1.329' },
              logRecords: [
                {
                  timeUnixNano: '1795229558020000000',
                  observedTimeUnixNano: 1795229558021000000,
                  body: { stringValue: 'claude_code.user_prompt' },
                  attributes: [{ key: 'prompt_length', value: { intValue: 12 } }],
                  eventName: 'user_prompt',
                  traceId: '0AF7651916CD43DD8448EB211C80319C',
                  spanId: 'b7ad6b7169203331',
                  droppedAttributesCount: 0,
                  unknownField: [{}],
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
          scopeName: 'events',
          scopeVersion: '2.1.329',
        },
        timeMs: 1795229558020,
        observedMs: 1795229558021,
        eventName: 'user_prompt',
        body: 'claude_code.user_prompt',
        attributes: { prompt_length: 12 },
        traceId: '0af7651916cd43dd8448eb211c80319c',
        spanId: 'b7ad6b7169203331',
      },
    ])
  })

  it('may leave everything out', () => {
    const [bare] = intakeOf(inScope([{}])).accepted
    expect(bare).toEqual({
      origin: { resource: {}, scopeName: '', scopeVersion: '' },
      timeMs: undefined,
      observedMs: undefined,
      eventName: '',
      body: null,
      attributes: {},
    })
    expect(bare).not.toHaveProperty('traceId')
  })

  it('shares its origin with its scope, and no further', () => {
    const scope = { logRecords: [{}, {}] }
    const { accepted } = intakeOf({ resourceLogs: [{ scopeLogs: [scope, scope] }] })
    expect(accepted[0]?.origin).toBe(accepted[1]?.origin)
    expect(accepted[0]?.origin).not.toBe(accepted[2]?.origin)
    expect(accepted[0]?.origin.resource).toBe(accepted[2]?.origin.resource)
  })
})

describe('a request', () => {
  it.each([
    ['{}', {}],
    ['a null list', { resourceLogs: null }],
    ['an empty list', { resourceLogs: [] }],
    ['an empty group', { resourceLogs: [{}] }],
    ['an empty scope', { resourceLogs: [{ scopeLogs: [{}] }] }],
    ['no records', inScope([])],
    ['an empty list beside a field of a later version', { resourceLogs: [], later: 1 }],
    ['a group with a schema only', { resourceLogs: [{ schemaUrl: 'x', resource: {} }] }],
  ])('of %s succeeds with nothing', (_name, body) => {
    expect(intakeOf(body)).toEqual({ accepted: [], rejected: [] })
  })

  it.each([
    ['null', null, 'the request is null, expected a JSON object'],
    ['text', 'x', 'the request is a string, expected a JSON object'],
    ['a list', [], 'the request is a list, expected a JSON object'],
    ['a number', 1, 'the request is a number, expected a JSON object'],
    ['no list inside', { resourceLogs: {} }, 'resourceLogs is an object, expected a list'],
  ])('of %s fails as a whole', (_name, body, message) => {
    expect(decodeLogs(body)).toEqual({ ok: false, error: { message } })
  })

  it.each([
    ['metrics', { resourceMetrics: [] }, 'metrics belong on /v1/metrics'],
    ['spans', { resource_spans: [{}] }, 'traces belong on /v1/traces'],
    ['metrics beside no logs', { resourceLogs: [], resourceMetrics: [{}] }, '/v1/metrics'],
    ['a hook', { session_id: 's', hook_event_name: 'Stop' }, '/hooks/claude-code'],
    ['another member', { logs: [{}] }, 'the request holds "logs", expected resourceLogs'],
    ['another list of scopes', { resourceLogs: [{ logs: [] }] }, 'resourceLogs[0] holds "logs"'],
    [
      'another list of records',
      { resourceLogs: [{ scopeLogs: [{ scope: {}, logs: [{}] }] }] },
      'resourceLogs[0].scopeLogs[0] holds "logs", expected logRecords',
    ],
  ])('of %s is refused with a hint', (_name, body, hint) => {
    const decoded = decodeLogs(body)
    expect(decoded.ok ? '' : decoded.error.message).toContain(hint)
  })

  it('that holds a record is not refused for what else is in it', () => {
    const scopeLogs = [{ logs: [] }, { logRecords: [record('good')] }]
    const { accepted } = intakeOf({ resourceMetrics: [], resourceLogs: [{ scopeLogs }] })
    expect(namesOf(accepted)).toEqual(['good'])
  })
})

describe('the names of the protobuf definition', () => {
  it('are understood in all of a request', () => {
    const { accepted } = intakeOf({
      resource_logs: [
        {
          resource: { attributes: [{ key: 'service.name', value: { string_value: 's' } }] },
          scope_logs: [
            {
              scope: { name: 'events' },
              log_records: [
                {
                  time_unix_nano: '1795229558020000000',
                  observed_time_unix_nano: '1795229558021000000',
                  event_name: 'e',
                  trace_id: '0af7651916cd43dd8448eb211c80319c',
                  span_id: 'b7ad6b7169203331',
                  body: { string_value: 'b' },
                  attributes: [{ key: 'n', value: { int_value: '1' } }],
                },
              ],
            },
          ],
        },
      ],
    })
    expect(accepted).toEqual([
      {
        origin: { resource: { 'service.name': 's' }, scopeName: 'events', scopeVersion: '' },
        timeMs: 1795229558020,
        observedMs: 1795229558021,
        eventName: 'e',
        body: 'b',
        attributes: { n: 1 },
        traceId: '0af7651916cd43dd8448eb211c80319c',
        spanId: 'b7ad6b7169203331',
      },
    ])
  })

  it('may be mixed with the others', () => {
    const { accepted } = intakeOf({
      resourceLogs: [{ scope_logs: [{ logRecords: [record('a')] }] }],
    })
    expect(namesOf(accepted)).toEqual(['a'])
  })
})

describe('a bad record among good ones is refused alone', () => {
  it.each([
    ['null', null, ' it is null, expected an object'],
    ['text', 'x', ' it is a string, expected an object'],
    ['attributes', { attributes: 'x' }, ' attributes is a string, expected a list'],
  ])('for %s', (_name, bad, reason) => {
    const { accepted, rejected } = intakeOf(inScope([record('before'), bad, record('after')]))
    expect(namesOf(accepted)).toEqual(['before', 'after'])
    expect(rejected).toEqual([
      { reason: 'malformed', message: `resourceLogs[0].scopeLogs[0].logRecords[1]:${reason}` },
    ])
  })
})

describe('one unreadable field does not cost its record', () => {
  it.each([
    ['an attribute', { attributes: [{ key: 'a' }, null] }],
    ['a key', { attributes: [{ key: 3 }] }],
    ['a value', { attributes: [{ key: 'a', value: { boolValue: 1 } }] }],
    ['the body', { body: ['bare'] }],
    ['the time', { timeUnixNano: 'soon' }],
    ['the observed time', { observedTimeUnixNano: {} }],
    ['the trace id', { traceId: 5 }],
    ['the span id', { spanId: [] }],
  ])('%s', (_name, broken) => {
    const { accepted, rejected } = intakeOf(inScope([{ ...record('kept'), ...broken }]))
    expect(namesOf(accepted)).toEqual(['kept'])
    expect(rejected).toEqual([])
  })

  it('an unreadable time is kept as text', () => {
    const times = [{ low: 194, high: 395403571 }, { low: 195, high: 395403571 }, '12']
    const { accepted } = intakeOf(inScope(times.map((timeUnixNano) => ({ timeUnixNano }))))
    expect(accepted.map(({ timeMs, timeText }) => [timeMs, timeText])).toEqual([
      [undefined, '194 395403571'],
      [undefined, '195 395403571'],
      [0.000012, undefined],
    ])
  })

  it('the resource, and the name of the scope', () => {
    const scopeLogs = [{ scope: { name: 5, version: {} }, logRecords: [record('kept')] }]
    const { accepted } = intakeOf({ resourceLogs: [{ resource: 'x', scopeLogs }] })
    expect(accepted[0]?.origin).toEqual({ resource: {}, scopeName: '', scopeVersion: '' })
  })
})

describe('a broken group costs its own records only', () => {
  const good = { scopeLogs: [{ logRecords: [record('good')] }] }
  let tooDeep: unknown = { stringValue: 'deep' }
  for (let i = 0; i < 40; i++) tooDeep = { arrayValue: { values: [tooDeep] } }
  const three = { scopeLogs: [{ logRecords: [{}, {}] }, { logRecords: [{}] }] }

  it.each([
    ['a null group', null, 1, 'resourceLogs[1] is null, expected an object'],
    ['a text group', 'x', 1, 'resourceLogs[1] is a string, expected an object'],
    ['scopes that are no list', { scopeLogs: 1 }, 1, 'resourceLogs[1].scopeLogs is a number'],
    ['a null scope', { scopeLogs: [null] }, 1, 'resourceLogs[1].scopeLogs[0] is null'],
    ['records that are no list', { scopeLogs: [{ logRecords: {} }] }, 1, 'logRecords is an object'],
    [
      'a resource attribute that nests too deep',
      { ...three, resource: { attributes: [{ key: 'deep', value: tooDeep }] } },
      3,
      'resourceLogs[1]: resource.attributes[0]',
    ],
    [
      'such a resource over a null scope',
      {
        resource: { attributes: [{ key: 'deep', value: tooDeep }] },
        scopeLogs: [null, { logRecords: 5 }, { logRecords: [{}] }],
      },
      3,
      'resource.attributes[0] (deep)',
    ],
    [
      'a scope whose name is too large',
      { scopeLogs: [{ scope: { name: 'x'.repeat(70_000) }, logRecords: [{}, {}] }] },
      2,
      'resourceLogs[1].scopeLogs[0]: scope is larger',
    ],
  ])('%s', (_name, broken, count, reason) => {
    const { accepted, rejected } = intakeOf({ resourceLogs: [good, broken, good] })
    expect(namesOf(accepted)).toEqual(['good', 'good'])
    expect(rejected).toHaveLength(count)
    expect(rejected[0]?.message).toContain(reason)
  })

  it('a null scope leaves its neighbours', () => {
    const scopeLogs = [null, { logRecords: [record('good')] }]
    const { accepted, rejected } = intakeOf({ resourceLogs: [{ scopeLogs }] })
    expect(namesOf(accepted)).toEqual(['good'])
    expect(rejected).toHaveLength(1)
  })
})
