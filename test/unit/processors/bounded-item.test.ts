import { describe, expect, test } from 'vitest'
import type { Attributes } from '../../../src/domain/json-value.ts'
import type { Arrival } from '../../../src/domain/session-store.ts'
import type { LogRecord, MetricPoint, SpanRecord } from '../../../src/domain/telemetry-record.ts'
import { boundedItem } from '../../../src/processors/bounded-item.ts'
import { call, noteEvent } from '../sessions/events.ts'
import { processHook, processLogs, processMetrics, processSpans } from './processed.ts'

const NOW = 1_795_229_600_000
const LONG = 'n'.repeat(1_000_000)
/** More than any name, and less than content that is left whole. */
const MAX = 1500

const originOf = (resource: Attributes) => {
  return { resource, scopeName: 'com.anthropic.claude_code', scopeVersion: '1' }
}

function log(name: string, attributes: Attributes, resource: Attributes = {}): Arrival {
  const record: LogRecord = {
    origin: originOf(resource),
    timeMs: NOW,
    observedMs: NOW,
    eventName: name,
    body: null,
    attributes: { 'session.id': 's1', 'event.sequence': 1, ...attributes },
  }
  return onlyOne(processLogs([record], NOW).accepted)
}

function onlyOne(arrivals: readonly Arrival[]): Arrival {
  expect(arrivals).toHaveLength(1)
  return arrivals[0] as Arrival
}

/** The longest text in a value, keys among them, without the fields named. */
function longest(value: unknown, whole: readonly string[] = []): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 0
  const entries = Object.entries(value).filter(([key]) => !whole.includes(key))
  return Math.max(0, ...entries.flatMap(([key, of]) => [key.length, longest(of, whole)]))
}

/** Every attribute that any reader looks at, of a megabyte each. */
const LONG_ATTRIBUTES: Attributes = Object.fromEntries(
  [
    'prompt.id',
    'agent_id',
    'agent.name',
    'agent_type',
    'final_model',
    'model',
    'request_id',
    'request_body_id',
    'message.uuid',
    'query_source',
    'tool_name',
    'tool_use_id',
    'source',
    'error_type',
    'command_name',
    'speed',
    'effort',
    'stop_reason',
    'user.email',
    'organization.id',
    'terminal.type',
    'hook_name',
    'start_type',
    'type',
    'to_mode',
    'skill.name',
    'server_name',
    'decision',
  ].map((key) => [key, LONG]),
)
const LONG_RESOURCE: Attributes = {
  'service.version': LONG,
  'deployment.environment': LONG,
  team: LONG,
  [LONG]: 'value',
}

describe('names of a megabyte', { timeout: 120_000 }, () => {
  const begun = (name: string) => [name.slice(0, 30), name] as const

  test.each(
    [
      'user_prompt',
      'api_request',
      'assistant_response',
      'api_error',
      'tool_decision',
      'tool_result',
      'api_request_body',
      'api_response_body',
      'subagent_completed',
      'hook_execution_complete',
      'permission_mode_changed',
      'skill_activated',
      'mcp_server_connection',
      LONG,
    ].map(begun),
  )('of a log record are cut, and the record is stored as it was sent: %s', (_, name) => {
    const { item, stored } = log(name, LONG_ATTRIBUTES, LONG_RESOURCE)
    // What a note says of its event is content, and cut where it is too long for that.
    expect(longest(item, ['details'])).toBeLessThan(MAX)
    expect(longest(item)).toBeLessThan(11_000)
    expect(longest(stored)).toBe(LONG.length)
  })

  test('of a span are cut', () => {
    const record: SpanRecord = {
      origin: originOf(LONG_RESOURCE),
      traceId: '1'.repeat(32),
      spanId: '1'.repeat(16),
      name: LONG,
      startMs: NOW,
      endMs: NOW,
      attributes: { 'session.id': 's1', ...LONG_ATTRIBUTES },
      moments: [],
      statusCode: 0,
      statusMessage: '',
    }
    expect(longest(onlyOne(processSpans([record], NOW).accepted).item)).toBeLessThan(MAX)
  })

  test.each(['claude_code.lines_of_code.count', LONG].map(begun))(
    'of a metric are cut: %s',
    (_, name) => {
      const point: MetricPoint = {
        origin: originOf(LONG_RESOURCE),
        name,
        unit: LONG,
        temporality: 'delta',
        startNanos: '1',
        timeNanos: '9'.repeat(2000),
        timeMs: NOW,
        value: 1,
        attributes: { 'session.id': 's1', ...LONG_ATTRIBUTES },
      }
      expect(longest(onlyOne(processMetrics([point], NOW).accepted).item)).toBeLessThan(MAX)
    },
  )

  test.each(['PostToolUse', 'SubagentStop', 'SessionEnd', 'Stop', LONG].map(begun))(
    'of a hook are cut: %s',
    (_, name) => {
      const body: Attributes = {
        session_id: 's1',
        hook_event_name: name,
        prompt_id: LONG,
        agent_id: LONG,
        agent_type: LONG,
        tool_name: LONG,
        tool_use_id: LONG,
        tool_response: { agentId: LONG },
        background_tasks: [{ id: LONG, status: 'running' }],
        reason: LONG,
      }
      const arrival = processHook('claude-code', body, NOW, { folder: LONG, [LONG]: 'x' })
      if (!arrival.ok) throw new Error(arrival.error.message)
      expect(longest(arrival.value.item, ['output'])).toBeLessThan(MAX)
      expect(longest(arrival.value.stored)).toBe(LONG.length)
    },
  )

  test('that differ stay two, and the same name stays one', () => {
    const modelOf = (model: string) => boundedItem(call(0, 'r1', { model })).model
    const [one, other] = [`${LONG}1`, `${LONG}2`].map(modelOf)
    expect(one).not.toBe(other)
    expect(modelOf(`${LONG}1`)).toBe(one)
    expect(one).toMatch(/^n{100,}…#[0-9a-f]{16}$/)
    expect(modelOf(one as string)).toBe(one)
    const halves = ['\ud800', '\ud801'].map((half) => modelOf(half.repeat(300)))
    expect(new Set(halves).size).toBe(2)
  })

  test('keep records apart, and one that comes twice the same', () => {
    const keyOf = (id: string) => log('tool_result', { tool_use_id: id }).item.dedupKey
    expect(keyOf(`${LONG}1`)).not.toBe(keyOf(`${LONG}2`))
    expect(keyOf(`${LONG}1`)).toBe(keyOf(`${LONG}1`))
  })

  test('find each other: a call, its answer, its bodies and its span', () => {
    const ids = ['api_request', 'assistant_response', 'api_response_body'].map((name) => {
      const { item } = log(name, { request_id: LONG })
      return 'requestId' in item ? item.requestId : undefined
    })
    expect(new Set(ids).size).toBe(1)
  })

  test.each(['漢', '\u0001', '😀', '"', '\ud800'])(
    'are cut by the bytes they take as well: %j',
    (character) => {
      const { model } = boundedItem(call(0, 'r1', { model: character.repeat(190) }))
      expect(Buffer.byteLength(JSON.stringify(model))).toBeLessThanOrEqual(400)
      expect(model.isWellFormed()).toBe(character.isWellFormed())
    },
  )
})

describe('what is of a usual length', () => {
  test('stays as it is', () => {
    const { item } = log(
      'api_request',
      { model: 'm'.repeat(200), request_id: 'r'.repeat(200), speed: 'fast' },
      { team: 'red', note: 'x'.repeat(1000) },
    )
    expect(item).toMatchObject({
      model: 'm'.repeat(200),
      requestId: 'r'.repeat(200),
      dedupKey: `api_request|${'r'.repeat(200)}`,
      parameters: { speed: 'fast' },
      identity: { labels: { team: 'red', note: 'x'.repeat(1000) } },
    })
    expect(boundedItem(item)).toBe(item)
  })
})

describe('labels', () => {
  const labelsOf = (resource: Attributes) => log('x', {}, resource).item.identity.labels ?? {}

  test('have long values cut, with a mark', () => {
    expect(labelsOf({ note: LONG }).note).toMatch(/^n{1000}… \[cut: 1000 of 1000000 characters\]$/)
  })

  test('are a few dozen at most, those that the product reads among them', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`k${n}`, 'v']))
    const labels = labelsOf({ ...many, team: 'red', repository: 'here' })
    expect(Object.keys(labels).length).toBeLessThanOrEqual(64)
    expect(labels).toMatchObject({ k0: 'v', team: 'red', repository: 'here' })
  })
})

test('details of a note are a few dozen at most, and cut', () => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`k${n}`, LONG]))
  const note = { ...noteEvent(0, 'note'), details: many } as Parameters<typeof boundedItem>[0]
  const bounded = boundedItem(note)
  if (bounded.kind !== 'note') throw new Error('it is a note')
  expect(Object.keys(bounded.details)).toHaveLength(64)
  expect(longest(bounded.details)).toBeLessThan(10_100)
})
