/** The bridge as a process: crashes, signals, exit codes. */
import { createServer } from 'node:net'
import { once } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import { bridgeEnvironment, removeFolder, temporaryFolder } from './corpus/bridge.ts'
import { startedProcess, startProcess } from './corpus/bridge-process.ts'
import { expectTruth, expectTruthAfterCrash } from './corpus/expect-truth.ts'
import { eventually, post, recording, replay } from './corpus/recording.ts'
import { createLangfuseStandIn, type LangfuseStandIn } from './langfuse-stand-in/stand-in.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

async function setUp(): Promise<{ langfuse: LangfuseStandIn; env: Record<string, string> }> {
  const langfuse = await createLangfuseStandIn()
  const dataDir = temporaryFolder()
  cleanUp.push(
    () => langfuse.close(),
    () => removeFolder(dataDir),
  )
  return { langfuse, env: bridgeEnvironment(dataDir, langfuse) }
}

async function started(env: Record<string, string>) {
  const bridge = await startedProcess(env)
  cleanUp.push(() => bridge.child.kill('SIGKILL'))
  return bridge
}

describe('after kill -9 nothing that was answered 200 is missing, and nothing counts twice', () => {
  const cases = ['multi-turn-traces', 'large-batches', 'v2.1.112', 'cumulative-metrics']
  test.each(cases)('%s', async (name) => {
    const { langfuse, env } = await setUp()
    const { requests, truth } = recording(name)
    for (const request of requests) {
      const bridge = await started(env)
      expect(await post(bridge.url, request)).toBe(200)
      bridge.kill('SIGKILL')
      expect(await bridge.ended()).toBe('SIGKILL')
    }
    const last = await started(env)
    for (const request of requests) expect(await post(last.url, request)).toBe(200)
    last.kill('SIGTERM')
    expect(await last.ended()).toBe(0)
    expectTruthAfterCrash(langfuse, truth)
  })

  test('also while Langfuse was down', async () => {
    const { langfuse, env } = await setUp()
    langfuse.always(() => ({ kind: 'reset' }))
    const first = await started(env)
    await replay(first.url, recording('tools'))
    first.kill('SIGKILL')
    await first.ended()
    langfuse.always(undefined)
    const second = await started(env)
    second.kill('SIGTERM')
    expect(await second.ended()).toBe(0)
    expectTruth(langfuse, recording('tools').truth)
  })
})

test('what was stored without keys is delivered once there are keys', async () => {
  const { langfuse, env } = await setUp()
  const { LANGFUSE_PUBLIC_KEY: _, LANGFUSE_SECRET_KEY: __, ...withoutKeys } = env
  const first = await started(withoutKeys)
  await replay(first.url, recording('tools'))
  const health = (await (await fetch(`${first.url}/health`)).json()) as Record<string, unknown>
  expect(health).toMatchObject({ status: 'ok', langfuse: 'unconfigured', sessions: 1 })
  first.kill('SIGTERM')
  expect(await first.ended()).toBe(0)
  const second = await started(env)
  await eventually('the summary', () =>
    langfuse.spans().some((span) => span.name === 'session-summary'),
  )
  second.kill('SIGTERM')
  await second.ended()
  expectTruth(langfuse, recording('tools').truth)
})

test('a headless prompt is whole in Langfuse without any shutdown', async () => {
  const { langfuse, env } = await setUp()
  const bridge = await started({ ...env, TURN_QUIET_TIMEOUT: '300', JOIN_TIMEOUT: '100' })
  await replay(bridge.url, recording('tools'))
  await eventually('the root', () => langfuse.spans().some((span) => span.name === 'conversation'))
  expect(langfuse.spans()).toHaveLength(10)
})

test('the first signal stops in good order, the second at once', async () => {
  const { langfuse, env } = await setUp()
  langfuse.always(() => ({ kind: 'hang' }))
  const bridge = await started({ ...env, SHUTDOWN_TIMEOUT: '60000' })
  await replay(bridge.url, recording('plain'))
  bridge.kill('SIGTERM')
  await eventually('the end of listening', () =>
    fetch(`${bridge.url}/health`).then(
      (answer) => answer.status === 503,
      () => true,
    ),
  )
  bridge.kill('SIGINT')
  expect(await bridge.ended()).toBe(130)
})

describe('a start that cannot be says why in a line and exits 1', () => {
  test('a wrong setting', async () => {
    const { env } = await setUp()
    const failed = await startProcess({ ...env, SESSION_TIMEOUT: 'soon' })
    expect(failed).toMatchObject({ code: 1 })
    expect('stderr' in failed && failed.stderr).toMatch(
      /^claude-telemetry: SESSION_TIMEOUT is "soon"/,
    )
  })

  test('a port in use', async () => {
    const { env } = await setUp()
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanUp.push(() => server.close())
    const address = server.address()
    const port = typeof address === 'object' ? `${address?.port}` : ''
    const failed = await startProcess({ ...env, OTLP_RECEIVER_PORT: port })
    expect(failed).toMatchObject({ code: 1 })
    expect('stderr' in failed && failed.stderr).toContain(`Port ${port} on 127.0.0.1 is in use`)
  })

  test('a data folder in use by another bridge', async () => {
    const { env } = await setUp()
    await started(env)
    const failed = await startProcess(env)
    expect(failed).toMatchObject({ code: 1 })
    expect('stderr' in failed && failed.stderr).toContain('in use by another running')
  })
})
