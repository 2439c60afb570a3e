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
    ['another signal', { resourceMetrics: 'ignored' }],
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
})

describe('a bad record among good ones is refused alone', () => {
  it.each([
    ['null', null, ' it is null, expected an object'],
    ['text', 'x', ' it is a string, expected an object'],
    ['attributes', { attributes: 'x' }, ' attributes is a string, expected a list'],
    [
      'an attribute',
      { attributes: [{ key: 'a' }, null] },
      ' attributes[1] is null, expected an object',
    ],
    ['a key', { attributes: [{ key: 3 }] }, ' attributes[0].key is a number, expected a string'],
    [
      'a value',
      { attributes: [{ key: 'a', value: { boolValue: 1 } }] },
      ' attributes[0] (a): boolValue is 1, expected true or false',
    ],
    ['the body', { body: 'bare' }, ' body: value is a string, expected an object'],
    [
      'the time',
      { timeUnixNano: 'soon' },
      ' timeUnixNano is "soon", expected decimal nanoseconds of 64 bits',
    ],
    [
      'the observed time',
      { observedTimeUnixNano: {} },
      ' observedTimeUnixNano is an object, expected decimal nanoseconds of 64 bits',
    ],
    ['the event name', { eventName: 5 }, ' eventName is a number, expected a string'],
    ['the trace id', { traceId: 5 }, ' traceId is a number, expected a string'],
    ['the span id', { spanId: [] }, ' spanId is a list, expected a string'],
  ])('for %s', (_name, bad, reason) => {
    const { accepted, rejected } = intakeOf(inScope([record('before'), bad, record('after')]))
    expect(namesOf(accepted)).toEqual(['before', 'after'])
    expect(rejected).toEqual([
      { reason: 'malformed', message: `resourceLogs[0].scopeLogs[0].logRecords[1]:${reason}` },
    ])
  })
})

describe('a broken group costs its own records only', () => {
  const good = { scopeLogs: [{ logRecords: [record('good')] }] }
  const three = { scopeLogs: [{ logRecords: [{}, {}] }, { logRecords: [{}] }] }

  it.each([
    ['a null group', null, 1, 'resourceLogs[1] is null, expected an object'],
    ['a text group', 'x', 1, 'resourceLogs[1] is a string, expected an object'],
    ['scopes that are no list', { scopeLogs: 1 }, 1, 'resourceLogs[1].scopeLogs is a number'],
    ['a null scope', { scopeLogs: [null] }, 1, 'resourceLogs[1].scopeLogs[0] is null'],
    ['records that are no list', { scopeLogs: [{ logRecords: {} }] }, 1, 'logRecords is an object'],
    ['a resource of text', { ...three, resource: 'x' }, 3, 'resourceLogs[1]: resource is a string'],
    [
      'a bad resource attribute',
      { ...three, resource: { attributes: [null] } },
      3,
      'resourceLogs[1]: resource.attributes[0] is null',
    ],
    [
      'a bad resource over a null scope',
      { resource: 1, scopeLogs: [null, { logRecords: 5 }, { logRecords: [{}] }] },
      3,
      'resource is a number',
    ],
    [
      'a scope of text',
      { scopeLogs: [{ scope: 'x', logRecords: [{}, {}] }] },
      2,
      'resourceLogs[1].scopeLogs[0]: scope is a string',
    ],
    [
      'a scope name',
      { scopeLogs: [{ scope: { name: 1 }, logRecords: [{}] }] },
      1,
      'scope.name is a',
    ],
    [
      'a scope version',
      { scopeLogs: [{ scope: { version: [] }, logRecords: [{}] }] },
      1,
      'scope.version is a list',
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
