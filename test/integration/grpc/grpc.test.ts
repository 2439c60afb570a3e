/** OTLP over gRPC, with real connections: what each kind of call is answered. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  constants,
} from 'node:http2'
import { connect } from 'node:net'
import { deflateSync, gzipSync } from 'node:zlib'
import { status } from '@grpc/grpc-js'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Rejection } from '../../../src/domain/rejection.ts'
import { statusTrailers } from '../../../src/receivers/grpc/status.ts'
import { encoded } from '../../unit/otlp/encode.ts'
import { fieldsOf, textOf } from '../../unit/otlp/wire-fields.ts'
import { type Answer, createGrpcClient, servicePaths } from './grpc-client.ts'
import { createGrpcStand, type GrpcStand } from './grpc-stand.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

async function setUp(settings: Parameters<typeof createGrpcStand>[0] = {}, gzip = false) {
  const stand = await createGrpcStand(settings)
  const client = createGrpcClient(stand.address, gzip)
  cleanUp.push(
    () => stand.server.close(),
    () => client.close(),
  )
  return { stand, client }
}

const logs = (...names: string[]): Buffer =>
  encoded('Logs', {
    resourceLogs: [{ scopeLogs: [{ logRecords: names.map((eventName) => ({ eventName })) }] }],
  })
const padded = (bytes: number): Buffer => logs('x'.repeat(bytes))

/** Has every ingest wait; the function returned lets all of them go. */
function held(stand: GrpcStand): () => void {
  const waiting: (() => void)[] = []
  stand.ingestLogs.mockImplementation(
    () =>
      new Promise<readonly Rejection[]>((resolve) => {
        waiting.push(() => resolve([]))
      }),
  )
  return () => {
    for (const go of waiting) go()
  }
}

/** The google.rpc.Status in the trailers: its code, and the type of its detail. */
function detailOf({ trailers }: Answer): readonly [number, string] | undefined {
  const [bytes] = trailers.get('grpc-status-details-bin')
  if (!Buffer.isBuffer(bytes)) return undefined
  const fields = fieldsOf(bytes)
  return [Number(fields[1]), textOf(fieldsOf(fields[3])[1])]
}
const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo'
const BAD_REQUEST = 'type.googleapis.com/google.rpc.BadRequest'

describe('a call', () => {
  test.each([
    ['plain', false],
    ['gzip', true],
  ])('of each service is stored and then answered, %s', async (_name, gzip) => {
    const { stand, client } = await setUp({}, gzip)
    const sum = { aggregationTemporality: 1, dataPoints: [{ asInt: 1 }] }
    const metrics = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'm', sum }] }] }] }
    const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
    const span = { ...ids, startTimeUnixNano: '1', endTimeUnixNano: '2' }
    const spans = { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }
    const answers = await Promise.all([
      client.send(servicePaths.logs, logs('a', 'b')),
      client.send(servicePaths.metrics, encoded('Metrics', metrics)),
      client.send(servicePaths.traces, encoded('Traces', spans)),
    ])
    expect(answers.map(({ code, bytes }) => [code, bytes?.length])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ])
    expect(stand.ingestLogs.mock.calls[0]?.[0].map(({ eventName }) => eventName)).toEqual([
      'a',
      'b',
    ])
    expect(stand.ingestMetrics.mock.calls[0]?.[0]).toMatchObject([{ name: 'm', value: 1 }])
    expect(stand.ingestTraces.mock.calls[0]?.[0]).toMatchObject([ids])
    expect(stand.counters.snapshot()).toMatchObject({ requestCount: 3, acceptedRecords: 4 })
  })

  test.each([
    ['plain', false],
    ['gzip', true],
  ])('of a megabyte is taken whole, %s', async (_name, gzip) => {
    const { stand, client } = await setUp({ maxRequestBytes: 10_000_000 }, gzip)
    const names = Array.from({ length: 60 }, () => randomBytes(10_000).toString('hex'))
    expect((await client.send(servicePaths.logs, logs(...names))).code).toBe(0)
    const taken = stand.ingestLogs.mock.calls.flatMap(([records]) => records)
    expect(taken.map(({ eventName }) => eventName)).toEqual(names)
  })

  test('of no bytes succeeds', async () => {
    const { client } = await setUp()
    expect((await client.send(servicePaths.logs, Buffer.alloc(0))).code).toBe(0)
  })

  test('says which records were refused', async () => {
    const { stand, client } = await setUp()
    stand.ingestLogs.mockResolvedValue([{ reason: 'no_session', message: 'no session.id' }])
    const { code, bytes } = await client.send(servicePaths.logs, logs('a', 'b'))
    expect(code).toBe(0)
    const partialSuccess = fieldsOf(fieldsOf(bytes)[1])
    expect([Number(partialSuccess[1]), textOf(partialSuccess[2])]).toEqual([1, 'no session.id'])
  })
})

describe('a call that fails', () => {
  test('for what cannot be decoded is INVALID_ARGUMENT, and the connection goes on', async () => {
    const { stand, client } = await setUp()
    const answer = await client.send(servicePaths.logs, Buffer.from('no protobuf'))
    expect(answer.code).toBe(status.INVALID_ARGUMENT)
    expect(answer.details).toContain('not a protobuf request of OTLP')
    expect(detailOf(answer)).toEqual([status.INVALID_ARGUMENT, BAD_REQUEST])
    expect((await client.send(servicePaths.logs, logs('a'))).code).toBe(0)
    expect(stand.counters.snapshot().errorsByStatus).toEqual({ 400: 1 })
  })

  test.each([
    ['as sent', false, padded(100_001)],
    ['when inflated', true, padded(100_001)],
    ['a gzip bomb', true, padded(50_000_000)],
  ])('for its size, %s, is RESOURCE_EXHAUSTED', async (_name, gzip, bytes) => {
    const { stand, client } = await setUp({}, gzip)
    const answer = await client.send(servicePaths.logs, bytes)
    expect([answer.code, detailOf(answer)]).toEqual([status.RESOURCE_EXHAUSTED, undefined])
    expect((await client.send(servicePaths.logs, logs('a'))).code).toBe(0)
    expect(stand.ingestLogs).toHaveBeenCalledTimes(1)
  })

  test('up to the limit succeeds', async () => {
    const { client } = await setUp({}, true)
    expect((await client.send(servicePaths.logs, padded(99_900))).code).toBe(0)
  })

  test('because the store is away is UNAVAILABLE with RetryInfo', async () => {
    const { stand, client } = await setUp()
    stand.ingestLogs.mockRejectedValue(new Error('disk full'))
    const answer = await client.send(servicePaths.logs, logs('a'))
    expect(answer.code).toBe(status.UNAVAILABLE)
    expect(detailOf(answer)).toEqual([status.UNAVAILABLE, RETRY_INFO])
    expect(stand.counters.snapshot().errorsByStatus).toEqual({ 503: 1 })
  })

  test('of a method that is not there is UNIMPLEMENTED', async () => {
    const { client } = await setUp()
    const answer = await client.send('/opentelemetry.Nothing/Export', Buffer.alloc(0))
    expect(answer.code).toBe(status.UNIMPLEMENTED)
  })

  test('with a lone surrogate in its reason can be said all the same', () => {
    const trailers = statusTrailers({ kind: 'malformed', message: 'half of a \ud83d, 5 %' })
    expect(trailers['grpc-message']).toBe('half of a %EF%BF%BD, 5 %25')
  })
})

test.each([
  ['noise', Buffer.from('\u0000\u00ff no HTTP at all\r\n\r\n'.repeat(50), 'latin1')],
  ['HTTP/1.1', Buffer.from('POST /v1/logs HTTP/1.1\r\nhost: localhost\r\n\r\n{}')],
  ['a preface and noise', Buffer.from(`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'x'.repeat(500)}`)],
])('%s ends its own connection only', async (_name, bytes) => {
  const { stand, client } = await setUp()
  const socket = connect(Number(stand.address.split(':')[1]), '127.0.0.1')
  socket.on('error', () => undefined).resume()
  const hungUp = once(socket, 'close')
  socket.write(bytes)
  await hungUp
  expect((await client.send(servicePaths.logs, logs('a'))).code).toBe(0)
})

/** A connection of HTTP/2, for what no client of gRPC does. */
function connected(stand: GrpcStand): ClientHttp2Session {
  const session = connectHttp2(`http://${stand.address}`)
  session.on('error', () => undefined)
  cleanUp.push(() => session.destroy())
  return session
}

function beginCall(session: ClientHttp2Session, bytes: Buffer, headers = {}): ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': servicePaths.logs,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  })
  stream.on('error', () => undefined)
  if (bytes.length > 0) stream.write(bytes)
  return stream
}

describe('the messages of a call', () => {
  const message = (bytes: Buffer, isCompressed = 0): Buffer => {
    const prefix = Buffer.from([isCompressed, 0, 0, 0, 0])
    prefix.writeUInt32BE(bytes.length, 1)
    return Buffer.concat([prefix, bytes])
  }
  /** HTTP status and gRPC status of a call of these bytes. */
  const outcomeOf = async (stand: GrpcStand, bytes: Buffer, headers = {}) => {
    const stream = beginCall(connected(stand), bytes, headers)
    let trailers: Record<string, unknown> = {}
    stream.on('trailers', (received: Record<string, unknown>) => {
      trailers = received
    })
    stream.end()
    const [response] = (await once(stream.resume(), 'response')) as [Record<string, unknown>]
    if (!stream.closed) await once(stream, 'close')
    const code = response['grpc-status'] ?? trailers['grpc-status']
    return [response[':status'], code === undefined ? undefined : Number(code)]
  }
  const good = logs('a')

  test.each([
    ['one', message(good), {}, status.OK],
    ['none', Buffer.alloc(0), {}, status.INVALID_ARGUMENT],
    ['half a prefix', Buffer.from([0, 0, 0]), {}, status.INVALID_ARGUMENT],
    ['half of one', message(good).subarray(0, 9), {}, status.INVALID_ARGUMENT],
    ['two', Buffer.concat([message(good), message(good)]), {}, status.INVALID_ARGUMENT],
    ['gzip', message(gzipSync(good), 1), { 'grpc-encoding': 'gzip' }, status.OK],
    ['deflate', message(deflateSync(good), 1), { 'grpc-encoding': 'deflate' }, status.OK],
    ['not compressed after all', message(good), { 'grpc-encoding': 'snappy' }, status.OK],
    ['snappy', message(good, 1), { 'grpc-encoding': 'snappy' }, status.UNIMPLEMENTED],
    ['compressed somehow', message(good, 1), {}, status.UNIMPLEMENTED],
    ['broken gzip', message(good, 1), { 'grpc-encoding': 'gzip' }, status.INVALID_ARGUMENT],
    ['with a charset of its own', message(good), { 'content-type': 'application/grpc+proto' }, 0],
  ])('%s', async (_name, bytes, headers, code) => {
    const { stand } = await setUp()
    expect(await outcomeOf(stand, bytes, headers)).toEqual([200, code])
    expect(stand.ingestLogs).toHaveBeenCalledTimes(code === status.OK ? 1 : 0)
  })

  test('of another kind are no call', async () => {
    const { stand } = await setUp()
    const headers = { 'content-type': 'application/json' }
    expect(await outcomeOf(stand, Buffer.from('{}'), headers)).toEqual([415, undefined])
  })
})

describe('with an API key', () => {
  test.each([
    ['none', {}, status.UNAUTHENTICATED],
    ['a wrong one', { authorization: 'Bearer guess' }, status.UNAUTHENTICATED],
    ['the right one', { authorization: 'Bearer open-sesame' }, status.OK],
    ['the right one, encoded', { authorization: 'Bearer%20open-sesame' }, status.OK],
  ])('%s in the metadata', async (_name, headers, code) => {
    const { stand, client } = await setUp({ apiKey: 'open-sesame' })
    expect((await client.send(servicePaths.logs, logs('a'), headers)).code).toBe(code)
    expect(stand.ingestLogs).toHaveBeenCalledTimes(code === status.OK ? 1 : 0)
  })
})

describe('the authority of a call', () => {
  const outcomeFor = async (stand: GrpcStand, headers: object) => {
    const prefix = Buffer.from([0, 0, 0, 0, logs('a').length])
    const stream = beginCall(connected(stand), Buffer.concat([prefix, logs('a')]), headers)
    stream.end()
    const [response] = (await once(stream.resume(), 'response')) as [Record<string, unknown>]
    if (!stream.closed) await once(stream, 'close')
    const { 'grpc-status': code = '0', 'grpc-message': message = '' } = response
    return [code, decodeURIComponent(String(message))]
  }

  test.each(['localhost:4317', '127.0.0.1', '[::1]:4317'])('%s is this machine', async (name) => {
    const { stand } = await setUp()
    expect((await outcomeFor(stand, { ':authority': name }))[0]).toBe('0')
    expect(stand.ingestLogs).toHaveBeenCalledTimes(1)
  })

  test.each([
    ['evil.example:4317', {}],
    ['127.0.0.1.evil.example', {}],
    ['a:b', { apiKey: 'open-sesame' }],
    ['-', { apiKey: 'open-sesame' }],
  ])('%s is refused', async (name, settings) => {
    const { stand } = await setUp(settings)
    const headers = { ':authority': name, authorization: 'Bearer open-sesame' }
    const [code, message] = await outcomeFor(stand, headers)
    expect(Number(code)).toBe(status.PERMISSION_DENIED)
    expect(message).toContain(JSON.stringify(name))
    expect(stand.ingestLogs).not.toHaveBeenCalled()
  })

  test('with a key, any name will do', async () => {
    const { stand } = await setUp({ apiKey: 'open-sesame' })
    const headers = { ':authority': 'bridge.example:443', authorization: 'Bearer open-sesame' }
    expect((await outcomeFor(stand, headers))[0]).toBe('0')
  })
})

describe('above the bound', () => {
  test.each([
    ['bytes', { maxInFlightBytes: 1500 }],
    ['requests', { maxInFlightRequests: 1 }],
  ])('in %s calls are UNAVAILABLE with RetryInfo, and the next one is not', async (_n, bound) => {
    const { stand, client } = await setUp(bound)
    const go = held(stand)
    const first = client.send(servicePaths.logs, padded(1000))
    await vi.waitFor(() => expect(stand.ingestLogs).toHaveBeenCalledTimes(1))
    const second = await client.send(servicePaths.logs, padded(1000))
    expect(second.code).toBe(status.UNAVAILABLE)
    expect(detailOf(second)).toEqual([status.UNAVAILABLE, RETRY_INFO])
    go()
    expect((await first).code).toBe(0)
    stand.ingestLogs.mockResolvedValue([])
    expect((await client.send(servicePaths.logs, padded(1000))).code).toBe(0)
  })
})

describe('slow clients', () => {
  /** A call that is begun and never finished. */
  const begun = (stand: GrpcStand, bytes: Buffer) => {
    const session = connected(stand)
    return { session, stream: beginCall(session, bytes) }
  }

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['half a message', Buffer.from([0, 0, 0, 0, 9, 1])],
    ['a message without an end', Buffer.from([0, 0, 0, 0, 0])],
  ])('that send %s are DEADLINE_EXCEEDED, and hold nothing', async (_name, bytes) => {
    const { stand, client } = await setUp({ messageTimeoutMs: 60, maxInFlightRequests: 6 })
    const calls = Array.from({ length: 6 }, () => begun(stand, bytes))
    const codes = await Promise.all(
      calls.map(async ({ stream }) => {
        const [headers] = (await once(stream, 'response')) as [Record<string, string>]
        return Number(headers['grpc-status'])
      }),
    )
    expect(codes).toEqual(Array(6).fill(status.DEADLINE_EXCEEDED))
    expect((await client.send(servicePaths.logs, logs('a'))).code).toBe(0)
  })

  test.each([
    ['headers', Buffer.alloc(0)],
    ['half a message', Buffer.from([0, 0, 0, 0, 9, 1])],
  ])('that send %s, a hundred on each connection, keep nobody out', async (_name, bytes) => {
    const { stand, client } = await setUp({ maxArriving: 50 })
    const streams = Array.from({ length: 3 }, () => connected(stand)).flatMap((session) =>
      Array.from({ length: 100 }, () => beginCall(session, bytes)),
    )
    const evicted = streams.filter((_, n) => n < 100).map((stream) => once(stream, 'response'))
    for (let call = 0; call < 5; call += 1) {
      expect((await client.send(servicePaths.logs, logs('a'))).code).toBe(0)
    }
    const [[headers]] = (await Promise.all(evicted)) as [[Record<string, string>]]
    expect(Number(headers['grpc-status'])).toBe(status.UNAVAILABLE)
  })

  test('that only connect keep nobody out', async () => {
    const { stand, client } = await setUp({ maxConnections: 5 })
    for (let n = 0; n < 20; n += 1) await once(connected(stand), 'connect')
    expect((await client.send(servicePaths.logs, logs('a'))).code).toBe(0)
  })

  test('that hold much make room for others', async () => {
    const { stand, client } = await setUp({ maxInFlightBytes: 150_000 })
    for (let n = 0; n < 4; n += 1) {
      const prefix = Buffer.from([0, 0, 1, 0x86, 0xa0])
      beginCall(connected(stand), Buffer.concat([prefix, Buffer.alloc(60_000)]))
    }
    await vi.waitFor(async () => {
      expect((await client.send(servicePaths.logs, padded(60_000))).code).toBe(0)
    })
  })

  test('that send a message in crumbs are hung up on', async () => {
    const { stand, client } = await setUp()
    const session = connected(stand)
    const stream = beginCall(session, Buffer.from([0, 0, 1, 0, 0]))
    const hungUp = new Promise((resolve) => session.once('close', resolve))
    const crumb = (): void => {
      if (!stream.destroyed) stream.write(Buffer.from([1]), crumb)
    }
    crumb()
    await hungUp
    expect((await client.send(servicePaths.logs, logs('a'))).code).toBe(0)
    expect(stand.counters.snapshot().errorsByStatus).toEqual({ 400: 1 })
  })

  test('that hang up hold nothing', async () => {
    const { stand, client } = await setUp({ maxInFlightRequests: 5 })
    const calls = Array.from({ length: 5 }, () => begun(stand, Buffer.from([0, 0, 0, 0, 9, 1])))
    await Promise.all(calls.map(({ session }) => once(session, 'connect')))
    for (const { stream } of calls) stream.close(constants.NGHTTP2_CANCEL)
    await vi.waitFor(async () => {
      expect((await client.send(servicePaths.logs, logs('a'))).code).toBe(0)
    })
  })

  test('whose own deadline passes are told so, and what they sent is kept', async () => {
    const { stand, client } = await setUp({ maxInFlightRequests: 1 })
    const go = held(stand)
    const options = { deadline: Date.now() + 3_000 }
    const answer = await client.send(servicePaths.logs, logs('a'), {}, options)
    expect(answer.code).toBe(status.DEADLINE_EXCEEDED)
    expect(stand.ingestLogs).toHaveBeenCalledTimes(1)
    go()
    stand.ingestLogs.mockResolvedValue([])
    await vi.waitFor(async () => {
      expect((await client.send(servicePaths.logs, logs('b'))).code).toBe(0)
    })
  })
})

describe('while stopping', () => {
  test('calls under way finish, and the server is closed', async () => {
    const { stand, client } = await setUp()
    const go = held(stand)
    const call = client.send(servicePaths.logs, logs('a'))
    await vi.waitFor(() => expect(stand.ingestLogs).toHaveBeenCalledTimes(1))
    let isClosed = false
    const closed = stand.server.close().then(() => {
      isClosed = true
    })
    const late = await client.send(servicePaths.logs, logs('b'))
    expect(late.code).toBe(status.UNAVAILABLE)
    expect(isClosed).toBe(false)
    go()
    expect((await call).code).toBe(0)
    await closed
  })
})
