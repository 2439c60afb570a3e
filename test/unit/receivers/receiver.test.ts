import { afterEach, describe, expect, it, vi } from 'vitest'
import type { HttpServerDeps } from '../../../src/receivers/http/server.ts'
import { createStand, healthy, jsonType, logsBody, NOW_MS, type Stand } from './stand.ts'

let stand: Stand
afterEach(async () => {
  await stand.app.close()
})

const post = (url: string, payload: string, headers: Record<string, string> = jsonType) =>
  stand.app.inject({ method: 'POST', url, headers, payload })

describe('an export', () => {
  it('hands the records on with their arrival and answers {} after they are stored', async () => {
    stand = createStand()
    let isStored = false
    stand.ingestLogs.mockImplementation(async () => {
      await Promise.resolve()
      isStored = true
      return []
    })
    const reply = await post('/v1/logs', logsBody('a', 'b'))
    expect(isStored).toBe(true)
    expect([reply.statusCode, reply.headers['content-type'], reply.body]).toEqual([
      200,
      'application/json',
      '{}',
    ])
    const [records, request] = stand.ingestLogs.mock.calls[0] ?? []
    expect(records?.map((record) => record.eventName)).toEqual(['a', 'b'])
    expect(request?.arrivedMs).toBe(NOW_MS)
    expect(stand.counters.snapshot()).toMatchObject({ requestCount: 1, acceptedRecords: 2 })
  })

  it('hands metrics on as points', async () => {
    stand = createStand()
    const sum = { aggregationTemporality: 1, dataPoints: [{ asInt: '3' }] }
    const body = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'm', sum }] }] }] }
    const reply = await post('/v1/metrics', JSON.stringify(body))
    expect([reply.statusCode, reply.body]).toEqual([200, '{}'])
    expect(stand.ingestMetrics.mock.calls[0]?.[0]).toMatchObject([{ name: 'm', value: 3 }])
  })

  it.each(['/v1/logs', '/v1/metrics', '/v1/traces'])('to %s may be empty', async (url) => {
    stand = createStand()
    const reply = await post(url, '{}')
    expect([reply.statusCode, reply.body]).toEqual([200, '{}'])
    expect(stand.ingestLogs).not.toHaveBeenCalled()
    expect(stand.ingestMetrics).not.toHaveBeenCalled()
  })

  it('of spans goes to its own place', async () => {
    stand = createStand()
    const span = {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      startTimeUnixNano: '1',
      endTimeUnixNano: '2',
    }
    const body = { resourceSpans: [{ scopeSpans: [{ spans: [span, {}] }] }] }
    const reply = await post('/v1/traces', JSON.stringify(body))
    expect(reply.json()).toMatchObject({ partialSuccess: { rejectedSpans: '1' } })
    const [spans] = stand.ingestTraces.mock.calls[0] ?? []
    expect(spans?.map(({ spanId }) => spanId)).toEqual(['b7ad6b7169203331'])
    expect(stand.ingestLogs).not.toHaveBeenCalled()
  })

  it.each([
    ...['/some/path/v1/logs', '//v1/logs', '/v1/logs?x=/v1/metrics', '/v1/metrics/v1/logs'],
    ...['/v1/logs/', '/some/path/v1/logs//?x=1'],
  ])('to %s is one of logs', async (url) => {
    stand = createStand()
    expect((await post(url, logsBody('a'))).statusCode).toBe(200)
    expect(stand.ingestLogs).toHaveBeenCalledTimes(1)
  })

  it.each(['/', '/v1/log'])('to %s is told which paths there are, and why', async (url) => {
    stand = createStand()
    const reply = await post(url, logsBody('a'))
    expect(reply.statusCode).toBe(404)
    expect(reply.json<{ message: string }>().message).toMatch(/v1\/logs.*OTEL_EXPORTER_OTLP_LOGS/)
  })

  it('of another signal is refused, with the path that takes it', async () => {
    stand = createStand()
    const reply = await post('/v1/metrics', logsBody('a'))
    expect(reply.statusCode).toBe(400)
    expect(reply.json<{ message: string }>().message).toContain('logs belong on /v1/logs')
    expect(stand.ingestMetrics).not.toHaveBeenCalled()
  })

  it.each(['/v1/logsx', '/some/v1', '/v1/LOGS', '/x?y=/v1/logs'])(
    'to %s is one of nothing',
    async (url) => {
      stand = createStand()
      expect((await post(url, logsBody('a'))).statusCode).toBe(404)
    },
  )

  it('stores the good records and reports the refused ones, of decoder and store', async () => {
    stand = createStand()
    stand.ingestLogs.mockResolvedValue([{ reason: 'no_session', message: 'no session.id' }])
    const reply = await post(
      '/v1/logs',
      JSON.stringify({
        resourceLogs: [{ scopeLogs: [{ logRecords: [{}, { attributes: 'x' }, {}] }] }],
      }),
    )
    expect(reply.statusCode).toBe(200)
    expect(reply.json()).toEqual({
      partialSuccess: {
        rejectedLogRecords: '2',
        errorMessage:
          'resourceLogs[0].scopeLogs[0].logRecords[1]: attributes is a string, expected a list; no session.id',
      },
    })
    expect(stand.counters.snapshot()).toMatchObject({
      errorCount: 0,
      acceptedRecords: 1,
      rejectedRecords: { malformed: 1, no_session: 1 },
    })
  })

  it('warns of refused records, but not of those that nobody has to do anything about', async () => {
    stand = createStand()
    const inner = { reason: 'not_work', message: 'internal to Codex CLI' } as const
    stand.ingestLogs.mockResolvedValue([inner])
    const reply = await post('/v1/logs', logsBody('a'))
    expect(reply.json()).toMatchObject({ partialSuccess: { rejectedLogRecords: '1' } })
    expect(stand.log.warn).not.toHaveBeenCalled()
    stand.ingestLogs.mockResolvedValue([inner, { reason: 'no_session', message: 'no id' }])
    await post('/v1/logs', logsBody('b'))
    expect(stand.log.warn.mock.calls).toEqual([
      [{ kind: 'partial_success', signal: 'logs', count: 1, leftOut: 0 }, 'no id'],
    ])
  })

  it('counts refused points in their own field', async () => {
    stand = createStand()
    const body = { resourceMetrics: [{ scopeMetrics: [{ metrics: [null] }] }] }
    const reply = await post('/v1/metrics', JSON.stringify(body))
    expect(reply.json()).toMatchObject({ partialSuccess: { rejectedDataPoints: '1' } })
    expect(stand.ingestMetrics).not.toHaveBeenCalled()
  })

  it('that cannot be stored is answered 503 without Retry-After, and the next one is tried', async () => {
    stand = createStand()
    stand.ingestLogs.mockRejectedValueOnce(new Error('disk full: /secret/path'))
    const failed = await post('/v1/logs', logsBody('a'))
    expect(failed.statusCode).toBe(503)
    expect(failed.headers).not.toHaveProperty('retry-after')
    expect(failed.json()).toMatchObject({ code: 14 })
    expect(failed.body).not.toContain('secret')
    expect(stand.log.error).toHaveBeenCalledTimes(1)
    const next = await post('/v1/logs', logsBody('a'))
    expect(next.statusCode).toBe(200)
    expect(stand.counters.snapshot()).toMatchObject({ requestCount: 2, errorCount: 1 })
  })

  it('that meets a bug is answered 503 as well', async () => {
    stand = createStand()
    stand.ingestLogs.mockResolvedValue(null as unknown as [])
    const reply = await post('/v1/logs', logsBody('a'))
    expect(reply.statusCode).toBe(503)
    expect(reply.json()).toMatchObject({ code: 13 })
    expect(reply.body).not.toContain('null')
    expect(stand.log.error).toHaveBeenCalledTimes(1)
  })
})

describe('a hook', () => {
  const body = JSON.stringify({ session_id: 's1', hook_event_name: 'Stop' })

  it.each(['claude-code', 'other-agent'])(
    'of %s is handed on with its agent and answered {} after it is stored',
    async (agent) => {
      stand = createStand()
      const reply = await post(`/hooks/${agent}`, body)
      expect([reply.statusCode, reply.body]).toEqual([200, '{}'])
      const [hooks, request] = stand.ingestHooks.mock.calls[0] ?? []
      expect(hooks).toEqual([{ agent, body: JSON.parse(body), labels: {} }])
      expect(request?.arrivedMs).toBe(NOW_MS)
      expect(stand.counters.snapshot()).toMatchObject({ requestCount: 1, acceptedRecords: 1 })
    },
  )

  it('of an agent that posts none is not taken', async () => {
    stand = createStand()
    const reply = await post('/hooks/nobody', body)
    expect(reply.statusCode).toBe(404)
    expect(reply.body).toContain('/hooks/claude-code, /hooks/other-agent')
    expect(stand.ingestHooks).not.toHaveBeenCalled()
  })

  it('that is refused fails as a whole, with the reason, and is no export', async () => {
    stand = createStand()
    stand.ingestHooks.mockResolvedValue([{ reason: 'no_session', message: 'no session_id' }])
    const reply = await post('/hooks/claude-code', body)
    expect(reply.statusCode).toBe(400)
    expect(reply.json()).toMatchObject({ code: 3, message: 'no session_id' })
    expect(reply.body).not.toContain('partialSuccess')
    expect(stand.counters.snapshot()).toMatchObject({
      errorCount: 1,
      acceptedRecords: 0,
      rejectedRecords: { no_session: 1 },
    })
  })
})

describe('other requests', () => {
  it.each([
    ['GET', '/v1/logs', 405, 12, 'POST'],
    ['PUT', '/v1/metrics', 405, 12, 'POST'],
    ['OPTIONS', '/v1/traces?x=1', 405, 12, 'POST'],
    ['DELETE', '/health', 405, 12, 'GET, HEAD'],
    ['POST', '/health', 405, 12, 'GET, HEAD'],
    ['POST', '/v1/profiles', 404, 5, undefined],
    ['GET', '/', 404, 5, undefined],
    ['POST', '/v1/logs%ff', 400, 3, undefined],
  ] as const)('%s %s is answered %d', async (method, url, status, code, allow) => {
    stand = createStand()
    const reply = await stand.app.inject({ method, url })
    expect(reply.statusCode).toBe(status)
    expect(reply.headers.allow).toBe(allow)
    expect(reply.json()).toMatchObject({ code })
    expect(stand.counters.snapshot()).toMatchObject({ requestCount: 1, errorCount: 1 })
  })

  it('do not have their bodies read', async () => {
    stand = createStand({ maxRequestBytes: 1 })
    expect((await post('/nowhere', '{"a":1}')).statusCode).toBe(404)
  })
})

describe('GET /health', () => {
  it.each([
    [200, healthy],
    [503, { ...healthy, status: 'unavailable' as const }],
  ])('answers %d with the report', async (status, report) => {
    stand = createStand({ health: () => Promise.resolve(report) })
    const reply = await stand.app.inject('/health')
    expect(reply.statusCode).toBe(status)
    expect(reply.json()).toEqual(report)
    expect(stand.counters.snapshot().requestCount).toBe(0)
  })

  it.each([
    [200, 'ok', {}],
    [503, 'unavailable', {}],
    [200, 'ok', { authorization: 'Bearer wrong' }],
  ] as const)(
    'with a key says no more than the status to others: %d',
    async (code, status, sent) => {
      const health = () => Promise.resolve({ ...healthy, status })
      stand = createStand({ apiKey: 'open-sesame', health })
      const headers = { host: 'bridge.example', ...sent }
      const reply = await stand.app.inject({ url: '/health', headers })
      expect(reply.statusCode).toBe(code)
      expect(reply.json()).toEqual({ status, service: 'claude-telemetry' })
    },
  )

  it.each(['Bearer open-sesame', 'bearer%20open-sesame'])('tells all to %s', async (sent) => {
    stand = createStand({ apiKey: 'open-sesame' })
    const headers = { host: 'bridge.example', authorization: sent }
    const reply = await stand.app.inject({ url: '/health', headers })
    expect(reply.json()).toEqual(healthy)
  })

  it.each(['bridge.example', 'evil.example:4318', '127.0.0.1.evil.example'])(
    'without a key is not for pages that have %s resolve to this machine',
    async (host) => {
      const health = vi.fn<HttpServerDeps['health']>().mockResolvedValue(healthy)
      stand = createStand({ health })
      const reply = await stand.app.inject({ url: '/health', headers: { host } })
      expect(reply.statusCode).toBe(403)
      expect(reply.json()).toMatchObject({ code: 7 })
      expect(health).not.toHaveBeenCalled()
    },
  )

  it.each(['localhost:4318', '127.0.0.1', '[::1]:4318'])(
    'without a key is for %s',
    async (host) => {
      stand = createStand()
      const reply = await stand.app.inject({ url: '/health', headers: { host } })
      expect(reply.statusCode).toBe(200)
    },
  )

  it('answers 503 when the report cannot be made', async () => {
    stand = createStand({ health: () => Promise.reject(new Error('database is gone')) })
    const reply = await stand.app.inject('/health')
    expect(reply.statusCode).toBe(503)
    expect(reply.json()).toMatchObject({ code: 13 })
  })
})
