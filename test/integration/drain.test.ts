/** How a bridge tells that it is ready, and how it stops while clients are sending. */
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Clock } from '../../src/domain/clock.ts'
import { createSystemClock } from '../../src/observability/clock.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'
import { startedProcess } from './corpus/bridge-process.ts'
import { eventually, post, recording } from './corpus/recording.ts'
import { createLangfuseStandIn } from './langfuse-stand-in/stand-in.ts'

function environment(): Record<string, string> {
  const dataDir = temporaryFolder()
  onTestFinished(() => removeFolder(dataDir))
  return bridgeEnvironment(dataDir)
}

async function probe(url: string): Promise<readonly [number, unknown]> {
  const answer = await fetch(url)
  return [answer.status, await answer.json()]
}

describe('probes', () => {
  test('need no key and tell nothing but the status', async () => {
    const bridge = await startBridge({ ...environment(), API_KEY: 'a-key-of-sixteen-characters' })
    onTestFinished(() => bridge.stop())
    expect(await probe(`${bridge.url}/health/live`)).toEqual([200, { status: 'ok' }])
    expect(await probe(`${bridge.url}/health/ready`)).toEqual([200, { status: 'ready' }])
    expect(await probe(`${bridge.url}/health/ready/`)).toEqual([200, { status: 'ready' }])
    const post = await fetch(`${bridge.url}/health/live`, { method: 'POST' })
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })

  test('take no name but that of this machine where there is no key', async () => {
    const bridge = await startBridge(environment())
    onTestFinished(() => bridge.stop())
    const { hostname, port } = new URL(bridge.url)
    const { request } = await import('node:http')
    const status = await new Promise((resolve, reject) => {
      const headers = { host: 'rebound.example' }
      request({ hostname, port, path: '/health/ready', headers }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
        .on('error', reject)
        .end()
    })
    expect(status).toBe(403)
  })
})

test('SIGTERM: not ready at once, requests are taken until the delay is over, then it ends well', async () => {
  const langfuse = await createLangfuseStandIn()
  onTestFinished(() => langfuse.close())
  const dataDir = temporaryFolder()
  onTestFinished(() => removeFolder(dataDir))
  const bridge = await startedProcess({
    ...bridgeEnvironment(dataDir, langfuse),
    // Ended by the signal below, not by a wait.
    DRAIN_DELAY: '3600000',
  })
  onTestFinished(() => void bridge.child.kill('SIGKILL'))
  const { requests } = recording('plain')
  bridge.kill('SIGTERM')
  await eventually('draining', async () => {
    const [status, body] = await probe(`${bridge.url}/health/ready`)
    return status === 503 && JSON.stringify(body) === '{"status":"draining"}'
  })
  expect(await probe(`${bridge.url}/health/live`)).toEqual([200, { status: 'ok' }])
  for (const request of requests) expect(await post(bridge.url, request)).toBe(200)
  bridge.kill('SIGTERM')
  expect(await bridge.ended()).toBe(143)
  const next = await startedProcess(bridgeEnvironment(dataDir, langfuse))
  next.kill('SIGTERM')
  expect(await next.ended()).toBe(0)
  const [sessionId] = Object.keys(recording('plain').truth)
  expect(langfuse.spans().some((span) => JSON.stringify(span).includes(sessionId ?? '-'))).toBe(
    true,
  )
})

test('the delay ends by itself, and everything that was taken meanwhile is delivered', async () => {
  const langfuse = await createLangfuseStandIn()
  onTestFinished(() => langfuse.close())
  const dataDir = temporaryFolder()
  onTestFinished(() => removeFolder(dataDir))
  const DRAIN_DELAY = 7_654_321
  const system = createSystemClock()
  const delay = Promise.withResolvers<() => void>()
  const clock: Clock = {
    now: () => system.now(),
    setTimer: (callback, ms) => {
      if (ms !== DRAIN_DELAY) return system.setTimer(callback, ms)
      delay.resolve(callback)
      return { cancel: () => {} }
    },
  }
  const settings = { ...bridgeEnvironment(dataDir, langfuse), DRAIN_DELAY: String(DRAIN_DELAY) }
  const bridge = await startBridge(settings, clock)
  const stopped = bridge.stop()
  expect(await probe(`${bridge.url}/health/ready`)).toEqual([503, { status: 'draining' }])
  for (const request of recording('plain').requests) {
    expect(await post(bridge.url, request)).toBe(200)
  }
  const endDelay = await delay.promise
  endDelay()
  await stopped
  expect(langfuse.spans().filter(({ name }) => name === 'session-summary')).toHaveLength(1)
  await expect(fetch(`${bridge.url}/health/live`)).rejects.toThrow('fetch failed')
})
