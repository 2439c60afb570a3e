/** Requests in protobuf that came to the wrong path: nothing in their frame says so. */
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import { describe, expect, it } from 'vitest'
import { decodeWireLogs, decodeWireMetrics, decodeWireTraces } from './decoded.ts'
import { encoded } from './encode.ts'

const attributes = [{ key: 'session.id', value: { stringValue: 's' } }]
const log = { timeUnixNano: '1795229558020000000', body: { stringValue: 'b' }, attributes }
const point = { asDouble: 1, timeUnixNano: '1795229558020000000', attributes }
const span = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  name: 'claude_code.tool',
  startTimeUnixNano: '1795229558020000000',
  endTimeUnixNano: '1795229558021000000',
  attributes,
}

const logs = (...logRecords: object[]) =>
  encoded('Logs', { resourceLogs: [{ scopeLogs: [{ logRecords }] }] })
const metrics = (...list: object[]) =>
  encoded('Metrics', { resourceMetrics: [{ scopeMetrics: [{ metrics: list }] }] })
const traces = (...spans: object[]) =>
  encoded('Traces', { resourceSpans: [{ scopeSpans: [{ spans }] }] })

const sum = { name: 'm', sum: { aggregationTemporality: 1, dataPoints: [point] } }
const decoders = { logs: decodeWireLogs, metrics: decodeWireMetrics, traces: decodeWireTraces }

describe('a request in protobuf', () => {
  it.each([
    ['logs', 'metrics', logs(log)],
    ['logs', 'traces', logs(log)],
    ['logs', 'metrics', logs({ body: log.body, attributes })],
    ['metrics', 'logs', metrics(sum)],
    ['metrics', 'traces', metrics(sum)],
    ['traces', 'logs', traces(span)],
    ['traces', 'metrics', traces(span)],
  ] as const)('of %s is refused where %s belong', (sent, expected, bytes) => {
    const decoded = decoders[expected](bytes)
    expect(decoded.ok ? '' : decoded.error.message).toContain(`send it to /v1/${sent}`)
  })

  it.each([
    ['logs', logs(log, {})],
    ['logs', logs({ eventName: 'bare' })],
    ['metrics', metrics(sum)],
    ['metrics', metrics({ name: 'g', gauge: { dataPoints: [point] } })],
    ['metrics', metrics({ name: 'named only' })],
    ['traces', traces(span)],
    ['logs', Buffer.alloc(0)],
    ['metrics', metrics()],
    ['traces', encoded('Traces', { resourceSpans: [{ resource: { attributes } }] })],
  ] as const)('of %s is taken where it belongs', (signal, bytes) => {
    expect(decoders[signal](bytes)).toMatchObject({ ok: true })
  })

  it('that holds fields of no request is refused', () => {
    const bytes = new BinaryWriter()
      .uint32((9 << 3) | 2)
      .string('what')
      .finish()
    const decoded = decodeWireLogs(bytes)
    expect(decoded.ok ? '' : decoded.error.message).toContain('nothing of the request was recog')
  })

  it('that is JSON is refused with a hint', () => {
    const decoded = decodeWireLogs(Buffer.from(' {"resourceLogs":[]}'))
    expect(decoded.ok ? '' : decoded.error.message).toContain('send it as application/json')
  })
})
