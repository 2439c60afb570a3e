/** What the forwarding exporter makes of items, those of earlier versions among them. */
import { expect, test } from 'vitest'
import type { ForwardedRecords } from '../../../src/domain/forwarded-records.ts'
import type { ForwardedRequest } from '../../../src/domain/forwarded-request.ts'
import { createForwardExporter } from '../../../src/exporters/forward/forward-exporter.ts'
import type { OtlpClient } from '../../../src/exporters/otlp/otlp-client.ts'
import { readEmission, writeEmission } from '../../../src/storage/emission-text.ts'

const never = new AbortController().signal

async function sent(item: ForwardedRecords | ForwardedRequest) {
  const requests: unknown[] = []
  const client = (name: string): OtlpClient => ({
    send: async (signal, body, items) => {
      requests.push([name, signal, items, typeof body === 'string' ? JSON.parse(body) : body])
      return { kind: 'accepted' }
    },
    probe: async () => ({ kind: 'accepted' }),
  })
  const [lane] = createForwardExporter({
    clients: { json: client('json'), protobuf: client('protobuf') },
    address: 'http://collector',
    credentials: '',
  }).lanes
  const read = readEmission(writeEmission(item), 1)
  if (!read.ok || lane === undefined) throw new Error('it cannot be read')
  expect(await lane.send([lane.encode(read.value)], never)).toEqual({ kind: 'accepted' })
  return requests
}

const request: ForwardedRequest = {
  kind: 'records',
  sessionKey: '',
  key: '',
  signal: 'traces',
  encoding: 'json',
  items: 2,
  request: { resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'a' }, { name: 'b' }] }] }] },
}

test('a request goes in the encoding in which it came', async () => {
  expect(await sent(request)).toEqual([['json', 'traces', 2, request.request]])
  const [proto] = await sent({ ...request, encoding: 'protobuf' })
  const spans = [0x0a, 0x0c, 0x12, 0x0a, 0x12, 0x03, 0x2a, 0x01, 0x61, 0x12, 0x03, 0x2a, 0x01, 0x62]
  expect(proto).toEqual(['protobuf', 'traces', 2, new Uint8Array(spans)])
})

test('records that an earlier version kept are still sent', async () => {
  const records: ForwardedRecords = {
    kind: 'records',
    sessionKey: 'claude-code/s1',
    key: '',
    origin: { resource: { 'service.name': 'claude-code' }, scopeName: 'a', scopeVersion: '1' },
    signal: 'log',
    records: [
      { timeMs: 1000, observedMs: undefined, eventName: 'x', body: null, attributes: { n: 1 } },
    ],
  }
  expect(await sent(records)).toMatchObject([
    [
      'json',
      'logs',
      1,
      {
        resourceLogs: [
          { scopeLogs: [{ logRecords: [{ timeUnixNano: '1000000000', eventName: 'x' }] }] },
        ],
      },
    ],
  ])
})
