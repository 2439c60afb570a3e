/** What Langfuse asks for by Retry-After, over a restart of the whole bridge. */
import { expect, onTestFinished, test } from 'vitest'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'
import { eventually, recording, replay } from './corpus/recording.ts'
import { createLangfuseStandIn } from './langfuse-stand-in/stand-in.ts'

const ASKED_S = 5

test('it is left alone for as long, also with what never failed', async () => {
  const langfuse = await createLangfuseStandIn()
  const dataDir = temporaryFolder()
  onTestFinished(async () => {
    await langfuse.close()
    removeFolder(dataDir)
  })
  const environment = { ...bridgeEnvironment(dataDir, langfuse), SHUTDOWN_TIMEOUT: '0' }
  const askedMs: number[] = []
  langfuse.always(() => {
    askedMs.push(performance.now())
    return askedMs.length > 1
      ? undefined
      : { kind: 'status', status: 429, headers: { 'retry-after': String(ASKED_S) } }
  })
  const first = await startBridge(environment)
  await eventually('the refusal', () => askedMs.length > 0)
  await replay(first.url, recording('tools'))
  await first.stop()
  const second = await startBridge(environment)
  onTestFinished(() => second.stop())
  await eventually('the delivery', () => langfuse.spans().length > 0)
  const [refusedMs = 0, nextMs = 0] = askedMs
  // Timers may run a millisecond early.
  expect(nextMs - refusedMs).toBeGreaterThanOrEqual(ASKED_S * 1000 - 10)
})
