/** Thousands of clients that begin and do not go on, and a bridge that answers everyone else. */
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { bridgeEnvironment, removeFolder, temporaryFolder } from './corpus/bridge.ts'
import { startedProcess } from './corpus/bridge-process.ts'
import { createGrpcClient, servicePaths } from './grpc/grpc-client.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

const HEAD = 'POST /v1/logs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n'
const CLIENTS = 2500

async function setUp() {
  const dataDir = temporaryFolder()
  cleanUp.push(() => removeFolder(dataDir))
  const bridge = await startedProcess({ ...bridgeEnvironment(dataDir), OTLP_GRPC_PORT: '0' })
  cleanUp.push(() => bridge.child.kill('SIGKILL'))
  const grpcAddress = /"grpc":"([^"]+)"/.exec(bridge.log())?.[1] ?? ''
  const post = async (): Promise<number> => {
    const headers = { 'content-type': 'application/json' }
    return (await fetch(`${bridge.url}/v1/logs`, { method: 'POST', headers, body: '{}' })).status
  }
  const call = async (): Promise<number> => {
    const client = createGrpcClient(grpcAddress)
    const { code } = await client.send(servicePaths.logs, Buffer.alloc(0))
    client.close()
    return code
  }
  return { bridge, grpcAddress, post, call }
}

async function opened(url: string, text: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined).resume()
  cleanUp.push(() => socket.destroy())
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

test.each([
  ['nothing', ''],
  ['half of their headers', HEAD],
  ['half of their body', `${HEAD}content-length: 1000\r\n\r\n{"resourceLogs":`],
])('over HTTP, that send %s', async (_name, text) => {
  const { bridge, post, call } = await setUp()
  for (let n = 0; n < CLIENTS; n += 50) {
    await Promise.all(Array.from({ length: 50 }, () => opened(bridge.url, text)))
  }
  for (let n = 0; n < 5; n += 1) expect([await post(), await call()]).toEqual([200, 0])
  bridge.kill('SIGTERM')
  expect(await bridge.ended()).toBe(0)
})

test.each([
  ['headers', Buffer.alloc(0)],
  ['half a message', Buffer.from([0, 0, 0, 0, 9, 1])],
])('over gRPC, that send %s', async (_name, bytes) => {
  const { bridge, grpcAddress, post, call } = await setUp()
  for (let n = 0; n < CLIENTS / 100; n += 1) {
    const session = connectHttp2(`http://${grpcAddress}`)
    session.on('error', () => undefined)
    cleanUp.push(() => session.destroy())
    await once(session, 'connect')
    for (let call = 0; call < 100; call += 1) {
      const stream = session.request({
        ':method': 'POST',
        ':path': servicePaths.logs,
        'content-type': 'application/grpc',
      })
      stream.on('error', () => undefined).resume()
      if (bytes.length > 0) stream.write(bytes)
    }
  }
  for (let n = 0; n < 5; n += 1) expect([await post(), await call()]).toEqual([200, 0])
  bridge.kill('SIGTERM')
  expect(await bridge.ended()).toBe(0)
})
