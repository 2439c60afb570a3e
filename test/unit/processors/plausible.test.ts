/** Figures and times that cannot be true, at the door: marked, and not taken for a figure. */
import { describe, expect, test } from 'vitest'
import { claudeCodeHooks } from '../../../src/agents/claude-code/hooks.ts'
import type { ModelCallEvent } from '../../../src/domain/agent-event.ts'
import type { Attributes, AttributeValue } from '../../../src/domain/json-value.ts'
import type { LogRecord, MetricPoint, SpanRecord } from '../../../src/domain/telemetry-record.ts'
import { processLogs, processMetrics, processSpans } from './processed.ts'

const NOW = 1_795_229_600_000
const T = 1_795_229_558_000
const DAY_MS = 86_400_000
const origin = { resource: {}, scopeName: 'com.anthropic.claude_code', scopeVersion: '' }

function logged(name: string, attributes: Attributes, timeMs: number | undefined = T) {
  const record: LogRecord = {
    origin,
    timeMs,
    observedMs: undefined,
    eventName: '',
    body: null,
    attributes: { 'session.id': 's1', 'event.name': name, ...attributes },
  }
  const arrival = processLogs([record], NOW).accepted[0]
  return { event: arrival?.item, stored: arrival?.stored.record }
}

const numbers: readonly [key: string, value: AttributeValue, read: number | undefined][] = [
  ['cost_usd', 0.5, 0.5],
  ['cost_usd', '0.0000042', 0.0000042],
  ['cost_usd', '3.9999999999999996e-05', 3.9999999999999996e-5],
  ['cost_usd', 0, 0],
  ['cost_usd', 10_000, 10_000],
  ['cost_usd', 10_000.01, undefined],
  ['cost_usd', 1e308, undefined],
  ['cost_usd', '1e300', undefined],
  ['cost_usd', -0.01, undefined],
  ['cost_usd', 'NaN', undefined],
  ['cost_usd', 'Infinity', undefined],
  ['cost_usd', '-Infinity', undefined],
  ['cost_usd', '0x10', undefined],
  ['cost_usd', ' 12', undefined],
  ['cost_usd', '1e3 ', undefined],
  ['cost_usd', '1_000', undefined],
  ['cost_usd', '١٢', undefined],
  ['cost_usd', '+5', undefined],
  ['cost_usd', true, undefined],
  ['cost_usd', [1], undefined],
  ['duration_ms', 7 * DAY_MS, 7 * DAY_MS],
  ['duration_ms', 1e15, undefined],
  ['duration_ms', -5, undefined],
  ['ttft_ms', '9223372036854775807', undefined],
]

describe('a figure of a call', () => {
  test.each(numbers)('%s %j is read as %s', (key, value, read) => {
    const { event, stored } = logged('api_request', { model: 'm', [key]: value })
    const { cost, durationMs, ttftMs } = event as ModelCallEvent
    expect({ cost_usd: cost?.usd, duration_ms: durationMs, ttft_ms: ttftMs }).toHaveProperty(
      key,
      read,
    )
    const sent = typeof value === 'object' ? JSON.stringify(value) : String(value)
    expect(event?.implausible).toEqual(read === undefined ? { [key]: sent } : undefined)
    expect(stored).toMatchObject({ attributes: { [key]: value } })
  })

  test.each([[1e308], [-1], ['0x10'], ['9007199254740993000'], [1e9 + 1]])(
    '%j tokens are none',
    (value) => {
      const { event } = logged('api_request', { output_tokens: value, input_tokens: 7 })
      expect(event).toMatchObject({ usage: { input: 7, output: 0 } })
      expect(event?.implausible).toEqual({ output_tokens: String(value) })
    },
  )

  test('what was not told is not marked', () => {
    const { event } = logged('api_request', { model: 'm', cost_usd: '', duration_ms: null })
    expect(event).not.toHaveProperty('cost')
    expect(event).not.toHaveProperty('durationMs')
    expect(event).not.toHaveProperty('implausible')
  })

  test('a long text is marked by its beginning', () => {
    const { event } = logged('api_request', { cost_usd: '9'.repeat(5000) })
    expect(event?.implausible?.cost_usd).toBe('9'.repeat(100))
  })
})

test.each([
  ['tool_result', 'duration_ms', '1e15'],
  ['tool_result', 'tool_result_size_bytes', '-1'],
  ['api_error', 'duration_ms', 1e300],
  ['api_error', 'status_code', 1e300],
  ['compaction', 'duration_ms', '1e15'],
  ['subagent_completed', 'total_tokens', 1e300],
  ['hook_execution_complete', 'total_duration_ms', '1e15'],
  ['user_prompt', 'prompt_length', '1e15'],
])('%s: %s %j is left out, and marked', (name, key, value) => {
  const { event } = logged(name, { [key]: value })
  expect(event?.implausible).toEqual({ [key]: String(value) })
  const rest = { ...event, implausible: undefined }
  expect(JSON.stringify(rest)).not.toMatch(/1e\+?15|1e\+?300|1000000000000000|-1\b/)
})

describe('the time of a record', () => {
  test.each([
    ['years old', T - 700 * DAY_MS, false],
    ['ahead by a time zone', NOW + 14 * 3_600_000, false],
    ['a day ahead', NOW + DAY_MS, false],
    ['more than a day ahead', NOW + DAY_MS + 1, true],
    ['in 2099', 4_090_000_000_000, true],
    ['in 2554', 18_446_744_073_709.55, true],
    ['before all time', 1, true],
  ])('%s', (_, timeMs, isReplaced) => {
    const expected = isReplaced ? NOW : timeMs
    const mark = isReplaced ? { time: String(timeMs) } : undefined
    const { event } = logged('user_prompt', {}, timeMs)
    expect([event?.timeMs, event?.implausible]).toEqual([expected, mark])
    const sample = processMetrics([point({ timeMs })], NOW).accepted[0]?.item
    expect([sample?.timeMs, sample?.implausible]).toEqual([expected, mark])
  })
})

function point(more: Partial<MetricPoint>): MetricPoint {
  return {
    origin,
    name: 'claude_code.cost.usage',
    unit: '',
    temporality: 'delta',
    startNanos: '1',
    timeNanos: '2',
    timeMs: T,
    value: 0.5,
    attributes: { 'session.id': 's1' },
    ...more,
  }
}

describe('the value of a metric point', () => {
  test.each<[Partial<MetricPoint>, boolean]>([
    [{ value: 0.5 }, true],
    [{ value: 1e308 }, false],
    [{ value: -1 }, false],
    [{ value: 500_000 }, false],
    [{ value: 500_000, temporality: 'cumulative' }, true],
    [{ value: 1e8, temporality: 'cumulative' }, false],
    [{ name: 'claude_code.token.usage', value: 2 ** 63 }, false],
    [{ name: 'claude_code.active_time.total', value: 1e9 }, false],
    [{ name: 'claude_code.lines_of_code.count', value: 1e12 }, false],
    [{ name: 'claude_code.commit.count', value: -3 }, false],
    [{ name: 'claude_code.session.count', value: 1e300 }, false],
    [{ name: 'something.else', value: -1e300 }, true],
  ])('%j', (more, isBelieved) => {
    const sample = processMetrics([point(more)], NOW).accepted[0]
    const { value = Number.NaN } = more
    expect(sample?.item).toMatchObject({ value: isBelieved ? value : undefined })
    expect(sample?.item.implausible).toEqual(isBelieved ? undefined : { value: String(value) })
    expect(sample?.stored.record).toMatchObject({ value })
  })
})

describe('the times of a span', () => {
  const span = (more: Partial<SpanRecord>) => {
    const record: SpanRecord = {
      origin,
      traceId: 't',
      spanId: 's',
      name: 'claude_code.llm_request',
      startMs: T - 100,
      endMs: T,
      attributes: { 'session.id': 's1', request_id: 'r1' },
      moments: [],
      statusCode: 0,
      statusMessage: '',
      ...more,
    }
    return processSpans([record], NOW).accepted[0]?.item
  }
  const FUTURE_MS = 4_090_000_000_000

  test.each<[string, Partial<SpanRecord>, number, number, object | undefined]>([
    ['as told', {}, T - 100, T, undefined],
    ['an end in the future', { endMs: FUTURE_MS }, T - 100, NOW, { end_time: String(FUTURE_MS) }],
    [
      'both in the future',
      { startMs: FUTURE_MS, endMs: FUTURE_MS },
      NOW,
      NOW,
      { start_time: String(FUTURE_MS), end_time: String(FUTURE_MS) },
    ],
    [
      'longer than a week',
      { startMs: T - 8 * DAY_MS },
      T,
      T,
      { start_time: String(T - 8 * DAY_MS) },
    ],
    ['begun before all time', { startMs: 1 }, T, T, { start_time: '1' }],
    ['turned round', { startMs: T + 5 }, T, T, undefined],
  ])('%s', (_, more, startMs, endMs, implausible) => {
    expect(span(more)).toMatchObject({ startMs, endMs, timeMs: endMs })
    expect(span(more)?.implausible).toEqual(implausible)
  })

  test('what happened within it has its time, or the span’s start', () => {
    const moment = (timeMs: number | undefined) => ({
      name: 'gen_ai.request.attempt',
      timeMs,
      attributes: {},
    })
    const moments = [T - 90, FUTURE_MS, 5, T - 9 * DAY_MS, undefined].map(moment)
    const start = T - 100
    expect(span({ moments })).toMatchObject({ attemptsMs: [T - 90, start, start, start, start] })
  })
})

test('a hook’s figures are held to the same bounds', () => {
  const body = { session_id: 's1', hook_event_name: 'PostToolUse', tool_use_id: 't1' }
  const read = (duration_ms: AttributeValue) =>
    claudeCodeHooks.read({ ...body, duration_ms }, { arrivedMs: NOW, labels: {} })
  expect(read(12)).toMatchObject({ durationMs: 12 })
  expect(read(1e15)).not.toHaveProperty('durationMs')
  expect(read(1e15)?.implausible).toEqual({ duration_ms: '1000000000000000' })
  expect(read(1e15)?.dedupKey).not.toBe(read(2e15)?.dedupKey)
})
