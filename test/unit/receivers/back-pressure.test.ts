/** More than the bridge takes at once, and clients that take their time. Real connections. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Rejection } from '../../../src/domain/rejection.ts'
import { createStand, jsonType, logsBody, type Stand } from './stand.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

async function listening(settings: Parameters<typeof createStand>[0]) {
  const stand = createStand(settings)
  const url = await stand.app.listen({ host: '127.0.0.1', port: 0 })
  cleanUp.push(() => stand.app.close())
  return { stand, url: new URL('/v1/logs', url) }
}

const post = (url: URL, body: string | Uint8Array<ArrayBuffer>, headers = {}) =>
  fetch(url, { method: 'POST', headers: { ...jsonType, ...headers }, body })

/** Has every ingest wait; the function returned lets all of them go. */
function held(stand: Stand): () => void {
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

const sized = (bytes: number): string => {
  const body = logsBody('x')
  return `${body.slice(0, -1)},"pad":"${'x'.repeat(bytes - body.length - 9)}"}`
}

async function expectOverloaded(reply: Response): Promise<void> {
  expect([reply.status, reply.headers.get('retry-after')]).toEqual([503, null])
  expect(await reply.json()).toMatchObject({
    code: 14,
    message: expect.stringContaining('MAX_IN_FLIGHT_SIZE') as string,
  })
}

describe('above the bound', () => {
  it.each([
    ['bytes', { maxInFlightBytes: 1500 }],
    ['requests', { maxInFlightRequests: 1 }],
  ])('in %s clients are asked to come again, and can', async (_name, bound) => {
    const { stand, url } = await listening(bound)
    const go = held(stand)
    const first = post(url, sized(1000))
    await vi.waitFor(() => expect(stand.ingestLogs).toHaveBeenCalledTimes(1))
    await expectOverloaded(await post(url, sized(1000)))
    go()
    expect((await first).status).toBe(200)
    const again = post(url, sized(1000))
    await vi.waitFor(() => expect(stand.ingestLogs).toHaveBeenCalledTimes(2))
    go()
    expect((await again).status).toBe(200)
  })

  it('the size a body has when inflated counts', async () => {
    const { url } = await listening({ maxInFlightBytes: 8000 })
    const gzip = { 'content-encoding': 'gzip' }
    await expectOverloaded(await post(url, gzipSync(sized(9000)), gzip))
    expect((await post(url, gzipSync(sized(4000)), gzip)).status).toBe(200)
  })

  it('bodies of unknown size count while they come', async () => {
    const { url } = await listening({ maxInFlightBytes: 8000, maxRequestBytes: 1e6 })
    const chunked = { method: 'POST', headers: jsonType, duplex: 'half' } as const
    const body = new Blob([sized(900_000)]).stream()
    await expectOverloaded(await fetch(url, { ...chunked, body }))
    expect((await post(url, sized(4000))).status).toBe(200)
  })

  it('refused and abandoned requests hold nothing', async () => {
    const { stand, url } = await listening({ maxInFlightBytes: 5000, maxInFlightRequests: 2 })
    for (const body of ['no JSON', sized(9500), sized(4000)]) await post(url, body)
    const sockets = await Promise.all([begun(url, 4000), begun(url, 4000)])
    for (const socket of sockets) socket.destroy()
    await vi.waitFor(() => expect(stand.counters.snapshot().errorCount).toBe(4))
    expect((await post(url, sized(4000))).status).toBe(200)
  })
})

/** A request that declares a body and sends one byte of it. */
async function begun(url: URL, bytes: number): Promise<Socket> {
  const socket = connect(Number(url.port), url.hostname)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  const head = `POST /v1/logs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`
  socket.write(`${head}content-length: ${bytes}\r\n\r\n{`)
  return socket
}

/** However it is closed: `once` of Node rejects when that is an error. */
const closed = (socket: Socket): Promise<unknown> =>
  new Promise((resolve) => socket.once('close', resolve))

describe('slow clients give their place up', () => {
  /** The answer to a request, until the server hangs up. */
  const answerOf = async (socket: Socket): Promise<string> => {
    let text = ''
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
    })
    await once(socket, 'close')
    return text
  }

  it('to a new request, and are asked to come again', async () => {
    const { stand, url } = await listening({ maxArriving: 3 })
    const sockets: Socket[] = []
    for (let n = 0; n < 3; n += 1) {
      const arrived = once(stand.app.server, 'request')
      sockets.push(await begun(url, 1000))
      await arrived
      stand.clock.nowMs += 10
    }
    const first = answerOf(sockets[0] as Socket)
    expect((await post(url, '{}')).status).toBe(200)
    expect(await first).toMatch(/^HTTP\/1\.1 503 [\s\S]*connection: close\r\n[\s\S]*"code":14,/)
    sockets[1]?.write('x'.repeat(999))
    expect((await once(sockets[1] as Socket, 'data')).toString()).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('that hold much, to one that needs the room', async () => {
    const { stand, url } = await listening({ maxInFlightBytes: 15_000 })
    const hog = await begun(url, 9000)
    hog.write('x'.repeat(8000))
    const answer = answerOf(hog)
    await vi.waitFor(async () => {
      stand.clock.nowMs += 1000
      expect((await post(url, sized(9000))).status).toBe(200)
    })
    expect(await answer).toMatch(/^HTTP\/1\.1 503 /)
  })

  it('with their connection, to a new one', async () => {
    const { stand, url } = await listening({ maxConnections: 3 })
    const sockets: Socket[] = []
    for (const bytes of ['', 'POST /v1/logs HTTP/1.1\r\nhost: loc', '']) {
      const connected = once(stand.app.server, 'connection')
      const socket = connect(Number(url.port), url.hostname).on('error', () => undefined)
      socket.write(bytes)
      sockets.push(socket)
      await connected
      stand.clock.nowMs += 10
    }
    const hungUp = closed((sockets[0] as Socket).resume())
    expect((await post(url, '{}')).status).toBe(200)
    await hungUp
    expect(sockets.slice(1).map(({ destroyed }) => destroyed)).toEqual([false, false])
  })

  it('that send a body in crumbs are hung up on', async () => {
    const { stand, url } = await listening({ maxRequestBytes: 1e6 })
    const socket = connect(Number(url.port), url.hostname).on('error', () => undefined)
    const head = 'POST /v1/logs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n'
    socket.write(`${head}transfer-encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(50_000)}`)
    await closed(socket.resume())
    expect(stand.counters.snapshot().errorsByStatus).toEqual({ 400: 1 })
  })

  it('that send requests without waiting for answers are hung up on', async () => {
    const { stand, url } = await listening({})
    held(stand)
    const socket = connect(Number(url.port), url.hostname).on('error', () => undefined)
    const body = logsBody('a')
    const head = 'POST /v1/logs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n'
    socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`.repeat(5000))
    await closed(socket.resume())
    expect(stand.ingestLogs.mock.calls.length).toBeLessThanOrEqual(64)
    expect((await post(url, '{}')).status).toBe(200)
  })
})

describe('slow clients', () => {
  const soon = {
    headersMs: 60,
    requestMs: 60,
    stallMs: 0,
    keepAliveMs: 1000,
    checkEveryMs: 10,
    closingMs: 60,
  }
  const answerTo = async (socket: Socket): Promise<string> => {
    let text = ''
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
    })
    await once(socket, 'close')
    return text
  }

  it('that do not send their headers in time are answered 408 and hung up on', async () => {
    const { url } = await listening({ timeouts: soon })
    const socket = connect(Number(url.port), url.hostname)
    socket.write('POST /v1/logs HTTP/1.1\r\nhost: loc')
    expect(await answerTo(socket)).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":4,/)
  })

  it('that do not send their body in time are as well, and hold nothing', async () => {
    const { stand, url } = await listening({ timeouts: soon, maxInFlightRequests: 1 })
    const socket = await begun(url, 1000)
    expect(await answerTo(socket)).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":4,/)
    expect(stand.ingestLogs).not.toHaveBeenCalled()
    await vi.waitFor(async () => expect((await post(url, '{}')).status).toBe(200))
  })

  it('that stop in the middle do not hold up the end', async () => {
    const patient = { ...soon, headersMs: 60_000, requestMs: 60_000 }
    const { stand, url } = await listening({ timeouts: patient })
    const arrived = once(stand.app.server, 'request')
    const socket = await begun(url, 1000)
    await arrived
    const hungUp = once(socket.resume(), 'close')
    await stand.app.close()
    await hungUp
    expect(stand.ingestLogs).not.toHaveBeenCalled()
  })

  it('that stall in the middle are hung up on', async () => {
    const stalled = { ...soon, headersMs: 60_000, requestMs: 60_000, stallMs: 60 }
    const { url } = await listening({ timeouts: stalled })
    await once(await begun(url, 1000), 'close')
    expect((await post(url, '{}')).status).toBe(200)
  })
})
