/** What `claude --continue` throws away, through the real bridge: unseen until something happens. */
import { afterEach, expect, test } from 'vitest'
import type { Overview } from '../../src/api/contract/overview.ts'
import type { SessionList } from '../../src/api/contract/session-list.ts'
import { spend } from './budgets/spending.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'
import { isEventful, post, recording } from './corpus/recording.ts'
import { createLangfuseStandIn } from './langfuse-stand-in/stand-in.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

const { requests, truth } = recording('resume-continue')
const [EMPTY_ID = ''] = Object.entries(truth).find(([, one]) => !isEventful(one)) ?? []
/** All that came of that session, without what came with it of the next one. */
const starts = requests
  .filter(({ body }) => body.includes(EMPTY_ID))
  .map((request) => {
    const parsed: unknown = JSON.parse(request.body.toString(), (_, value: unknown) =>
      Array.isArray(value) ? value.filter(isOfEmpty) : value,
    )
    return { ...request, body: Buffer.from(JSON.stringify(parsed)) }
  })

/** False for records and points that name another session. */
function isOfEmpty(value: unknown): boolean {
  const { attributes } = value as {
    readonly attributes?: readonly { key: string; value: object }[]
  }
  const id = Array.isArray(attributes) && attributes.find(({ key }) => key === 'session.id')
  return !id || JSON.stringify(id).includes(EMPTY_ID)
}

test('a session is there as soon as something happens in it', async () => {
  const langfuse = await createLangfuseStandIn()
  const dataDir = temporaryFolder()
  const bridge = await startBridge(bridgeEnvironment(dataDir, langfuse))
  let stopped: Promise<void> | undefined
  const stop = () => (stopped ??= bridge.stop())
  cleanUp.push(
    () => langfuse.close(),
    () => removeFolder(dataDir),
    stop,
  )
  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${bridge.url}${path}`)
    expect(response.status, path).toBe(200)
    return (await response.json()) as T
  }
  const seen = async () => {
    const { sessions } = await get<SessionList>('/api/sessions')
    const { totals } = await get<Overview>('/api/overview')
    return [sessions.map(({ sessionId }) => sessionId), totals.sessions]
  }

  expect(starts.map(({ signal }) => signal)).toEqual(['logs', 'metrics'])
  for (const request of starts) expect(await post(bridge.url, request)).toBe(200)
  expect(await seen()).toEqual([[], 0])
  const { sessions } = await get<SessionList>('/api/sessions?empty=shown')
  expect(sessions).toMatchObject([{ sessionId: EMPTY_ID, isOpen: true, prompts: 0 }])
  await get(`/api/sessions/${encodeURIComponent(`claude-code/${EMPTY_ID}`)}`)

  await spend(bridge.url, { sessionId: EMPTY_ID, turn: 0, costUsd: 0.1 })
  expect(await seen()).toEqual([[EMPTY_ID], 1])
  await stop()
  const summaries = langfuse.spans().filter(({ name }) => name === 'session-summary')
  expect(summaries.map(({ output }) => output)).toMatchObject([
    { prompts: 1, cost_usd: 0.1, events: { plugin_loaded: 3 } },
  ])
})

test('one in which nothing happened is closed without a word', async () => {
  const langfuse = await createLangfuseStandIn()
  const dataDir = temporaryFolder()
  cleanUp.push(
    () => langfuse.close(),
    () => removeFolder(dataDir),
  )
  const bridge = await startBridge(bridgeEnvironment(dataDir, langfuse))
  for (const request of starts) expect(await post(bridge.url, request)).toBe(200)
  await bridge.stop()
  expect([langfuse.spans(), langfuse.scores()]).toEqual([[], []])
})
