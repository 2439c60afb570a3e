/** A key beyond its quota, as clients are told over HTTP and over gRPC; and keys by command. */
import { afterEach, expect, test } from 'vitest'
import { createHome } from '../cli/home.ts'
import { post, resourceLogsOf, turn } from '../cli/telemetry.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from '../corpus/bridge.ts'
import { createGrpcClient, servicePaths } from '../grpc/grpc-client.ts'
import { API_KEY, startSharedBridge } from './two-teams.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

function folder(): string {
  const dataDir = temporaryFolder()
  cleanUp.push(() => removeFolder(dataDir))
  return dataDir
}

test('429 with Retry-After over HTTP, RESOURCE_EXHAUSTED with RetryInfo over gRPC; others go on', async () => {
  const bridge = await startSharedBridge(folder())
  cleanUp.push(() => bridge.stop())
  const small = await bridge.key('small', { scopes: ['ingest'], team: 'red', recordsPerMinute: 1 })
  const free = await bridge.key('free', { scopes: ['ingest'], team: 'red' })
  const session = { id: 's1', events: turn('a prompt', 1) }
  await post(bridge.url, [session], small)
  const body = { resourceLogs: [resourceLogsOf(session)] }
  const refused = await bridge.ask('/v1/logs', small, { method: 'POST', body })
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await refused.json()).toMatchObject({ code: 8, message: expect.stringContaining('small') })
  const grpc = createGrpcClient(bridge.grpc ?? '')
  cleanUp.push(() => grpc.close())
  const answer = await grpc.send(servicePaths.logs, Buffer.from([]), {
    authorization: `Bearer ${small}`,
  })
  expect(answer.code).toBe(8)
  const [details] = answer.trailers.get('grpc-status-details-bin')
  expect(String(details)).toContain('google.rpc.RetryInfo')
  await post(bridge.url, [{ ...session, id: 's2' }], free)
  const wrong = await grpc.send(servicePaths.logs, Buffer.from([]), { authorization: 'Bearer x' })
  expect(wrong.code).toBe(16)
  const health = (await (await bridge.ask('/health', API_KEY)).json()) as {
    refused: Record<string, number>
  }
  expect(health.refused).toMatchObject({ quota: 2 })
})

test('keys are made, listed, rotated and revoked by command, beside a bridge and without one', async () => {
  const dataDir = folder()
  const { PAGE_ACCESS: _, ...environment } = bridgeEnvironment(dataDir)
  const home = createHome()
  const first = await startBridge(environment)
  const variables = { ...environment, OTLP_RECEIVER_PORT: new URL(first.url).port }
  const run = async (...args: readonly string[]) => {
    const done = await home.start(['keys', ...args], variables)
    expect([args, done.code, done.stderr.includes('ctk_')]).toEqual([args, 0, false])
    return done.stdout.trim()
  }
  const asks = async (url: string, key: string) =>
    (await fetch(`${url}/api/sessions`, { headers: { authorization: `Bearer ${key}` } })).status
  // Beside a running bridge, which takes the key at once.
  const reader = await run('create', 'reader', '--scope', 'read:team', '--team', 'red')
  expect(reader).toMatch(/^ctk_[0-9a-f]{16}_[\w-]{43}$/)
  expect(await asks(first.url, reader)).toBe(200)
  const rotated = await run('rotate', 'reader', '--overlap', '0')
  expect([await asks(first.url, reader), await asks(first.url, rotated)]).toEqual([401, 200])
  await first.stop()
  // Without one.
  const whole = JSON.parse(
    await run('create', 'all', '--scope', 'read:all', 'ingest', '--user', 'ada', '--json'),
  ) as { secret: string; key: { scopes: string[] } }
  expect(whole.key.scopes).toEqual(['read:all', 'ingest'])
  await run('revoke', 'reader')
  const listed = await run('list')
  expect(listed).toMatch(/reader .*revoked/)
  expect(listed).toMatch(/all .*read:all,ingest/)
  expect(listed).not.toContain('ctk_')
  const second = await startBridge(variables)
  cleanUp.push(() => second.stop())
  expect([await asks(second.url, rotated), await asks(second.url, whole.secret)]).toEqual([
    401, 200,
  ])
  const missing = await home.start(['keys', 'revoke', 'nobody'], variables)
  expect([missing.code, missing.stderr.includes('there is no key')]).toEqual([1, true])
  const wrong = await home.start(['keys', 'create', 'x', '--scope', 'read:team'], variables)
  expect([wrong.code, wrong.stderr.includes('needs a team')]).toEqual([1, true])
  // The bridge is not what is wrong.
  for (const { stderr } of [missing, wrong])
    expect(stderr).not.toMatch(/HTTP 4|[Ss]top that bridge/)
  const limits = ['--records-per-minute', '600', '--bytes-per-day', '1000000', '--expires', '7d']
  expect(await run('update', 'all', ...limits)).toMatch(
    /^the key all has 600 records\/min, .*\/day, valid until \d{4}-/,
  )
  expect(await run('list')).toMatch(/QUOTA +EXPIRES/)
  expect(await run('list')).toMatch(/all .*600 records\/min/)
  const ends = ['--records-per-minute', 'unlimited', '--bytes-per-day', 'unlimited']
  expect(await run('update', 'all', ...ends, '--expires', 'never')).toContain('no quota, no end')
  const nothing = await home.start(['keys', 'update', 'all'], variables)
  expect([nothing.code, nothing.stderr]).toEqual([2, expect.stringContaining('--expires')])
  const audit = await home.start(['audit', '--json'], variables)
  const entries = JSON.parse(audit.stdout) as { actor: string; action: string; target: string }[]
  expect(entries.map(({ actor, action, target }) => [actor, action, target])).toEqual([
    ['access token', 'updateKey', 'all'],
    ['access token', 'updateKey', 'all'],
    ['access token', 'createKey', 'x'],
    ['access token', 'revokeKey', 'nobody'],
    ['command line', 'revokeKey', 'reader'],
    ['command line', 'createKey', 'all'],
    ['access token', 'rotateKey', 'reader'],
    ['access token', 'createKey', 'reader'],
  ])
})
