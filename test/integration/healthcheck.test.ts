/** The health check of the image, against bridges as a container may have them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'
import { createAuthority, issue, writePem } from './tls/certificates.ts'

const script = join(import.meta.dirname, '../../scripts/container/healthcheck.ts')

async function check(environment: Record<string, string>): Promise<unknown> {
  const child = spawn(process.execPath, [script], { env: environment, stdio: 'ignore' })
  const [code] = (await once(child, 'close')) as [number | null]
  return code
}

async function started(settings: Record<string, string> = {}) {
  const dataDir = temporaryFolder()
  const environment = {
    ...bridgeEnvironment(dataDir),
    API_KEY: 'a-key-of-sixteen-characters',
    ...settings,
  }
  const bridge = await startBridge(environment)
  let stopped: Promise<void> | undefined
  const stop = () => (stopped ??= bridge.stop())
  onTestFinished(async () => {
    await stop()
    removeFolder(dataDir)
  })
  const port = (url: string) => new URL(url).port
  return {
    stop,
    environment: {
      ...environment,
      OTLP_RECEIVER_PORT: port(bridge.url),
      ...(bridge.metrics !== undefined && { METRICS_PORT: port(bridge.metrics) }),
    },
  }
}

test('a bridge on all addresses, without the key', async () => {
  const { environment, stop } = await started({ OTLP_RECEIVER_HOST: '0.0.0.0' })
  expect(await check(environment)).toBe(0)
  await stop()
  expect(await check(environment)).toBe(1)
})

test('over TLS, and by METRICS_PORT where clients need a certificate', async () => {
  const folder = temporaryFolder()
  onTestFinished(() => removeFolder(folder))
  const authority = await createAuthority()
  const files = writePem(folder, await issue(authority, { names: ['telemetry.example.com'] }))
  const plain = await started(files)
  expect(await check(plain.environment)).toBe(0)
  const TLS_CLIENT_CA_FILE = join(folder, 'clients.pem')
  writeFileSync(TLS_CLIENT_CA_FILE, authority.cert)
  const mutual = await started({ ...files, TLS_CLIENT_CA_FILE, METRICS_PORT: '0' })
  expect(await check(mutual.environment)).toBe(0)
  const { METRICS_PORT: _, ...withoutPort } = mutual.environment as Record<string, string>
  expect(await check(withoutPort)).toBe(1)
})
