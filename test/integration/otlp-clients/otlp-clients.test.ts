/** Real clients: OpenTelemetry's SDK and exporters against the whole bridge. */
import { afterEach, describe, expect, test } from 'vitest'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  temporaryFolder,
  type TestBridge,
} from '../corpus/bridge.ts'
import { createLangfuseStandIn, type LangfuseStandIn } from '../langfuse-stand-in/stand-in.ts'
import { rowsIn } from '../store.ts'
import { createExporters, protocols, type Target } from './exporters.ts'
import { tellSession } from './session.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

const apiKey = 'open-sesame'

async function started(): Promise<{ bridge: TestBridge; langfuse: LangfuseStandIn }> {
  const langfuse = await createLangfuseStandIn()
  const dataDir = temporaryFolder()
  cleanUp.push(
    () => langfuse.close(),
    () => removeFolder(dataDir),
  )
  const environment = bridgeEnvironment(dataDir, langfuse)
  const bridge = await startBridge({ ...environment, OTLP_GRPC_PORT: '0', API_KEY: apiKey })
  return { bridge, langfuse }
}

const targetOf = ({ url, grpc = '' }: TestBridge): Target => ({
  url: `${url}/some/base/path`,
  grpc,
  apiKey,
})

interface Health {
  readonly requestCount: number
  readonly errorCount: number
}
const healthOf = async ({ url }: TestBridge): Promise<Health> => {
  const headers = { authorization: `Bearer ${apiKey}` }
  return (await (await fetch(`${url}/health`, { headers })).json()) as Health
}

interface StoredRecord {
  readonly name?: string
  readonly attributes?: Readonly<Record<string, string | number | undefined>>
}
const nameOf = ({ name, attributes }: StoredRecord) => String(attributes?.['event.name'] ?? name)

/** Names of stored records, with how often they are there. */
function storedNames({ dataDir }: TestBridge): Record<string, number> {
  const names = rowsIn<{ body: string }>(dataDir, 'select body from record_batches').flatMap(
    ({ body }) => (JSON.parse(body) as StoredRecord[]).map(nameOf),
  )
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

const sessions = protocols.flatMap((protocol) => [
  [protocol, 'gzip', true] as const,
  [protocol, 'no compression', false] as const,
])

describe.each(sessions)('%s with %s', (protocol, _name, gzip) => {
  test('carries a session into the store and to Langfuse', async () => {
    const { bridge, langfuse } = await started()
    await tellSession(createExporters(protocol, gzip, targetOf(bridge)), 'a-session')
    expect(await healthOf(bridge)).toMatchObject({ requestCount: 4, errorCount: 0 })
    expect(storedNames(bridge)).toEqual({
      user_prompt: 1,
      api_request: 1,
      'claude_code.lines_of_code.count': 1,
      'claude_code.interaction': 1,
    })
    await bridge.stop()
    const spans = langfuse.spans()
    expect(spans.map(({ name }) => name).sort()).toEqual([
      'chat claude-opus-5-5',
      'conversation',
      'session-summary',
    ])
    const call = spans.find(({ type }) => type === 'generation')
    const { total, ...parts } = call?.cost ?? {}
    expect(total).toBe(0.25)
    const sum = Object.values(parts).reduce<number>((all, part) => all + Number(part), 0)
    expect(sum).toBeCloseTo(0.25, 9)
    const root = spans.find(({ name }) => name === 'conversation')
    expect(root?.input).toBe('Say hello. ü€😀')
    const summary = spans.find(({ name }) => name === 'session-summary')
    expect(summary?.output).toMatchObject({ prompts: 1, model_calls: 1, lines_added: 4 })
  })
})

test('without the key nothing is taken, over any protocol', async () => {
  const { bridge } = await started()
  for (const protocol of protocols) {
    const target = { ...targetOf(bridge), apiKey: 'guess' }
    await tellSession(createExporters(protocol, false, target), 'a-session')
  }
  const { requestCount, errorCount } = await healthOf(bridge)
  expect([requestCount, errorCount]).toEqual([12, 12])
  await bridge.stop()
  expect(storedNames(bridge)).toEqual({})
})
