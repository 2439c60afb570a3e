/** Every recording sent as JSON, through the real bridge, into a Langfuse stand-in. */
import { afterEach, describe, expect, test } from 'vitest'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'
import { expectTruth } from './corpus/expect-truth.ts'
import { jsonRecordingNames, recording, replay } from './corpus/recording.ts'
import { renderTraces } from './corpus/span-tree.ts'
import { createLangfuseStandIn, type LangfuseStandIn } from './langfuse-stand-in/stand-in.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

async function setUp(): Promise<{ langfuse: LangfuseStandIn; dataDir: string }> {
  const langfuse = await createLangfuseStandIn()
  const dataDir = temporaryFolder()
  cleanUp.push(
    () => langfuse.close(),
    () => removeFolder(dataDir),
  )
  return { langfuse, dataDir }
}

async function replayed(name: string, times = 1): Promise<LangfuseStandIn> {
  const { langfuse, dataDir } = await setUp()
  const bridge = await startBridge(bridgeEnvironment(dataDir, langfuse))
  for (let time = 0; time < times; time += 1) await replay(bridge.url, recording(name))
  await bridge.stop()
  return langfuse
}

test('there are recordings', () => {
  expect(jsonRecordingNames.length).toBeGreaterThan(15)
})

describe.each(jsonRecordingNames)('%s', (name) => {
  test('adds up to its truth, and reads as its golden file', async () => {
    const langfuse = await replayed(name)
    expectTruth(langfuse, recording(name).truth)
    const tree = renderTraces(langfuse.spans(), langfuse.scores())
    await expect(tree).toMatchFileSnapshot(`../golden/claude-code/${name}.txt`)
  })

  test('adds up to the same when every request comes twice', async () => {
    expectTruth(await replayed(name, 2), recording(name).truth)
  })

  test('adds up to the same when Langfuse was down until a restart', async () => {
    const { langfuse, dataDir } = await setUp()
    langfuse.always(() => ({ kind: 'status', status: 503 }))
    const environment = { ...bridgeEnvironment(dataDir, langfuse), SHUTDOWN_TIMEOUT: '200' }
    const first = await startBridge(environment)
    await replay(first.url, recording(name))
    await first.stop()
    expect(langfuse.spans()).toEqual([])
    langfuse.always(undefined)
    const second = await startBridge({ ...environment, SHUTDOWN_TIMEOUT: '10000' })
    await second.stop()
    expectTruth(langfuse, recording(name).truth)
  })
})
