/** `CONTENT_…=drop`: content of every agent that was recorded, looked for in every byte that is stored. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'
import { post, requestsOf } from './corpus/recording.ts'
import { createLangfuseStandIn, type LangfuseStandIn } from './langfuse-stand-in/stand-in.ts'
import { storedBytes } from './store.ts'

const corpus = join(import.meta.dirname, '../corpus')
/** Prompts, tools that work and fail, raw bodies, hooks: of each agent what it sends of those. */
const SOME =
  /^(?:(?:0\.171\.0-)?(?:plain|tools|tools-traces|tool-failures|tool-failure-traces)|hooks-http|raw-api-bodies|tools-grpc|tools-protobuf|two-queries|0\.61\.0)$/

/** What came over the network; what agents keep on disk has tests of its own (`history/`). */
const agents = readdirSync(corpus).filter((name) => !/-(?:transcripts|rollouts)$/.test(name))
const recordings = agents.flatMap((agent) =>
  readdirSync(join(corpus, agent))
    .filter((name) => SOME.test(name))
    .map((name) => [agent, name] as const),
)

const ALL = {
  CONTENT_PROMPTS: 'drop',
  CONTENT_RESPONSES: 'drop',
  CONTENT_TOOL_INPUT: 'drop',
  CONTENT_TOOL_OUTPUT: 'drop',
  CONTENT_BODIES: 'drop',
}

interface Kept {
  readonly langfuse: LangfuseStandIn
  readonly bytes: Buffer
}

async function played(
  [agent, name]: readonly [string, string],
  settings: Record<string, string>,
): Promise<Kept> {
  const dataDir = temporaryFolder()
  const langfuse = await createLangfuseStandIn()
  onTestFinished(async () => {
    await langfuse.close()
    removeFolder(dataDir)
  })
  // What is to be forwarded waits in the store: nobody is there.
  const forward = { FORWARD_OTLP_ENDPOINT: 'http://127.0.0.1:7' }
  const bridge = await startBridge({
    ...bridgeEnvironment(dataDir, langfuse),
    ...forward,
    ...settings,
  })
  for (const request of requestsOf(agent, name)) await post(bridge.url, request)
  await bridge.stop()
  const files = storedBytes(dataDir).map(({ bytes }) => bytes)
  const spans = Buffer.from(JSON.stringify(langfuse.spans()))
  return { langfuse, bytes: Buffer.concat([...files, spans]) }
}

/** Long texts in a value, without what the bridge says itself of what is missing. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string')
    return /^[^[].*\S \S/s.test(value) && value.length >= 16 ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(textsIn)
}

test('every agent that was recorded is among them', () => {
  expect(new Set(recordings.map(([agent]) => agent)).size).toBe(agents.length)
})

describe.each(recordings)('%s %s', (...recording) => {
  test('without its content', { timeout: 120_000 }, async () => {
    const { langfuse } = await played(recording, {})
    const content = langfuse
      .spans()
      .filter(({ name }) => name !== 'session-summary')
      .flatMap(({ input, output }) => [...textsIn(input), ...textsIn(output)])
    const { bytes } = await played(recording, ALL)
    const left = content.filter((text) => bytes.includes(JSON.stringify(text).slice(1, 60)))
    expect([...new Set(left)]).toEqual([])
  })
})
