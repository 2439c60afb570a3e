/** Spans about the insides of a known agent are refused as such, and do not fill the quarantine. */
import { expect, test } from 'vitest'
import type { LogRecord, MetricPoint, SpanRecord } from '../../../src/domain/telemetry-record.ts'
import { processRecords } from '../../../src/processors/stored-processor.ts'

const NOW = 1_795_000_000_000

const reasonOf = (scopeName: string, service: string): string | undefined => {
  const span: SpanRecord = {
    origin: { resource: { 'service.name': service }, scopeName, scopeVersion: '' },
    ...{ traceId: 't', spanId: 's', name: 'sql.execute', startMs: NOW - 2, endMs: NOW - 1 },
    ...{ attributes: {}, moments: [], statusCode: 0, statusMessage: '' },
  }
  return processRecords({ signal: 'trace', records: [span] }, NOW).rejected[0]?.reason
}

test.each([
  ['codex_exec', 'codex_exec', {}, 'not_work'],
  ['qwen-code', 'qwen-code', {}, 'not_work'],
  ['github.copilot', 'github-copilot', {}, 'not_work'],
  ['com.anthropic.claude_code', 'claude-code', {}, 'no_session'],
  ['codex_exec', 'codex_exec', { 'conversation.id': 'x'.repeat(201) }, 'session_id_too_long'],
  ['my.library', 'my-service', {}, 'unknown_agent'],
])(
  'a metric of scope %s and service %s that names %j: %s',
  (scopeName, service, attributes, reason) => {
    const point: MetricPoint = {
      origin: { resource: { 'service.name': service }, scopeName, scopeVersion: '' },
      temporality: 'delta',
      ...{ name: 'gen_ai.client.token.usage', unit: '{token}', value: 1, attributes },
      ...{ startNanos: '1', timeNanos: '2', timeMs: NOW },
    }
    const { rejected } = processRecords({ signal: 'metric', records: [point] }, NOW)
    expect(rejected[0]?.reason).toBe(reason)
  },
)

test.each([
  ['opencode', 'opencode', 'not_work'],
  ['codex_exec', 'codex_exec', 'not_work'],
  ['gemini-cli', 'gemini-cli', 'not_work'],
  ['my.library', 'my-service', 'unknown_agent'],
])('a span of scope %s and service %s: %s', (scope, service, reason) => {
  expect(reasonOf(scope, service)).toBe(reason)
})

test('the message of a refusal names a span, a metric and a log record as what they are', () => {
  const origin = {
    resource: { 'service.name': 'codex_exec' },
    scopeName: 'codex_exec',
    scopeVersion: '',
  }
  const span: SpanRecord = {
    ...{ origin, traceId: 't', spanId: 's', name: 'sql.execute', startMs: NOW - 2, endMs: NOW - 1 },
    ...{ attributes: {}, moments: [], statusCode: 0, statusMessage: '' },
  }
  const point: MetricPoint = {
    ...{ origin, temporality: 'delta', name: 'codex.turns', unit: '1', value: 1, attributes: {} },
    ...{ startNanos: '1', timeNanos: '2', timeMs: NOW },
  }
  const log: LogRecord = {
    ...{ origin, timeMs: NOW, observedMs: NOW, eventName: '', body: 'a line', attributes: {} },
  }
  const messages = [
    processRecords({ signal: 'trace', records: [span] }, NOW),
    processRecords({ signal: 'metric', records: [point] }, NOW),
    processRecords({ signal: 'log', records: [log] }, NOW),
  ].map(({ rejected }) => rejected[0]?.message)
  expect(messages).toEqual([
    'the span "sql.execute" is internal to Codex CLI: nothing is shown of it',
    'the metric "codex.turns" is internal to Codex CLI: nothing is shown of it',
    'a log record without a name is internal to Codex CLI: nothing is shown of it',
  ])
})
