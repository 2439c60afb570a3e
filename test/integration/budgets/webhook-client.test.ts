/** The webhook's client and real connections. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createWebhookClient } from '../../../src/alerts/webhook-client.ts'
import { PATIENCE_MS } from '../../patience.ts'
import { SECRET_PATH } from './webhook-receiver.ts'

const message = {
  id: 'a',
  text: 'spent',
  scope: 'day',
  subject: null,
  date: '2026-11-21',
  thresholdPercent: 80,
  limitUsd: 10,
  spentUsd: 8,
  at: '2026-11-21T09:00:00.000Z',
}
const NOW_MS = Date.UTC(2026, 10, 21, 9)

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return `http://127.0.0.1:${port}`
}

function post(base: string, timeoutMs = PATIENCE_MS, stop = new AbortController().signal) {
  const url = `${base}${SECRET_PATH}?sig=hidden`
  return createWebhookClient({ url, timeoutMs }).post(message, NOW_MS, stop)
}

describe('a check', () => {
  const check = (base: string) =>
    createWebhookClient({
      url: `${base}${SECRET_PATH}?sig=hidden`,
      headers: { authorization: 'Bearer hidden' },
      timeoutMs: PATIENCE_MS,
    }).check(new AbortController().signal)

  test('takes any answer, and tells nobody anything', async () => {
    const asked: unknown[] = []
    const base = await serve((request, response) => {
      asked.push([request.method, request.headers.authorization, request.headers['content-length']])
      response.writeHead(405).end()
    })
    expect(await check(base)).toEqual({ ok: true, value: undefined })
    expect(asked).toEqual([['HEAD', undefined, undefined]])
  })

  test('of a server that is not there says so, without the address', async () => {
    const found = await check('http://127.0.0.1:9')
    expect(found).toMatchObject({ error: expect.stringMatching(/^127\.0\.0\.1:9: /) as string })
    expect(JSON.stringify(found)).not.toContain(SECRET_PATH)
  })
})

describe('the answer of a webhook', () => {
  test('of 2xx is a success, whatever its body', async () => {
    const base = await serve((_, response) => response.writeHead(202).end('x'.repeat(1_000_000)))
    expect(await post(base)).toEqual({ ok: true, value: undefined })
  })

  test.each([
    [404, {}, 'no_service', { reason: 'HOST: HTTP 404: no_service', retryAfterMs: undefined }],
    [500, {}, '', { reason: 'HOST: HTTP 500', retryAfterMs: undefined }],
    [429, { 'retry-after': '30' }, '', { reason: 'HOST: HTTP 429', retryAfterMs: 30_000 }],
    [
      429,
      { 'retry-after': 'Sat, 21 Nov 2026 09:01:00 GMT' },
      '',
      { reason: 'HOST: HTTP 429', retryAfterMs: 60_000 },
    ],
  ])('%d %j %j', async (status, headers, body, expected) => {
    const base = await serve((_, response) => response.writeHead(status, headers).end(body))
    const reason = expected.reason.replace('HOST', new URL(base).host)
    expect(await post(base)).toEqual({ ok: false, error: { ...expected, reason } })
  })

  test('that redirects is not followed', async () => {
    const asked: (string | undefined)[] = []
    const base = await serve((request, response) => {
      asked.push(request.url)
      response.writeHead(307, { location: '/elsewhere' }).end()
    })
    expect(await post(base)).toMatchObject({ ok: false })
    expect(asked).toHaveLength(1)
  })
})

describe('no answer', () => {
  test('within the time is a failure', async () => {
    const base = await serve(() => {})
    expect(await post(base, 50)).toMatchObject({
      ok: false,
      error: { reason: `${new URL(base).host}: no answer within 50 ms` },
    })
  })

  test('ends at a stop', async () => {
    const base = await serve(() => {})
    const aborter = new AbortController()
    const posting = post(base, 60_000, aborter.signal)
    aborter.abort()
    expect(await posting).toMatchObject({ ok: false })
  })
})

test('no failure tells the address, which is a secret', async () => {
  const echo = await serve((request, response) => {
    response.writeHead(400).end(`${request.url} at http://${request.headers.host}${request.url}?`)
  })
  const broken = await serve((request) => request.socket.destroy())
  const failures = [await post(echo), await post(broken), await post('http://127.0.0.1:1')]
  expect(failures).toMatchObject([{ ok: false }, { ok: false }, { ok: false }])
  expect(JSON.stringify(failures)).not.toMatch(/nobody-knows|hidden/)
})
