/**
 * Public reports about what stands between an agent and the bridge: what is understood counts, what
 * is not is refused, and never answered 200 with nothing kept.
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import {
  payload,
  type Reply,
  readCase,
  type Send,
  sendBody,
  sendsOf,
  sendStep,
} from './cases/steps.ts'
import { createGrpcClient } from './grpc/grpc-client.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

interface ListedSession {
  readonly sessionId: string
  readonly costUsd: number
  readonly firstMs: number
}

/** A bridge with both servers. */
async function started(env: Readonly<Record<string, string>> = {}) {
  const dataDir = temporaryFolder()
  cleanUp.push(() => removeFolder(dataDir))
  const bridge = await startBridge({ ...bridgeEnvironment(dataDir), OTLP_GRPC_PORT: '0', ...env })
  cleanUp.push(() => bridge.stop())
  const headers = env.API_KEY === undefined ? {} : { authorization: `Bearer ${env.API_KEY}` }
  const get = async <T>(path: string): Promise<T> =>
    (await (await fetch(`${bridge.url}${path}`, { headers })).json()) as T
  return {
    servers: { url: bridge.url, grpc: bridge.grpc },
    get,
    sessions: async (): Promise<readonly ListedSession[]> => {
      const { sessions } = await get<{ sessions: readonly ListedSession[] }>(
        '/api/sessions?limit=50',
      )
      return sessions.toSorted((a, b) => a.sessionId.localeCompare(b.sessionId))
    },
  }
}

type Started = Awaited<ReturnType<typeof started>>

async function sendAll(name: string, { servers }: Started): Promise<readonly Reply[]> {
  const nowMs = Date.now()
  const replies: Reply[] = []
  for (const step of sendsOf(readCase(name))) {
    replies.push(await sendStep(name, step, servers, nowMs))
  }
  return replies
}

const costs = (sessions: readonly ListedSession[]) =>
  sessions.map(({ sessionId, costUsd }) => [sessionId.slice(0, 8), costUsd])

describe('case 10: endpoints as people write them', () => {
  test('are taken, or refused with what to do', async () => {
    const bridge = await started()
    const replies = await sendAll('10', bridge)
    expect(replies.map(({ status }) => status)).toEqual([404, 200, 200, 200, 404, 400, 404, 404])
    expect(replies[0]?.text).toContain('OTEL_EXPORTER_OTLP_LOGS_ENDPOINT')
    expect(replies[5]?.text).toContain('logs belong on /v1/logs')
    expect(costs(await bridge.sessions())).toEqual([['00000001', 0.05]])
  })
})

describe('case 11: a forwarder that drops resource and scope', () => {
  test.each(['json', 'protobuf', 'grpc'] as const)('over %s', async (encoding) => {
    const bridge = await started()
    const step: Send = { send: '1-logs.json', encoding }
    const reply = await sendStep('11', step, bridge.servers, Date.now())
    expect(reply.status).toBe(encoding === 'grpc' ? 0 : 200)
    expect(reply.text).not.toContain('rejected')
    expect(costs(await bridge.sessions())).toEqual([['00000001', 0.05]])
  })

  test('is known by its event names alone', async () => {
    const bridge = await started()
    const json = payload('11', '1-logs.json', Date.now()).replaceAll('claude_code.', '')
    expect(json).not.toContain('claude_code')
    await sendBody(json, { send: '1-logs.json' }, bridge.servers)
    expect(costs(await bridge.sessions())).toEqual([['00000001', 0.05]])
  })

  test('and sends twice, once as JSON, once as protobuf, counts once', async () => {
    const bridge = await started()
    await sendAll('11', bridge)
    expect(costs(await bridge.sessions())).toEqual([['00000001', 0.05]])
  })
})

describe('case 12: the names of the protobuf definition', () => {
  test('are understood; a metric without temporality is refused with a hint', async () => {
    const bridge = await started()
    const replies = await sendAll('12', bridge)
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(replies.slice(0, 3).map(({ text }) => text)).toEqual(['{}', '{}', '{}'])
    expect(replies[3]?.text).toMatch(/rejectedDataPoints.*aggregationTemporality is missing/)
    const sessions = await bridge.sessions()
    expect(costs(sessions).slice(0, 2)).toEqual([
      ['00000001', 0.05],
      ['00000002', 0.05],
    ])
    expect(sessions.map(({ sessionId }) => sessionId)).toContain(
      '00000003-1111-4222-8333-444444444444',
    )
  })

  test.each([
    ['resource_log', '"resource_logs"', '"resource_log"'],
    ['scopelogs', '"scope_logs"', '"scopelogs"'],
    ['records', '"log_records"', '"records"'],
  ])('but no others: %s', async (_name, from, to) => {
    const bridge = await started()
    const json = payload('12', '1-logs.json', Date.now()).replaceAll(from, to)
    const reply = await sendBody(json, { send: '1-logs.json' }, bridge.servers)
    expect(reply.status).toBe(400)
    expect(reply.text).toContain(`holds \\"${JSON.parse(to) as string}\\"`)
    expect(await bridge.sessions()).toEqual([])
  })
})

describe('case 14: times that cannot be true', () => {
  /** The `event.timestamp` of its records. */
  const EVENT_MS = Date.parse('2026-11-20T10:00:00.000Z')

  test('are those of the event itself, and each record counts', async () => {
    const bridge = await started()
    const replies = await sendAll('14', bridge)
    expect(replies.map(({ text }) => text)).toEqual(['{}', '{}', '{}', '{}'])
    const sessions = await bridge.sessions()
    expect(costs(sessions)).toEqual([
      ['00000001', 0.05],
      ['00000002', 0.05],
      ['00000003', 0.05],
      ['00000004', 0.05],
    ])
    const times = sessions.slice(0, 3).map(({ firstMs }) => firstMs)
    expect(times).toEqual([EVENT_MS, EVENT_MS, EVENT_MS])
  })

  test.each([
    ['seconds', '1795229558'],
    ['text', 'yesterday'],
    ['a fraction', '1.5e18'],
  ])('as %s', async (_name, time) => {
    const bridge = await started()
    const json = payload('14', '2-logs.json', Date.now()).replaceAll(
      '1700344572441000936000000',
      time,
    )
    expect((await sendBody(json, { send: '1-logs.json' }, bridge.servers)).text).toBe('{}')
    const [session] = await bridge.sessions()
    expect(session).toMatchObject({ costUsd: 0.05, firstMs: EVENT_MS })
  })
})

describe('case 16: underscores for dots, and ids on the resource', () => {
  test('count as they were sent', async () => {
    const bridge = await started()
    const replies = await sendAll('16', bridge)
    expect(replies.map(({ text }) => text)).toEqual(['{}', '{}', '{}'])
    expect(costs(await bridge.sessions())).toEqual([
      ['00000001', 0.05],
      ['00000002', 0.05],
    ])
  })

  test.each(['protobuf', 'grpc'] as const)('also over %s', async (encoding) => {
    const bridge = await started()
    for (const send of ['1-logs.json', '2-logs.json', '3-metrics.json']) {
      await sendStep('16', { send, encoding }, bridge.servers, Date.now())
    }
    expect(costs(await bridge.sessions())).toEqual([
      ['00000001', 0.05],
      ['00000002', 0.05],
    ])
  })

  test('an id of the record goes before one of the resource', async () => {
    const bridge = await started()
    const own = payload('10', '1-logs.json', Date.now())
    const json = own.replace(
      '"resource": {\n    "attributes": [',
      '"resource": {\n    "attributes": [{"key":"session.id","value":{"stringValue":"application"}},',
    )
    expect(json).toContain('application')
    await sendBody(json, { send: '1-logs.json' }, bridge.servers)
    expect(costs(await bridge.sessions())).toEqual([['00000001', 0.05]])
  })
})

interface Delivery {
  readonly ingest: {
    readonly refused: readonly { reason: string; count: number; remedy: string }[]
    readonly recent: readonly { door: string; signal: string; status: number }[]
  }
}

/** Bytes on a socket, until the other side hangs up. */
async function raw(port: number, text: string): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => undefined)
  socket.resume().end(text)
  await once(socket, 'close')
}

describe('every refusal leaves a trace', () => {
  test('in the ingest log, in /health, and grouped by reason with its remedy', async () => {
    const bridge = await started({ MAX_REQUEST_SIZE: '10000' })
    const { servers } = bridge
    const json = payload('10', '1-logs.json', Date.now())
    const large = JSON.stringify({
      resourceLogs: [
        { scopeLogs: [{ logRecords: [{ body: { stringValue: 'x'.repeat(20_000) } }] }] },
      ],
    })
    const send = '1-logs.json'
    await sendBody(json, { send, to: '/' }, servers)
    await sendBody(json, { send, headers: { host: 'host.docker.internal:4318' } }, servers)
    await sendBody(json, { send, headers: { 'content-type': 'text/plain' } }, servers)
    await sendBody(json, { send, headers: { 'content-encoding': 'br' } }, servers)
    await sendBody(json, { send, to: '/v1/traces' }, servers)
    await sendBody(json.replaceAll('claude', 'other'), { send }, servers)
    await sendBody(large, { send }, servers)
    await sendBody(large, { send, encoding: 'grpc' }, servers)
    await raw(Number(new URL(servers.url).port), 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    const client = createGrpcClient(servers.grpc ?? '')
    await client.send(
      '/opentelemetry.proto.collector.profiles.v1.ProfilesService/Export',
      Buffer.of(),
    )
    client.close()
    const { refused } = await bridge.get<{ refused: Record<string, number> }>('/health')
    expect(refused).toEqual({
      not_found: 1,
      foreign_host: 1,
      unsupported_type: 1,
      unsupported_encoding: 1,
      malformed: 2,
      unknown_agent: 3,
      too_large: 2,
      method_not_allowed: 1,
    })
    const { ingest } = await bridge.get<Delivery>('/api/delivery')
    expect(ingest.refused[0]).toMatchObject({ reason: 'unknown_agent', count: 3 })
    expect(ingest.refused.every(({ remedy }) => remedy.length > 10)).toBe(true)
    const entries = ingest.recent.map(({ door, signal, status }) => `${door} ${signal} ${status}`)
    expect(entries.toReversed()).toEqual([
      'http unknown 404',
      'http logs 403',
      'http logs 415',
      'http logs 415',
      'http traces 400',
      'http logs 200',
      'http logs 413',
      'grpc logs 413',
      'http unknown 400',
      'grpc unknown 405',
    ])
  })

  test('case 08: one signal of several that brings no key', async () => {
    const bridge = await started({ API_KEY: 'secret-key-1' })
    const replies = await sendAll('08', bridge)
    expect(replies.map(({ status }) => status)).toEqual([200, 401, 401, 16, 401, 200])
    const { refused } = await bridge.get<{ refused: Record<string, number> }>('/health')
    expect(refused).toEqual({ unauthenticated: 4 })
    const { ingest } = await bridge.get<Delivery>('/api/delivery')
    const unauthorised = ingest.recent.filter(({ status }) => status === 401)
    expect(unauthorised.map(({ door, signal }) => `${door} ${signal}`)).toEqual([
      ...['http logs', 'grpc logs', 'http traces', 'http traces'],
    ])
  })

  test('but not of who only looks', async () => {
    const bridge = await started()
    await fetch(`${bridge.servers.url}/favicon.ico`)
    await fetch(`${bridge.servers.url}/v1/logs`)
    expect(await bridge.get('/health')).toMatchObject({ refused: {} })
  })
})
