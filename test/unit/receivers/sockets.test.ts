import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createStand, jsonType, logsBody, type Stand } from './stand.ts'

let stand: Stand
let url: URL
beforeEach(async () => {
  stand = createStand({ maxRequestBytes: 100_000 })
  url = new URL(await stand.app.listen({ host: '127.0.0.1', port: 0 }))
})
afterEach(async () => {
  await stand.app.close()
})

/** All bytes the server sends until it hangs up. */
async function textOf(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    text += chunk
  })
  await once(socket, 'close')
  return text
}

const connected = async (): Promise<Socket> => {
  const socket = connect(Number(url.port), url.hostname)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

const noLongerListening = () =>
  vi.waitFor(() => {
    expect(stand.app.server.listening).toBe(false)
  })

const head = 'POST /v1/logs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n'

describe('over a real connection', () => {
  it('takes a chunked body', async () => {
    const { hostname, port } = url
    const outgoing = httpRequest({
      hostname,
      port,
      path: '/v1/logs',
      method: 'POST',
      headers: jsonType,
    })
    const body = logsBody('a', 'ü€😀')
    for (const byte of Buffer.from(body)) outgoing.write(Buffer.from([byte]))
    outgoing.end()
    const [reply] = (await once(outgoing, 'response')) as [IncomingMessage]
    reply.resume()
    expect(reply.statusCode).toBe(200)
    const [records] = stand.ingestLogs.mock.calls[0] ?? []
    expect(records?.map((record) => record.eventName)).toEqual(['a', 'ü€😀'])
  })

  it.each([
    ['declared', 'none', false],
    ['chunked', 'none', true],
    ['declared and compressed', 'gzip', false],
    ['chunked and compressed', 'gzip', true],
  ])('takes a body of many packets, %s', async (_name, encoding, isChunked) => {
    await stand.app.close()
    stand = createStand({ maxRequestBytes: 10_000_000 })
    url = new URL(await stand.app.listen({ host: '127.0.0.1', port: 0 }))
    // Random enough for the compressed body to be large as well.
    const names = Array.from({ length: 60 }, () => randomBytes(20_000).toString('hex'))
    const plain = Buffer.from(logsBody(...names))
    const body = encoding === 'gzip' ? gzipSync(plain) : plain
    const request = {
      method: 'POST',
      headers: { ...jsonType, ...(encoding === 'gzip' && { 'content-encoding': encoding }) },
      body: isChunked ? new Blob([body]).stream() : body,
      duplex: 'half',
    } as const
    for (let round = 0; round < 3; round += 1) {
      if (round > 0 && isChunked) break
      expect((await fetch(new URL('/v1/logs', url), request)).status).toBe(200)
      const taken = stand.ingestLogs.mock.calls.splice(0).flatMap(([records]) => records)
      expect(taken.map(({ eventName }) => eventName)).toEqual(names)
    }
  })

  it.each([
    ['declared', Buffer.alloc(20_000_000, 0x20)],
    ['chunked', new Blob([Buffer.alloc(20_000_000, 0x20)]).stream()],
  ])('answers a %s body far over the limit before it hangs up', async (_name, body) => {
    const request = { method: 'POST', headers: jsonType, body, duplex: 'half' } as const
    const reply = await fetch(new URL('/v1/logs', url), request)
    expect(reply.status).toBe(413)
    expect(await reply.json()).toMatchObject({ code: 8 })
  })

  it('answers what is no HTTP with a status and hangs up', async () => {
    const socket = await connected()
    const text = textOf(socket)
    socket.write('\x16\x03\x01 this is no HTTP\r\n\r\n')
    expect(await text).toMatch(
      /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*\r\n\r\n\{"code":3,"message":/,
    )
    expect(stand.counters.snapshot().errorsByStatus).toEqual({ 400: 1 })
  })

  it('answers headers that are too large with a status', async () => {
    const socket = await connected()
    const text = textOf(socket)
    socket.write(`${head}x-large: ${'x'.repeat(20_000)}\r\n\r\n`)
    expect(await text).toMatch(/^HTTP\/1\.1 431 [\s\S]*\{"code":8,"message":/)
  })

  it('survives a client that leaves in the middle of its body', async () => {
    const socket = await connected()
    socket.write(`${head}content-length: 1000\r\n\r\n{"resourceLogs":`)
    socket.destroy()
    await vi.waitFor(() => {
      expect(stand.counters.snapshot().errorCount).toBe(1)
    })
    const reply = await fetch(new URL('/v1/logs', url), {
      method: 'POST',
      headers: jsonType,
      body: '{}',
    })
    expect(reply.status).toBe(200)
    expect(stand.ingestLogs).not.toHaveBeenCalled()
  })
})

describe('while stopping', () => {
  it('finishes what is under way, hangs up, and is closed', async () => {
    let store: () => void = () => undefined
    stand.ingestLogs.mockImplementation(
      () =>
        new Promise((resolve) => {
          store = () => {
            resolve([])
          }
        }),
    )
    const body = logsBody('a')
    const socket = await connected()
    const text = textOf(socket)
    socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`)
    await vi.waitFor(() => {
      expect(stand.ingestLogs).toHaveBeenCalledTimes(1)
    })
    const closed = stand.app.close()
    await noLongerListening()
    store()
    expect(await text).toMatch(
      /^HTTP\/1\.1 200 OK\r\n[\s\S]*connection: close\r\n[\s\S]*\r\n\r\n\{\}$/,
    )
    await closed
  })

  it('answers 503 to a request that was still on its way', async () => {
    const socket = await connected()
    const text = textOf(socket)
    socket.write(`${head}content-length: 2\r\n\r\n{}${head}`)
    await once(socket, 'data')
    const closed = stand.app.close()
    await noLongerListening()
    socket.write('content-length: 2\r\n\r\n{}')
    expect(await text).toMatch(
      /^HTTP\/1\.1 200 OK[\s\S]*HTTP\/1\.1 503 [\s\S]*connection: close\r\n[\s\S]*\{"code":14,/,
    )
    await closed
  })
})
