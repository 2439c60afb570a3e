/**
 * The recordings sent as protobuf, over HTTP, gzip and gRPC, through the real bridge: they add up
 * to their truth, and tell the same story as the one sent as JSON.
 */
import { afterEach, describe, expect, test } from 'vitest'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'
import { expectTruth } from './corpus/expect-truth.ts'
import { replayAsRecorded } from './corpus/grpc-replay.ts'
import { jsonRecordingNames, recording, recordingNames } from './corpus/recording.ts'
import { renderTraces } from './corpus/span-tree.ts'
import { createLangfuseStandIn, type LangfuseStandIn } from './langfuse-stand-in/stand-in.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

async function replayed(name: string, times = 1): Promise<LangfuseStandIn> {
  const langfuse = await createLangfuseStandIn()
  const dataDir = temporaryFolder()
  cleanUp.push(
    () => langfuse.close(),
    () => removeFolder(dataDir),
  )
  const environment = { ...bridgeEnvironment(dataDir, langfuse), OTLP_GRPC_PORT: '0' }
  const bridge = await startBridge(environment)
  for (let time = 0; time < times; time += 1) await replayAsRecorded(bridge, recording(name))
  await bridge.stop()
  return langfuse
}

const treeOf = (langfuse: LangfuseStandIn): string =>
  renderTraces(langfuse.spans(), langfuse.scores())

const names = recordingNames.filter((name) => !jsonRecordingNames.includes(name))

test('there are recordings', () => {
  expect(names).toEqual(['gzip-protobuf', 'tools-grpc', 'tools-protobuf'])
})

describe.each(names)('%s', (name) => {
  test('adds up to its truth, and reads as its golden file', async () => {
    const langfuse = await replayed(name)
    expectTruth(langfuse, recording(name).truth)
    await expect(treeOf(langfuse)).toMatchFileSnapshot(`../golden/claude-code/${name}.txt`)
  })

  test('adds up to the same when every request comes twice', async () => {
    expectTruth(await replayed(name, 2), recording(name).truth)
  })
})

describe('tells the same story as its twin in JSON', () => {
  test.each(['tools-protobuf', 'tools-grpc'])('%s', async (name) => {
    const story = withoutIdsAndTimes(treeOf(await replayed(name)))
    expect(story).toBe(withoutIdsAndTimes(treeOf(await replayed('tools-traces'))))
    expect(story).toContain('GENERATION chat')
  })
})

/**
 * What two runs of one prompt have in common. An execution that ends together with its tool may
 * come before or after it by a fraction of a millisecond, and is joined only in one of the cases.
 */
function withoutIdsAndTimes(tree: string): string {
  return tree
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<id>')
    .replaceAll(/\b(toolu|msg)_[A-Za-z0-9]+/g, '<id>')
    .replaceAll(/[0-9.]+–[0-9.]+ ms/g, '<from>–<to> ms')
    .replaceAll(/\n +execution_ms: \d+/g, '')
    .replaceAll(/((?:_ms|active_agent_s)"?: )[0-9.]+/g, '$1<time>')
    .replaceAll(/("(?:mean|min|max|p50|p95)": )[0-9.]+/g, '$1<time>')
}
