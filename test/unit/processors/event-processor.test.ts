import { describe, expect, test } from 'vitest'
import type { Attributes } from '../../../src/domain/json-value.ts'
import type { LogRecord, Origin } from '../../../src/domain/telemetry-record.ts'
import { processLogs } from './processed.ts'

const NOW = 1_795_229_600_000
const T = 1_795_229_558_000

const origin: Origin = {
  resource: { 'service.version': '2.1.329', team: 'core', 'host.arch': 'amd64' },
  scopeName: 'com.anthropic.claude_code.events',
  scopeVersion: '2.1.329',
}

function log(name: string, attributes: Attributes, more: Partial<LogRecord> = {}): LogRecord {
  return {
    origin,
    timeMs: T,
    observedMs: T,
    eventName: '',
    body: `claude_code.${name}`,
    attributes: { 'session.id': 's1', 'user.id': 'u1', 'event.name': name, ...attributes },
    ...more,
  }
}

const one = (record: LogRecord) => processLogs([record], NOW).accepted[0]?.item

describe('an api_request', () => {
  const numbers = { input_tokens: 4, output_tokens: 88, cost_usd: 0.073326, duration_ms: 190 }
  const strings = Object.fromEntries(Object.entries(numbers).map(([k, v]) => [k, String(v)]))

  test.each([
    ['numbers, as the newest versions send', numbers],
    ['strings, as versions to 2.1.112 send', strings],
  ])('reads %s', (_, attributes) => {
    expect(one(log('api_request', { model: 'm', request_id: 'r1', ...attributes }))).toMatchObject({
      kind: 'model_call',
      dedupKey: 'api_request|r1',
      usage: { input: 4, output: 88, cacheRead: 0, cacheCreation: 0 },
      cost: { usd: 0.073326, source: 'agent' },
      durationMs: 190,
      isMain: true,
    })
  })

  test.each([
    ['sdk', {}, true],
    ['repl_main_thread', {}, true],
    ['repl_main_thread:outputStyle:default', {}, true],
    ['generate_session_title', {}, false],
    ['agent:builtin:general-purpose', { agent_id: 'a1' }, false],
  ])('from %s is main: %j %s', (source, more, isMain) => {
    expect(one(log('api_request', { query_source: source, ...more }))).toMatchObject({ isMain })
  })
})

describe('a raw body', () => {
  const file = { request_body_id: 'b1', body_ref: '/bodies/b1.json' }
  const question = [{ role: 'user', content: 'hi' }]

  test.each([
    ['in the record', { body: JSON.stringify({ messages: question }) }, question],
    ['in a file that was not looked for', {}, '[in the file /bodies/b1.json]'],
    [
      'in a file that was not read',
      { body_unread: 'is not there, or cannot be read' },
      '[in the file /bodies/b1.json, not read: it is not there, or cannot be read]',
    ],
    [
      'of too many values',
      { body: `{"messages":[${'{},'.repeat(140_000)}{}]}` },
      expect.any(String),
    ],
  ])('%s', (_, attributes, messages) => {
    expect(one(log('api_request_body', { ...file, ...attributes }))).toMatchObject({
      kind: 'request_body',
      messages,
    })
  })
})

describe('content', () => {
  test.each([
    [
      { prompt: 'hello', prompt_length: '5' },
      { text: 'hello', length: 5 },
    ],
    [
      { prompt: '<REDACTED>', prompt_length: '34' },
      { note: 'not recorded: set OTEL_LOG_USER_PROMPTS=1', length: 34 },
    ],
    [{}, { note: 'not recorded: set OTEL_LOG_USER_PROMPTS=1' }],
  ])('%j', (attributes, prompt) => {
    expect(one(log('user_prompt', attributes))).toMatchObject({ kind: 'prompt', prompt })
  })
})

describe('the key against duplicates', () => {
  const key = (record: LogRecord) => one(record)?.dedupKey
  test('is the API’s id where there is one', () => {
    expect(key(log('tool_result', { tool_use_id: 't1' }))).toBe('tool_result|t1')
    expect(key(log('tool_decision', { tool_use_id: 't1' }))).toBe('tool_decision|t1')
  })
  test('is the agent’s count with the time, since the count starts again on resume', () => {
    expect(key(log('hook_registered', { 'event.sequence': 3 }))).toBe(`hook_registered|3|${T}`)
  })
  test('is the content, in versions that do not count', () => {
    const first = key(log('tool_result', { tool_name: 'Read' }))
    expect(first).not.toBe(key(log('tool_result', { tool_name: 'Edit' })))
    expect(first).toBe(key(log('tool_result', { tool_name: 'Read' })))
  })
})

describe('refused alone, with a reason', () => {
  const anonymous = { 'session.id': '', 'user.id': '' }
  test.each([
    ['no_session', log('api_request', anonymous)],
    ['session_id_too_long', log('api_request', { 'session.id': 'x'.repeat(201) })],
    [
      'unknown_agent',
      log('api_request', {}, { origin: { ...origin, scopeName: 'my.app' }, body: 'my.app.event' }),
    ],
    ['no_event_name', log('', { 'event.name': '' }, { body: null })],
  ])('%s', (reason, bad) => {
    const { accepted, rejected } = processLogs([bad, log('user_prompt', {})], NOW)
    expect(rejected.map((r) => r.reason)).toEqual([reason])
    expect(accepted).toHaveLength(1)
  })
})

describe('identity and place', () => {
  test('an unknown event is kept as other', () => {
    expect(one(log('brand_new', {}))).toMatchObject({ kind: 'other', name: 'brand_new' })
  })
  test('names of object internals are ordinary names', () => {
    expect(one(log('constructor', {}))).toMatchObject({ kind: 'other', name: 'constructor' })
  })
  test('labels are what the user put on the resource', () => {
    expect(one(log('user_prompt', {}))?.identity).toEqual({
      userId: 'u1',
      agentVersion: '2.1.329',
      labels: { team: 'core' },
    })
  })
  test('without a session id: user, terminal and day', () => {
    const item = one(log('user_prompt', { 'session.id': '', 'terminal.type': 'xterm' }))
    expect(item?.sessionId).toBe('no-session-id:u1:xterm:2026-11-21')
  })
  test.each([
    ['missing', undefined],
    ['before 2000', 1],
    ['after 2100', 5e12],
    ['infinite', Number.POSITIVE_INFINITY],
  ])('a time that is %s is replaced by the time of arrival', (_, timeMs) => {
    expect(one(log('user_prompt', {}, { timeMs, observedMs: undefined }))?.timeMs).toBe(NOW)
  })
  test('events are put in the order in which they happened', () => {
    const { accepted } = processLogs(
      [
        log('c', { 'event.sequence': 9 }),
        log('b', { 'event.sequence': 8 }),
        log('a', {}, { timeMs: T - 1 }),
      ],
      NOW,
    )
    expect(accepted.map((a) => a.item.name)).toEqual(['a', 'b', 'c'])
  })
})
