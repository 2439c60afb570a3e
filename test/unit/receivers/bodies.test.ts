import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { createStand, jsonType, logsBody, type Stand } from './stand.ts'

const LIMIT = 10_000

let stand: Stand
afterEach(async () => {
  await stand.app.close()
})

const post = (payload: string | Buffer, headers: Record<string, string> = {}) => {
  stand = createStand({ maxRequestBytes: LIMIT })
  return stand.app.inject({
    method: 'POST',
    url: '/v1/logs',
    headers: { ...jsonType, ...headers },
    payload,
  })
}

/** A valid request of exactly this many bytes. */
const sized = (bytes: number): string => `{"resourceLogs":[],"pad":"${'x'.repeat(bytes - 28)}"}`
const gzip = { 'content-encoding': 'gzip' }

describe('a body that can be read', () => {
  it.each([
    ['with a charset', { 'content-type': 'application/json; charset=utf-8' }],
    ['in capitals', { 'content-type': 'Application/JSON' }],
    ['with identity', { 'content-encoding': 'identity' }],
  ])('%s', async (_name, headers) => {
    const reply = await post(logsBody('a'), headers)
    expect([reply.statusCode, reply.body]).toEqual([200, '{}'])
    expect(stand.ingestLogs).toHaveBeenCalledTimes(1)
  })

  it.each(['gzip', 'GZIP', 'x-gzip'])('compressed with %s', async (encoding) => {
    const reply = await post(gzipSync(logsBody('a')), { 'content-encoding': encoding })
    expect([reply.statusCode, reply.body]).toEqual([200, '{}'])
    expect(stand.ingestLogs).toHaveBeenCalledTimes(1)
  })

  it.each([
    ['plain', sized(LIMIT), {}],
    ['compressed', gzipSync(sized(LIMIT)), gzip],
  ])('of exactly the limit, %s', async (_name, payload, headers) => {
    expect((await post(payload, headers)).statusCode).toBe(200)
  })

  it('with __proto__ and constructor in it does not reach any prototype', async () => {
    const body = '{"__proto__":{"resourceLogs":5},"constructor":{"prototype":{"polluted":true}}}'
    const reply = await post(body)
    expect(reply.statusCode).toBe(400)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

describe('a body that cannot be read changes nothing', () => {
  it.each([
    ['no JSON', 'hello', {}, 400, 3, 'not valid JSON'],
    ['half of a JSON', '{"resourceLogs":[', {}, 400, 3, 'not valid JSON'],
    ['nothing', '', { 'content-length': '0' }, 400, 3, 'the body is empty'],
    ['a list', '[]', {}, 400, 3, 'the request is a list, expected a JSON object'],
    ['null', 'null', {}, 400, 3, 'the request is null'],
    [
      'a wrong top',
      '{"resourceLogs":{}}',
      {},
      400,
      3,
      'resourceLogs is an object, expected a list',
    ],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), {}, 400, 3, 'not valid UTF-8'],
    ['broken gzip', 'not gzip', gzip, 400, 3, 'not valid gzip'],
    ['half of a gzip', gzipSync(logsBody('a')).subarray(0, 20), gzip, 400, 3, 'not valid gzip'],
    [
      'one byte too many',
      sized(LIMIT + 1),
      {},
      413,
      8,
      'larger than 10000 bytes; raise MAX_REQUEST_SIZE',
    ],
    [
      'one byte too many inside',
      gzipSync(sized(LIMIT + 1)),
      gzip,
      413,
      8,
      'larger than 10000 bytes',
    ],
    [
      'a gzip bomb',
      gzipSync(Buffer.alloc(50_000_000)).subarray(0, LIMIT),
      gzip,
      413,
      8,
      'larger than',
    ],
    ['an unknown encoding', '{}', { 'content-encoding': 'br' }, 415, 3, 'content-encoding is "br"'],
    [
      'two encodings',
      '{}',
      { 'content-encoding': 'gzip, gzip' },
      415,
      3,
      'content-encoding is "gzip, gzip"',
    ],
    ['text', '{}', { 'content-type': 'text/plain' }, 415, 3, 'content-type is "text/plain"'],
    ['a broken type', '{}', { 'content-type': 'json' }, 415, 3, 'content-type is "json"'],
  ])('%s', async (_name, payload, headers, status, code, message) => {
    const reply = await post(payload, headers)
    expect(reply.statusCode).toBe(status)
    expect(reply.headers['content-type']).toBe('application/json')
    expect(reply.json()).toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    })
    expect(stand.ingestLogs).not.toHaveBeenCalled()
    expect(stand.counters.snapshot()).toMatchObject({
      requestCount: 1,
      errorCount: 1,
      errorsByStatus: { [status]: 1 },
    })
  })

  it.each([
    ['a body', '{}'],
    ['nothing', undefined],
  ])('%s without a type', async (_name, payload) => {
    stand = createStand()
    const request = { method: 'POST', url: '/v1/logs', ...(payload !== undefined && { payload }) }
    const reply = await stand.app.inject({ ...request, method: 'POST' })
    expect(reply.statusCode).toBe(415)
    expect(reply.json()).toMatchObject({ code: 3 })
  })
})

describe('whatever comes', () => {
  it.each(['/v1/logs', '/v1/metrics', '/v1/traces'])('%s answers, and goes on', async (url) => {
    stand = createStand()
    const { app } = stand
    const bodies = fc.oneof(
      fc.json(),
      fc.string(),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    )
    await fc.assert(
      fc.asyncProperty(bodies, fc.boolean(), async (payload, isGzip) => {
        const headers = { ...jsonType, 'content-length': String(Buffer.byteLength(payload)) }
        const encoded = isGzip ? gzipSync(payload) : payload
        const request = isGzip
          ? { headers: { ...jsonType, ...gzip }, payload: encoded }
          : { headers, payload: encoded }
        const reply = await app.inject({ method: 'POST', url, ...request })
        expect([200, 400]).toContain(reply.statusCode)
        expect(() => reply.json<unknown>()).not.toThrow()
      }),
      { numRuns: 200 },
    )
    const next = await app.inject({ method: 'POST', url, headers: jsonType, payload: '{}' })
    expect([next.statusCode, next.body]).toEqual([200, '{}'])
  })
})
