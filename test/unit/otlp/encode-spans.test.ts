/** What is sent can be read by the decoders, which were held to the real clients. */
import { expect, test } from 'vitest'
import {
  type OutgoingSpan,
  partialSuccessOf,
  spanJson,
  spanProto,
  spansRequestJson,
  spansRequestProto,
} from '../../../src/otlp/encode-spans.ts'
import { partialSuccessProto } from '../../../src/otlp/partial-success.ts'
import { decodeTraces, decodeWireTraces } from './decoded.ts'

const span: OutgoingSpan = {
  traceId: '836d4f99a070c206770564826b6cffc5',
  spanId: '1bb0c20086cc9cde',
  parentSpanId: '00000000000000aa',
  name: 'chat ä \ud83d',
  kind: 3,
  startNanos: '1790000000000000001',
  endNanos: '1790000001500000000',
  attributes: {
    text: 'half \ud83d',
    whole: 42,
    negative: -7,
    large: Number.MAX_SAFE_INTEGER,
    fraction: 0.1,
    amount: { double: 1 },
    yes: true,
    no: false,
    tags: ['a', 'b'],
    none: undefined,
  },
  error: { message: 'overloaded' },
}
const source = {
  resource: { 'service.name': 'claude-telemetry' },
  scopeName: 'claude-telemetry',
  scopeVersion: '1.2.3',
}

function accepted(decoded: ReturnType<typeof decodeTraces>) {
  if (!decoded.ok) throw new Error(decoded.error.message)
  expect(decoded.value.rejected).toEqual([])
  return decoded.value.accepted
}

test('JSON and protobuf say the same', () => {
  const json = accepted(
    decodeTraces(JSON.parse(spansRequestJson([spanJson(span), spanJson(span)], source))),
  )
  const proto = accepted(
    decodeWireTraces(spansRequestProto([spanProto(span), spanProto(span)], source)),
  )
  expect(proto).toEqual(json)
  expect(json).toHaveLength(2)
  expect(json[0]).toMatchObject({
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    name: 'chat ä \ufffd',
    statusCode: 2,
    statusMessage: 'overloaded',
    attributes: {
      text: 'half \ufffd',
      whole: 42,
      negative: -7,
      large: Number.MAX_SAFE_INTEGER,
      fraction: 0.1,
      amount: 1,
      yes: true,
      no: false,
      tags: ['a', 'b'],
    },
    origin: {
      resource: { 'service.name': 'claude-telemetry' },
      scopeName: 'claude-telemetry',
      scopeVersion: '1.2.3',
    },
  })
  expect(Object.keys(json[0]?.attributes ?? {})).not.toContain('none')
})

test('a double stays one, also without a fraction', () => {
  expect(spanJson(span)).toContain('{"key":"amount","value":{"doubleValue":1}}')
})

test('what a receiver rejected is read back', () => {
  const rejected = Array.from(
    { length: 300 },
    () => ({ reason: 'malformed', message: 'no' }) as const,
  )
  expect(partialSuccessOf(partialSuccessProto(rejected))).toMatchObject({
    rejected: 300,
    message: expect.stringContaining('no'),
  })
  expect(partialSuccessOf(new Uint8Array(0))).toEqual({ rejected: 0, message: '' })
  expect(() => partialSuccessOf(Buffer.from('<html>'))).toThrow(/wire type|end|range/i)
})
