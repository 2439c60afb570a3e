/** Masking of records: every text of every signal, by rule or by name, and what is counted. */
import { describe, expect, test } from 'vitest'
import type { Attributes } from '../../../../src/domain/json-value.ts'
import type { LogRecord } from '../../../../src/domain/telemetry-record.ts'
import { inProcess, type SignalRecords } from '../../../../src/processors/record-processor.ts'
import {
  createRecordMasker,
  type MaskSettings,
} from '../../../../src/processors/redact/record-masker.ts'
import { parseUserRules } from '../../../../src/processors/redact/user-rules.ts'
import { processLogs } from '../processed.ts'

const TOKEN = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789'
const MARK = '[masked: github-token]'
const NOW = 1_795_229_600_000

const plain: MaskSettings = {
  mode: 'on',
  attributes: new Set(),
  userRules: [],
  content: new Set(),
}

function masked(records: SignalRecords, settings: Partial<MaskSettings> = {}) {
  const [record] = inProcess(records)
  if (record === undefined) throw new Error('no record was given')
  createRecordMasker({ ...plain, ...settings }).mask(record)
  return record.record
}

const origin = {
  resource: { team: TOKEN, [TOKEN]: 'x' },
  scopeName: `s ${TOKEN}`,
  scopeVersion: TOKEN,
}
const maskedOrigin = {
  resource: { team: MARK, [MARK]: 'x' },
  scopeName: `s ${MARK}`,
  scopeVersion: MARK,
}
const log = (attributes: Attributes, more: Partial<LogRecord> = {}): SignalRecords => {
  const record: LogRecord = {
    origin: { resource: {}, scopeName: 'com.anthropic.claude_code', scopeVersion: '1' },
    timeMs: NOW,
    observedMs: NOW,
    eventName: 'user_prompt',
    body: null,
    attributes,
    ...more,
  }
  return { signal: 'log', records: [record] }
}
const attributesOf = (record: unknown) => (record as LogRecord).attributes

describe('every text is masked', () => {
  test('of a log record', () => {
    const attributes = {
      prompt: `use ${TOKEN}`,
      [TOKEN]: 1,
      nested: { list: [TOKEN, { [TOKEN]: TOKEN }] },
    }
    const record = masked(log(attributes, { origin, eventName: TOKEN, body: { a: [TOKEN] } }))
    expect(record).toMatchObject({
      origin: maskedOrigin,
      eventName: MARK,
      body: { a: [MARK] },
      attributes: { prompt: `use ${MARK}`, [MARK]: 1, nested: { list: [MARK, { [MARK]: MARK }] } },
      masked: { 'github-token': 7 },
    })
    expect(JSON.stringify(record)).not.toContain('ghp_')
  })

  test('of a metric point', () => {
    const point = {
      origin,
      name: TOKEN,
      unit: TOKEN,
      temporality: 'delta',
      startNanos: '1',
      timeNanos: '2',
      timeMs: NOW,
      value: 1,
      attributes: { a: TOKEN },
    } as const
    const record = masked({ signal: 'metric', records: [point] })
    expect(record).toMatchObject({
      origin: maskedOrigin,
      name: MARK,
      unit: MARK,
      attributes: { a: MARK },
    })
  })

  test('of a span and its events', () => {
    const span = {
      origin,
      traceId: '1'.repeat(32),
      spanId: '1'.repeat(16),
      name: TOKEN,
      startMs: NOW,
      endMs: NOW,
      attributes: { a: TOKEN },
      moments: [{ name: TOKEN, timeMs: NOW, attributes: { output: TOKEN } }],
      statusCode: 0,
      statusMessage: TOKEN,
    } as const
    expect(masked({ signal: 'trace', records: [span] })).toMatchObject({
      origin: maskedOrigin,
      name: MARK,
      attributes: { a: MARK },
      moments: [{ name: MARK, attributes: { output: MARK } }],
      statusMessage: MARK,
    })
  })

  test('of a hook and its labels', () => {
    const hook = {
      agent: 'claude-code',
      body: { tool_input: { command: TOKEN } },
      labels: { branch: TOKEN },
    }
    expect(masked({ signal: 'hook', records: [hook] })).toMatchObject({
      body: { tool_input: { command: MARK } },
      labels: { branch: MARK },
      masked: { 'github-token': 2 },
    })
  })
})

test('a record without secrets stays the object that it is', () => {
  const records = log({ prompt: 'say hello', n: 1, list: ['a', { b: 'c' }] })
  expect(masked(records)).toBe(records.records[0])
})

test('a value is masked for the name it stands under', () => {
  const attributes = {
    'db.password': 'correcthorse',
    password: 12_345_678,
    env: { API_SECRET: 'abcd-efgh', PATH: '/usr/bin' },
    args: ['--password', 'hunter22', '--region', 'eu'],
    variables: [{ name: 'DB_PASSWORD', value: 'hunter22' }],
    input_tokens: 1234,
    'prompt.id': 'abc',
  }
  expect(attributesOf(masked(log(attributes)))).toEqual({
    'db.password': '[masked: password]',
    password: '[masked: password]',
    env: { API_SECRET: '[masked: secret]', PATH: '/usr/bin' },
    args: ['--password', '[masked: password]', '--region', 'eu'],
    variables: [{ name: 'DB_PASSWORD', value: '[masked: password]' }],
    input_tokens: 1234,
    'prompt.id': 'abc',
  })
})

test('a resend keeps its key, and different records keep different ones', () => {
  const keyOf = (attributes: Attributes) => {
    const record = masked(log({ 'session.id': 's1', ...attributes })) as LogRecord
    const item = processLogs([record], NOW).accepted[0]?.item
    return item?.kind === 'metric' ? undefined : [item?.dedupKey, item?.masked]
  }
  const [first, counts] = keyOf({ prompt: `use ${TOKEN}` }) ?? []
  expect(keyOf({ prompt: `use ${TOKEN}` })?.[0]).toBe(first)
  expect(keyOf({ prompt: `take ${TOKEN}` })?.[0]).not.toBe(first)
  expect(first).not.toContain('ghp_')
  expect(counts).toEqual({ 'github-token': 1 })
})

test('MASK=off leaves all as it is', () => {
  const records = log({ prompt: TOKEN }, { origin })
  expect(masked(records, { mode: 'off' })).toBe(records.records[0])
})

test('MASK=strict hashes e-mail addresses and account ids, and cuts home folders', () => {
  const attributes = {
    prompt: String.raw`mail Ada@Example.com about /home/ada/x, /Users/ada/y and C:\Users\ada\z`,
    'user.account_uuid': '0d3a5c1e-5b8e-4f0e-9d2f-3f6a1f0c7b11',
    'user.email': 'ada@example.com',
  }
  const strict = attributesOf(masked(log(attributes), { mode: 'strict' }))
  expect(strict.prompt).toMatch(/^mail email-[0-9a-f]{12} about ~\/x, ~\/y and ~\\z$/)
  expect(strict['user.account_uuid']).toMatch(/^account-[0-9a-f]{12}$/)
  expect(strict['user.email']).toMatch(/^email-[0-9a-f]{12}$/)
  expect(strict.prompt).toContain(strict['user.email'])
  expect(attributesOf(masked(log(attributes)))).toEqual(attributes)
})

test('MASK_ATTRIBUTES masks a value whatever it is', () => {
  const settings = { attributes: new Set(['customer.name']) }
  const attributes = { 'Customer.Name': 'Ada', customer: { 'customer.name': 5 } }
  expect(attributesOf(masked(log(attributes), settings))).toEqual({
    'Customer.Name': '[masked: attribute]',
    customer: { 'customer.name': '[masked: attribute]' },
  })
})

describe('MASK_PATTERNS_FILE', () => {
  test('has a pattern a line', () => {
    const rules = parseUserRules('# ours\n\nticket: TICKET-\\d+\nname: (?:Ada|Grace)\n')
    if (!rules.ok) throw new Error(rules.error)
    const settings = { userRules: rules.value }
    const record = masked(log({ prompt: 'Ada asks about TICKET-12 and TICKET-13' }), settings)
    expect(record).toMatchObject({
      attributes: { prompt: '[masked: name] asks about [masked: ticket] and [masked: ticket]' },
      masked: { name: 1, ticket: 2 },
    })
  })

  test('cannot stop the process: patterns run in linear time', () => {
    const rules = parseUserRules('bad: (a+)+b')
    if (!rules.ok) throw new Error(rules.error)
    const prompt = 'a'.repeat(50_000)
    const record = masked(log({ prompt }), { userRules: rules.value })
    expect(attributesOf(record).prompt).toBe(prompt)
  })

  test.each([
    ['no colon', 'line 1 is not "name: pattern"'],
    ['ok: x\nbad: (', 'line 2 (bad) is not a regular expression'],
    ['back: (a)\\1', 'line 1 (back) is not a regular expression'],
    ['all: x*', 'line 1 (all) matches the empty text'],
  ])('%j is refused', (text, message) => {
    const rules = parseUserRules(text)
    expect(rules.ok ? '' : rules.error).toContain(message)
  })
})

describe('content that is not kept', () => {
  test('is taken out of log records', () => {
    const attributes = {
      prompt: 'hello',
      prompt_length: 5,
      tool_input: '{}',
      tool_parameters: '{}',
      body: '{}',
      response: 'yes',
    }
    const without = (...kinds: ('prompts' | 'responses' | 'toolInput' | 'bodies')[]) =>
      Object.keys(attributesOf(masked(log(attributes), { content: new Set(kinds) })))
    expect(without('prompts')).toEqual([
      'prompt_length',
      'tool_input',
      'tool_parameters',
      'body',
      'response',
    ])
    expect(without('toolInput', 'bodies')).toEqual(['prompt', 'prompt_length', 'response'])
    expect(without('responses')).not.toContain('response')
  })

  test('is taken out of hooks', () => {
    const body = {
      prompt: 'a',
      tool_input: {},
      tool_response: {},
      last_assistant_message: 'b',
      tool_use_id: 't',
      error: 'c',
    }
    const hook = { agent: 'claude-code', body, labels: {} }
    const kinds = ['prompts', 'responses', 'toolInput', 'toolOutput'] as const
    const record = masked(
      { signal: 'hook', records: [hook] },
      { content: new Set(kinds), mode: 'off' },
    )
    expect(record).toEqual({ ...hook, body: { tool_use_id: 't' } })
  })

  test('is taken out of spans and their events', () => {
    const span = {
      origin: { resource: {}, scopeName: 's', scopeVersion: '' },
      traceId: '1'.repeat(32),
      spanId: '1'.repeat(16),
      name: 'tool',
      startMs: NOW,
      endMs: NOW,
      attributes: { user_prompt: 'a', 'gen_ai.input.messages': '[]', model: 'm' },
      moments: [{ name: 'tool.output', timeMs: NOW, attributes: { output: 'x', type: 'y' } }],
      statusCode: 0,
      statusMessage: '',
    } as const
    const content = new Set(['prompts', 'toolOutput'] as const)
    expect(masked({ signal: 'trace', records: [span] }, { content })).toMatchObject({
      attributes: { model: 'm' },
      moments: [{ name: 'tool.output', attributes: { type: 'y' } }],
    })
  })
})

test('maskers share a fingerprint when they mask alike', () => {
  const rule = parseUserRules('ticket: T-[0-9]+')
  if (!rule.ok) throw new Error(rule.error)
  const fingerprintOf = (more: Partial<MaskSettings>) =>
    createRecordMasker({ ...plain, ...more }).fingerprint
  const userRules = [{ name: 'ticket', pattern: /T-[0-9]+/ }]
  expect(fingerprintOf({ userRules })).toBe(fingerprintOf({ userRules: rule.value }))
  expect(fingerprintOf({ attributes: new Set(['a', 'b']) })).toBe(
    fingerprintOf({ attributes: new Set(['b', 'a']) }),
  )
  const different = [
    plain,
    { mode: 'off' },
    { mode: 'strict' },
    { attributes: new Set(['a']) },
    { content: new Set(['prompts']) },
    { userRules },
    { userRules: [{ name: 'ticket', pattern: /T-[0-9]*/ }] },
    { userRules: [{ name: 'issue', pattern: /T-[0-9]+/ }] },
  ] satisfies readonly Partial<MaskSettings>[]
  expect(new Set(different.map(fingerprintOf)).size).toBe(different.length)
})

test('a value that is known to have no secret is known for its name alone', () => {
  const masker = createRecordMasker(plain)
  const maskedOf = (attributes: Attributes) => masker.maskAttributes(attributes)
  const value = 'hunter2hunter2'
  for (let time = 0; time < 3; time += 1) {
    expect(maskedOf({ note: value, model: 'opus' })).toEqual({ note: value, model: 'opus' })
    const { db_password: secret } = maskedOf({ db_password: value })
    expect(secret).toMatch(/^\[masked: /)
    expect(maskedOf({ note: `${value} ${TOKEN}` })).toEqual({ note: `${value} ${MARK}` })
  }
})
