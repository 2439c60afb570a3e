/** Masking of items as they were sent, for what is forwarded. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { describe, expect, test } from 'vitest'
import type { LogRecord } from '../../../../src/domain/telemetry-record.ts'
import { type JsonMessage, UNKNOWN_FIELDS } from '../../../../src/otlp/message-codec.ts'
import { inProcess } from '../../../../src/processors/record-processor.ts'
import type { ContentKind } from '../../../../src/processors/redact/content.ts'
import { createRecordMasker } from '../../../../src/processors/redact/record-masker.ts'
import { createRequestMasker } from '../../../../src/processors/redact/request-masker.ts'
import { decodeLogs } from '../../otlp/decoded.ts'

const TOKEN = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789'
const MARK = '[masked: github-token]'

function maskerOf(...kinds: ContentKind[]) {
  const content = new Set(kinds)
  return createRecordMasker({ mode: 'on', attributes: new Set(), userRules: [], content })
}

function masked(item: JsonMessage, ...kinds: ContentKind[]): JsonMessage {
  return { ...createRequestMasker(maskerOf(...kinds), true).maskItem(item) }
}

describe('ids', () => {
  test.each([
    ['0123456789abcdef0123456789ABCDEF', '0123456789abcdef'],
    ['ASNFZ4mrze8BI0VniavN7w==', 'ASNFZ4mrze8='],
    ['', ''],
  ])('that are valid stay: %j, %j', (traceId, spanId) => {
    const item = { traceId, spanId, parent_span_id: spanId, links: [{ traceId, spanId }] }
    expect(masked(item)).toEqual(item)
  })

  test('that are any text are masked as text', () => {
    expect(masked({ traceId: TOKEN, span_id: `a ${TOKEN}`, parentSpanId: 'none' })).toEqual({
      traceId: MARK,
      span_id: `a ${MARK}`,
      parentSpanId: 'none',
    })
  })

  test.each(['hex', 'base64'] as const)(
    'whose bytes are a secret in %s are left out',
    (encoding) => {
      const traceId = Buffer.from(TOKEN).toString(encoding)
      expect(masked({ traceId, links: [{ spanId: traceId }] })).toEqual({
        traceId: '',
        links: [{ spanId: '' }],
      })
    },
  )
})

const text = (value: string) => ({ stringValue: value })
const map = (entries: Record<string, unknown>) => ({
  kvlistValue: { values: Object.entries(entries).map(([key, value]) => ({ key, value })) },
})

describe('values in another notation', () => {
  test('are masked, and written in the usual one', () => {
    const attributes = [
      { key: 'password', value: { string_value: 'Zq8sdfWE3423x' } },
      { key: 'a', value: { array_value: [{ string_value: TOKEN }, { int_value: '1' }] } },
      { key: 'b', value: { kvlist_value: { values: [{ key: 'c', value: { kvlistValue: [] } }] } } },
    ]
    expect(masked({ attributes })).toEqual({
      attributes: [
        { key: 'password', value: text('[masked: password]') },
        { key: 'a', value: { arrayValue: { values: [text(MARK), { intValue: '1' }] } } },
        { key: 'b', value: map({ c: { kvlistValue: { values: [] } } }) },
      ],
    })
  })
})

/** One log record by its body, as it is forwarded and as it is stored. */
function withoutPrompts(item: JsonMessage): readonly [JsonMessage, LogRecord] {
  const decoded = decodeLogs({ resourceLogs: [{ scopeLogs: [{ logRecords: [item] }] }] })
  if (!decoded.ok) throw new Error(decoded.error.message)
  const [record] = inProcess({ signal: 'log', records: decoded.value.accepted })
  if (record === undefined) throw new Error('it was refused')
  maskerOf('prompts').mask(record)
  return [masked(item, 'prompts'), record.record as LogRecord]
}

describe('content that is not kept', () => {
  const inner = text('PROMPT')
  const prompt = map({ prompt: inner, other: text('kept') })
  const attribute = (key: string, value: unknown) => ({ attributes: [{ key, value }] })

  test.each<[string, JsonMessage]>([
    [
      'by protobuf names',
      { body: { kvlist_value: { values: [{ key: 'prompt', value: inner }] } } },
    ],
    ['in a list without its message', { body: { kvlistValue: [{ key: 'prompt', value: inner }] } }],
    ['in a list', { body: { arrayValue: { values: [prompt] } } }],
    ['in lists without their messages', { body: { array_value: [{ array_value: [prompt] }] } }],
    ['in a map', { body: map({ gen_ai: prompt }) }],
    ['in a list in a map', { body: map({ gen_ai: { arrayValue: { values: [prompt] } } }) }],
    ['in an attribute', attribute('gen_ai', prompt)],
    ['in a list in an attribute', attribute('gen_ai', { arrayValue: { values: [prompt] } })],
    [
      'in an attribute by protobuf names',
      attribute('gen_ai', { kvlist_value: prompt.kvlistValue }),
    ],
    ['in a map under a name with underscores', attribute('gen', map({ ai_prompt: inner }))],
    [
      'beside a kind that is empty',
      { body: { kvlistValue: null, kvlist_value: prompt.kvlistValue } },
    ],
    ['beside another kind', { body: { arrayValue: [prompt], kvlist_value: prompt.kvlistValue } }],
    ['as a body of an event', { eventName: 'gen_ai.user.message', body: map({ content: inner }) }],
    [
      'as a body of an event by an attribute',
      { ...attribute('event.name', text('gen_ai.user.message')), body: map({ content: inner }) },
    ],
    [
      'as a body of an event by two names',
      {
        event_name: 'something',
        ...attribute('event_name', { string_value: 'gen_ai.system.message' }),
        body: inner,
      },
    ],
  ])('%s, is neither forwarded nor stored', (_, item) => {
    const [forwarded, stored] = withoutPrompts(item)
    expect(JSON.stringify(forwarded)).not.toContain('PROMPT')
    expect(JSON.stringify(stored)).not.toContain('PROMPT')
    const isAround = JSON.stringify(item).includes('kept')
    for (const kept of [forwarded, stored]) {
      expect(JSON.stringify(kept).includes('kept')).toBe(isAround)
    }
  })

  test('leaves what has a similar name', () => {
    const item = {
      ...attribute('event.name', text('user_prompt')),
      body: map({ prompt_length: { intValue: '1' }, a: map({ prompting: text('x') }) }),
    }
    const [forwarded, stored] = withoutPrompts(item)
    expect(forwarded).toEqual(item)
    expect(stored.body).toEqual({ prompt_length: 1, a: { prompting: 'x' } })
  })
})

describe('fields that are not known', () => {
  const field = (number: number, value: string | Uint8Array) =>
    new BinaryWriter()
      .tag(number, WireType.LengthDelimited)
      .bytes(Buffer.from(value as string))
      .finish()
  const pair = (key: string, value: string) =>
    Buffer.concat([field(1, key), field(2, field(1, value))])
  const item = (bytes: Uint8Array) => ({ [UNKNOWN_FIELDS]: Buffer.from(bytes).toString('base64') })
  const left = { [UNKNOWN_FIELDS]: '' }

  test.each<[string, Uint8Array]>([
    ['a text', field(90, 'some text')],
    ['a pair', field(90, pair('colour', 'Zq8sdfWE3423x'))],
    ['a number', new BinaryWriter().tag(90, WireType.Varint).uint32(7).finish()],
    ['bytes', field(90, Buffer.from([0, 255, 254, 1]))],
  ])('stay: %s', (_, bytes) => {
    expect(masked(item(bytes))).toEqual(item(bytes))
  })

  test.each<[string, Uint8Array]>([
    ['a token', field(90, TOKEN)],
    ['a token between bytes', field(90, Buffer.from(`\u0000\u00ff${TOKEN}\u00ff`, 'latin1'))],
    ['a password by its name', field(90, pair('password', 'Zq8sdfWE3423x'))],
    ['one in a list of maps', field(90, field(6, field(1, pair('password', 'Zq8sdfWE3423x'))))],
    ['more than is looked at', field(90, 'a '.repeat(40_000))],
  ])('are left out with %s', (_, bytes) => {
    expect(masked(item(bytes))).toEqual(left)
  })

  test('are left out where content is not kept', () => {
    expect(masked(item(field(90, 'some text')), 'prompts')).toEqual(left)
  })
})

test('a secret between bytes that are no text is masked in them', () => {
  const value = (secret: string) => ({
    bytesValue: Buffer.from(`\u0000\u00ff ${secret} \u00ff`, 'latin1').toString('base64'),
  })
  const around = (secret: string) => ({
    attributes: [{ key: 'a', value: { arrayValue: { values: [map({ b: value(secret) })] } } }],
    body: value(secret),
  })
  expect(masked(around(TOKEN))).toEqual(around(MARK))
  expect(masked(around('nothing'))).toEqual(around('nothing'))
})
