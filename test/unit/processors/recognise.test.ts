import { describe, expect, it } from 'vitest'
import type { Attributes } from '../../../src/domain/json-value.ts'
import type {
  LogRecord,
  MetricPoint,
  Origin,
  SpanRecord,
} from '../../../src/domain/telemetry-record.ts'
import { processLogs, processMetrics, processSpans } from './processed.ts'

const NOW = Date.parse('2026-11-26T12:00:00Z')
const noOrigin: Origin = { resource: {}, scopeName: '', scopeVersion: '' }
const own: Attributes = { 'session.id': 's', 'user.id': 'u', 'event.name': 'api_request' }

function log(changes: Partial<LogRecord>): LogRecord {
  return {
    origin: noOrigin,
    timeMs: NOW,
    observedMs: undefined,
    eventName: '',
    body: null,
    attributes: own,
    ...changes,
  }
}

function point(changes: Partial<MetricPoint>): MetricPoint {
  return {
    origin: noOrigin,
    name: 'claude_code.cost.usage',
    unit: 'USD',
    temporality: 'delta',
    startNanos: '1',
    timeNanos: `${NOW}000000`,
    timeMs: NOW,
    value: 0.5,
    attributes: { 'session.id': 's', 'user.id': 'u' },
    ...changes,
  }
}

function span(changes: Partial<SpanRecord>): SpanRecord {
  return {
    origin: noOrigin,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    name: 'claude_code.llm_request',
    startMs: NOW - 1000,
    endMs: NOW,
    attributes: { 'session.id': 's', 'user.id': 'u' },
    moments: [],
    statusCode: 0,
    statusMessage: '',
    ...changes,
  }
}

const readLog = (changes: Partial<LogRecord>) => processLogs([log(changes)], NOW)
const eventOf = (changes: Partial<LogRecord>) => readLog(changes).accepted[0]?.item

describe('a record without its scope', () => {
  it.each([
    ['its body', { body: 'claude_code.api_request' }],
    ['its body with an underscore', { body: 'claude_code_api_request' }],
    ['its event name', { eventName: 'claude_code.api_request' }],
    [
      'the name among its attributes',
      { attributes: { ...own, 'event.name': 'claude_code.api_request' } },
    ],
    ['a bare name beside its count', { attributes: { ...own, 'event.sequence': 3 } }],
    ['its service', { origin: { ...noOrigin, resource: { 'service.name': 'claude-code' } } }],
    [
      'its service with an underscore',
      { origin: { ...noOrigin, resource: { service_name: 'claude-code' } } },
    ],
  ])('is known by %s', (_name, changes) => {
    expect(eventOf(changes)).toMatchObject({
      agent: 'claude-code',
      kind: 'model_call',
      name: 'api_request',
      sessionId: 's',
    })
  })

  it.each([
    ['a bare name alone', {}],
    [
      'the name of no event of Claude Code',
      { attributes: { ...own, 'event.name': 'codex.api_request', 'event.sequence': 1 } },
    ],
    [
      'a bare name beside its count in a scope of another',
      { origin: { ...noOrigin, scopeName: 'other' }, attributes: { ...own, 'event.sequence': 3 } },
    ],
    ['a text that mentions it', { body: 'claude_code. is a prefix' }],
    [
      'another service',
      { origin: { ...noOrigin, resource: { 'service.name': 'my-claude-code' } } },
    ],
  ])('is not known by %s', (_name, changes) => {
    expect(readLog(changes).rejected).toMatchObject([{ reason: 'unknown_agent' }])
  })

  it.each(['claude_code.cost.usage', 'claude_code_cost_usage', 'claude_code_cost_usage_USD_total'])(
    'is known as the metric %s',
    (name) => {
      expect(processMetrics([point({ name })], NOW).accepted[0]?.item).toMatchObject({
        measure: 'cost_usd',
        name: 'claude_code.cost.usage',
        value: 0.5,
      })
    },
  )

  it.each(['claude_code.llm_request', 'claude_code_llm_request'])(
    'is known as the span %s',
    (name) => {
      expect(processSpans([span({ name })], NOW).accepted[0]?.item).toMatchObject({
        role: 'model_call',
      })
    },
  )
})

describe('names that a pipeline changed', () => {
  const underscored = {
    session_id: 's',
    user_id: 'u',
    event_name: 'api_request',
    event_sequence: '7',
    prompt_id: 'p',
    agent_id: 'sub',
    input_tokens: 5,
  }

  it('are read with their dots, and those that have underscores of their own stay', () => {
    const scope = { ...noOrigin, scopeName: 'com.anthropic.claude_code.events' }
    expect(eventOf({ origin: scope, attributes: underscored })).toMatchObject({
      sessionId: 's',
      sequence: 7,
      promptId: 'p',
      subagentId: 'sub',
      usage: { input: 5 },
    })
  })

  it('are read where they became nested objects', () => {
    const attributes = { session: { id: 's' }, user: { id: 'u' }, event: { name: 'api_request' } }
    expect(eventOf({ body: 'claude_code.api_request', attributes })).toMatchObject({
      sessionId: 's',
    })
  })

  it('do not replace a name that is there', () => {
    const attributes = { ...own, session_id: 'other', 'user.id': undefined as never, user_id: 'u' }
    expect(eventOf({ body: 'claude_code.api_request', attributes })).toMatchObject({
      sessionId: 's',
    })
  })

  it('are stored as they are read, so that a replay reads the same', () => {
    const [first] = readLog({ body: 'claude_code.api_request', attributes: underscored }).accepted
    const record = first?.stored.record as LogRecord
    const again = processLogs([{ ...record, origin: first?.origin ?? noOrigin }], NOW)
    expect(again.accepted[0]?.item).toEqual(first?.item)
  })
})

describe('ids that a pipeline moved', () => {
  const resource = { 'session.id': 'of the resource', user_id: 'u', 'service.name': 'claude-code' }
  const origin = { ...noOrigin, resource }

  it('are found on the resource', () => {
    expect(eventOf({ origin, attributes: { 'event.name': 'api_request' } })).toMatchObject({
      sessionId: 'of the resource',
      identity: { userId: 'u' },
    })
    expect(
      processMetrics([point({ origin, attributes: {} })], NOW).accepted[0]?.item,
    ).toMatchObject({
      sessionId: 'of the resource',
    })
    expect(processSpans([span({ origin, attributes: {} })], NOW).accepted[0]?.item).toMatchObject({
      sessionId: 'of the resource',
    })
  })

  it('do not replace those of the record', () => {
    expect(eventOf({ origin })).toMatchObject({ sessionId: 's' })
  })

  it('leave the origin one object for all records of a scope', () => {
    const records = [log({ origin, attributes: { 'event.name': 'a' } }), log({ origin })]
    const [first, second] = processLogs(records, NOW).accepted
    expect(first?.origin).toBe(second?.origin)
  })
})

describe('a time that cannot be true', () => {
  const scope = { ...noOrigin, scopeName: 'com.anthropic.claude_code.events' }
  const hourAgo = NOW - 3_600_000
  const timeOf = (changes: Partial<LogRecord>) => eventOf({ origin: scope, ...changes })

  it.each([
    ['the observed time', { observedMs: hourAgo }],
    [
      'the time of the event',
      { attributes: { ...own, 'event.timestamp': '2026-11-26T11:00:00.000Z' } },
    ],
    ['its milliseconds', { attributes: { ...own, 'event.timestamp': hourAgo } }],
    ['its nanoseconds', { attributes: { ...own, 'event.timestamp': `${hourAgo}000000` } }],
    ['its seconds', { attributes: { ...own, 'event.timestamp': hourAgo / 1000 } }],
    [
      'its name with an underscore',
      {
        attributes: {
          session_id: 's',
          event_name: 'api_request',
          event_timestamp: '2026-11-26T11:00:00Z',
        },
      },
    ],
  ])('gives way to %s', (_name, changes) => {
    expect(timeOf({ timeMs: 952557003, ...changes })).toMatchObject({
      timeMs: hourAgo,
      implausible: { time: '952557003' },
    })
  })

  it('gives way to that of arrival where there is no other', () => {
    const attributes = { ...own, 'event.timestamp': 'soon' }
    expect(timeOf({ timeMs: 5, attributes })).toMatchObject({
      timeMs: NOW,
      implausible: { time: '5' },
    })
  })

  it('tells two records apart that have no other', () => {
    const keys = ['1 2', '2 2'].map((timeText) => timeOf({ timeMs: undefined, timeText }))
    expect(new Set(keys.map((item) => item?.dedupKey)).size).toBe(2)
  })

  it('is the same record when it comes again later', () => {
    const broken = log({ origin: scope, timeMs: undefined, timeText: '1 2' })
    const [first] = processLogs([broken], NOW).accepted
    const [again] = processLogs([broken], NOW + 60_000).accepted
    expect(again?.item.dedupKey).toBe(first?.item.dedupKey)
  })
})
