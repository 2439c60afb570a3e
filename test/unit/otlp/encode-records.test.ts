/** Decoded records as a request again: what the decoders make of it is what they were. */
import { expect, test } from 'vitest'
import type { ForwardedRecords } from '../../../src/domain/forwarded-records.ts'
import { recordsRequestJson } from '../../../src/otlp/encode-records.ts'
import { decodeLogs, decodeMetrics, decodeTraces } from './decoded.ts'

const origin = {
  resource: { 'service.name': 'claude-code', team: 'red' },
  scopeName: 'com.anthropic.claude_code.events',
  scopeVersion: '2.1.329',
}
const batch = { kind: 'records', sessionKey: 'claude-code/s1', key: '', origin } as const
const values = {
  text: 'ä',
  empty: '',
  whole: 7,
  fraction: 0.5,
  large: '9223372036854775807',
  yes: true,
  list: [1, 'two', [3]],
  map: { inner: { deep: 'x' }, none: null },
}

function sent(request: ForwardedRecords): unknown {
  return JSON.parse(JSON.stringify(JSON.parse(recordsRequestJson(request))))
}

test('logs', () => {
  const record = {
    timeMs: 1_795_229_558_020.5,
    observedMs: 1_795_229_558_021,
    eventName: 'claude_code.api_request',
    body: 'claude_code.api_request',
    attributes: values,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
  }
  const bare = {
    timeMs: undefined,
    observedMs: undefined,
    eventName: '',
    body: null,
    attributes: {},
  }
  const decoded = decodeLogs(sent({ ...batch, signal: 'log', records: [record, bare] }))
  expect(decoded).toEqual({
    ok: true,
    value: {
      accepted: [
        { ...record, origin },
        { ...bare, origin },
      ],
      rejected: [],
    },
  })
})

test('metric points', () => {
  const point = {
    name: 'claude_code.cost.usage',
    unit: 'USD',
    temporality: 'delta',
    startNanos: '1795229558020500001',
    timeNanos: '1795229559020500003',
    timeMs: 1_795_229_559_020.5,
    value: 1,
    attributes: values,
  } as const
  const cumulative = { ...point, temporality: 'cumulative', value: 0.1 } as const
  const decoded = decodeMetrics(sent({ ...batch, signal: 'metric', records: [point, cumulative] }))
  expect(decoded).toMatchObject({
    ok: true,
    value: {
      accepted: [
        { ...point, origin },
        { ...cumulative, origin },
      ],
      rejected: [],
    },
  })
})

test('spans', () => {
  const span = {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    parentSpanId: 'b7ad6b7169203332',
    name: 'claude_code.tool',
    startMs: 1_795_229_558_020.5,
    endMs: 1_795_229_558_021,
    attributes: values,
    moments: [{ name: 'tool.output', timeMs: 1_795_229_558_020.75, attributes: { a: 1 } }],
    statusCode: 2,
    statusMessage: 'no',
  } as const
  const decoded = decodeTraces(sent({ ...batch, signal: 'trace', records: [span] }))
  expect(decoded).toEqual({ ok: true, value: { accepted: [{ ...span, origin }], rejected: [] } })
})
