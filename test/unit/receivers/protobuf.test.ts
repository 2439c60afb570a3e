/** Protobuf over HTTP: answered in protobuf, whatever the answer is. */
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { encoded } from '../otlp/encode.ts'
import { fieldsOf, textOf } from '../otlp/wire-fields.ts'
import { createStand, type Stand } from './stand.ts'

let stand: Stand
afterEach(async () => {
  await stand.app.close()
})

const type = 'application/x-protobuf'
const request = (payload: Buffer, headers: Record<string, string> = {}, url = '/v1/logs') => {
  const length = { 'content-length': String(payload.length) }
  return stand.app.inject({
    method: 'POST',
    url,
    headers: { 'content-type': type, ...length, ...headers },
    payload,
  })
}
const logs = (...names: string[]): Buffer =>
  encoded('Logs', {
    resourceLogs: [{ scopeLogs: [{ logRecords: names.map((eventName) => ({ eventName })) }] }],
  })

describe('a request in protobuf', () => {
  it.each([
    ['plain', logs('a', 'b'), {}],
    ['compressed', gzipSync(logs('a', 'b')), { 'content-encoding': 'gzip' }],
    ['with its type in capitals', logs('a', 'b'), { 'content-type': 'Application/X-Protobuf' }],
  ])('%s is stored, and answered with an empty message', async (_name, payload, headers) => {
    stand = createStand()
    const reply = await request(payload, headers)
    expect([reply.statusCode, reply.headers['content-type']]).toEqual([200, type])
    expect(reply.rawPayload).toHaveLength(0)
    const [records] = stand.ingestLogs.mock.calls[0] ?? []
    expect(records?.map((record) => record.eventName)).toEqual(['a', 'b'])
  })

  it.each(['/v1/logs', '/v1/metrics', '/v1/traces'])('of no bytes succeeds on %s', async (url) => {
    stand = createStand()
    expect((await request(Buffer.alloc(0), {}, url)).statusCode).toBe(200)
  })

  it('of metrics and spans goes to its own place', async () => {
    stand = createStand()
    const sum = { aggregationTemporality: 1, dataPoints: [{ asInt: 1 }] }
    const metrics = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'm', sum }] }] }] }
    expect((await request(encoded('Metrics', metrics), {}, '/v1/metrics')).statusCode).toBe(200)
    expect(stand.ingestMetrics.mock.calls[0]?.[0]).toMatchObject([{ name: 'm', value: 1 }])
    const spans = { resourceSpans: [{ scopeSpans: [{ spans: [{}] }] }] }
    const reply = await request(encoded('Traces', spans), {}, '/v1/traces')
    const partialSuccess = fieldsOf(fieldsOf(reply.rawPayload)[1])
    expect(Number(partialSuccess[1])).toBe(1)
    expect(textOf(partialSuccess[2])).toContain('traceId is missing or invalid')
  })
})

describe('a failure is google.rpc.Status in protobuf', () => {
  it.each([
    ['bytes that are none', Buffer.from('hello'), {}, '/v1/logs', 400, 3],
    ['broken gzip', logs('a'), { 'content-encoding': 'gzip' }, '/v1/logs', 400, 3],
    ['too large', Buffer.alloc(10_001), {}, '/v1/logs', 413, 8],
    ['an unknown encoding', logs('a'), { 'content-encoding': 'br' }, '/v1/logs', 415, 3],
    ['an unknown path', logs('a'), {}, '/v1/profiles', 404, 5],
    ['a foreign host', logs('a'), { host: 'evil.example' }, '/v1/logs', 403, 7],
  ])('for %s', async (_name, payload, headers, url, status, code) => {
    stand = createStand()
    const reply = await request(payload, headers, url)
    expect([reply.statusCode, reply.headers['content-type']]).toEqual([status, type])
    const fields = fieldsOf(reply.rawPayload)
    expect(Number(fields[1])).toBe(code)
    expect(textOf(fields[2])).not.toBe('')
    expect(stand.ingestLogs).not.toHaveBeenCalled()
  })

  it('with the store away too, and without Retry-After', async () => {
    stand = createStand()
    stand.ingestLogs.mockRejectedValue(new Error('disk full'))
    const reply = await request(logs('a'))
    expect([reply.statusCode, reply.headers['retry-after']]).toEqual([503, undefined])
    expect(Number(fieldsOf(reply.rawPayload)[1])).toBe(14)
  })
})

it('bad data carries a BadRequest in JSON as well', async () => {
  stand = createStand()
  const reply = await request(Buffer.from('hello'), { 'content-type': 'application/json' })
  expect(reply.json()).toMatchObject({
    details: [
      {
        '@type': 'type.googleapis.com/google.rpc.BadRequest',
        fieldViolations: [{ description: expect.stringContaining('not valid JSON') as string }],
      },
    ],
  })
})
