/** OTLP over gRPC, with real connections: what each kind of call is answered. */
import { once } from 'node:events'
import { connect as connectHttp2, constants } from 'node:http2'
import { connect } from 'node:net'
import { status } from '@grpc/grpc-js'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Rejection } from '../../../src/domain/rejection.ts'
import { grpcStatus } from '../../../src/receiver/grpc-status.ts'
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
    () => stand.door.close(),
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
    const { details } = grpcStatus({ kind: 'malformed', message: 'half of a \ud83d' })
    expect(encodeURI(details)).toBe(encodeURI('half of a \ufffd'))
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
    const session = connectHttp2(`http://${stand.address}`)
    session.on('error', () => undefined)
    cleanUp.push(() => session.destroy())
    const stream = session.request({
      ':method': 'POST',
      ':path': servicePaths.logs,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    stream.on('error', () => undefined)
    if (bytes.length > 0) stream.write(bytes)
    return { session, stream }
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
    // Four are read at once; those that never got their turn may come again.
    const { DEADLINE_EXCEEDED, UNAVAILABLE } = status
    for (const code of codes) expect([DEADLINE_EXCEEDED, UNAVAILABLE]).toContain(code)
    expect(codes.filter((code) => code === DEADLINE_EXCEEDED).length).toBeGreaterThanOrEqual(4)
    expect((await client.send(servicePaths.logs, logs('a'))).code).toBe(0)
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
    const options = { deadline: Date.now() + 200 }
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
  test('calls under way finish, and the door is closed', async () => {
    const { stand, client } = await setUp()
    const go = held(stand)
    const call = client.send(servicePaths.logs, logs('a'))
    await vi.waitFor(() => expect(stand.ingestLogs).toHaveBeenCalledTimes(1))
    let isClosed = false
    const closed = stand.door.close().then(() => {
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
