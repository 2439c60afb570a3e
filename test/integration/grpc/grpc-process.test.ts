/** The gRPC server of a bridge that is a process of its own: addresses, and the end. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { encoded } from '../../unit/otlp/encode.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from '../corpus/bridge.ts'
import { startProcess } from '../corpus/bridge-process.ts'
import { createGrpcClient, servicePaths } from './grpc-client.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

function environment(settings: Record<string, string>): Record<string, string> {
  const dataDir = temporaryFolder()
  cleanUp.push(() => removeFolder(dataDir))
  return { ...bridgeEnvironment(dataDir), OTLP_GRPC_PORT: '0', ...settings }
}

describe('listens on the host of the HTTP server', () => {
  test.each([
    ['127.0.0.1', /^127\.0\.0\.1:\d+$/],
    ['localhost', /^localhost:\d+$/],
    ['::1', /^\[::1\]:\d+$/],
  ])('%s', async (host, address) => {
    const bridge = await startBridge(environment({ OTLP_RECEIVER_HOST: host }))
    cleanUp.push(() => bridge.stop())
    expect(bridge.grpc).toMatch(address)
    const client = createGrpcClient(bridge.grpc ?? '')
    cleanUp.push(() => client.close())
    expect((await client.send(servicePaths.logs, encoded('Logs', {}))).code).toBe(0)
  })
})

test('a port in use is said in a line, with the setting that changes it', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp.push(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' ? `${address?.port}` : ''
  const failed = await startProcess(environment({ OTLP_GRPC_PORT: port }))
  expect(failed).toEqual({
    code: 1,
    stderr: `claude-telemetry: Port ${port} on 127.0.0.1 is in use by another program. Stop it, or set OTLP_GRPC_PORT to another port.\n`,
  })
})

test('both servers are closed by a signal, with connections open', async () => {
  const bridge = await startProcess(environment({}))
  if (!('url' in bridge)) throw new Error(bridge.stderr)
  cleanUp.push(() => bridge.child.kill('SIGKILL'))
  expect((await fetch(`${bridge.url}/health`)).status).toBe(200)
  bridge.kill('SIGTERM')
  expect(await bridge.ended()).toBe(0)
})
