/** The page's API over a running bridge: what it tells of the bridge, and what it changes. */
import { afterEach, describe, expect, test } from 'vitest'
import type { Delivery } from '../../src/api/contract/delivery.ts'
import type { LiveEvent } from '../../src/api/contract/live.ts'
import type { Session } from '../../src/api/contract/session.ts'
import type { SessionList } from '../../src/api/contract/session-list.ts'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  type TestBridge,
  temporaryFolder,
} from './corpus/bridge.ts'
import { eventually, recording, replay } from './corpus/recording.ts'
import { createLangfuseStandIn, type LangfuseStandIn } from './langfuse-stand-in/stand-in.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

async function setUp(langfuse?: LangfuseStandIn): Promise<TestBridge> {
  const dataDir = temporaryFolder()
  const bridge = await startBridge({
    ...bridgeEnvironment(dataDir, langfuse),
    SHUTDOWN_TIMEOUT: '200',
  })
  cleanUp.push(
    () => removeFolder(dataDir),
    () => bridge.stop(),
  )
  return bridge
}

async function standIn(): Promise<LangfuseStandIn> {
  const langfuse = await createLangfuseStandIn()
  cleanUp.push(() => langfuse.close())
  return langfuse
}

async function get<T>({ url }: TestBridge, path: string): Promise<T> {
  const answer = await fetch(`${url}${path}`)
  expect(answer.status, path).toBe(200)
  return (await answer.json()) as T
}

const [sessionId = ''] = Object.keys(recording('subagent-traces').truth)
const sessionPath = `/api/sessions/${encodeURIComponent(`claude-code/${sessionId}`)}`

describe('deleting a session', () => {
  test('forgets an open one, and what waits for Langfuse; it can come again', async () => {
    const bridge = await setUp()
    await replay(bridge.url, recording('subagent-traces'))
    expect((await get<Delivery>(bridge, '/api/delivery')).outbox.pending).toBeGreaterThan(0)
    const before = await get<Session>(bridge, sessionPath)
    const deleted = await fetch(`${bridge.url}${sessionPath}`, { method: 'DELETE' })
    expect(await deleted.json()).toEqual({ records: expect.any(Number) })
    expect((await fetch(`${bridge.url}${sessionPath}`)).status).toBe(404)
    expect((await get<SessionList>(bridge, '/api/sessions')).sessions).toEqual([])
    expect((await get<Delivery>(bridge, '/api/delivery')).outbox.pending).toBe(0)
    expect((await fetch(`${bridge.url}${sessionPath}`, { method: 'DELETE' })).status).toBe(404)

    await replay(bridge.url, recording('subagent-traces'))
    expect((await get<Session>(bridge, sessionPath)).strip).toEqual(before.strip)
  })
})

describe('delivery', () => {
  test('shows requests as they ended, the newest first', async () => {
    const bridge = await setUp()
    const post = (body: string, type = 'application/json') =>
      fetch(`${bridge.url}/v1/logs`, { method: 'POST', headers: { 'content-type': type }, body })
    await post('{}')
    const ofNobody =
      '{"resourceLogs":[{"scopeLogs":[{"scope":{"name":"x"},"logRecords":[{},{}]}]}]}'
    await post(ofNobody)
    await post('not json')
    await post('{}', 'text/plain')
    const { ingest } = await get<Delivery>(bridge, '/api/delivery')
    expect(ingest).toMatchObject({ requests: 4, errors: 2, rejected: 2 })
    const brief = ingest.recent.map(({ status, bytes, rejected }) => [status, bytes, rejected])
    expect(brief).toEqual([
      [415, 2, 0],
      [400, 8, 0],
      [200, ofNobody.length, 2],
      [200, 2, 0],
    ])
    expect(ingest.recent[2]?.reasons).toEqual([expect.stringContaining('"x"')])
    expect(ingest.recent[1]).toMatchObject({ door: 'http', signal: 'logs' })
    expect(ingest.recent[1]?.reasons).toHaveLength(1)
  })

  test('dead items can be tried again', async () => {
    const langfuse = await standIn()
    const bridge = await setUp(langfuse)
    langfuse.always((request) =>
      request.kind === 'spans' ? { kind: 'status', status: 400 } : undefined,
    )
    await replay(bridge.url, recording('subagent-traces'))
    const { deadItems } = await eventually('dead items', async () => {
      const delivery = await get<Delivery>(bridge, '/api/delivery')
      return delivery.outbox.dead > 0 && delivery.outbox.pending === 0 && delivery
    })
    langfuse.always(undefined)
    const retried = await fetch(`${bridge.url}/api/delivery/retry`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ids: 'all' }),
    })
    expect(await retried.json()).toEqual({ items: deadItems.length })
    await eventually('their delivery', () => langfuse.spans().length >= deadItems.length)
    expect((await get<Delivery>(bridge, '/api/delivery')).outbox.dead).toBe(0)
  })
})

describe('Langfuse', () => {
  test('is linked to once its project is known: session and traces', async () => {
    const langfuse = await standIn()
    const bridge = await setUp(langfuse)
    await replay(bridge.url, recording('subagent-traces'))
    const session = await eventually('the project', async () => {
      const found = await get<Session>(bridge, sessionPath)
      return found.langfuseUrl !== null && found
    })
    expect(session.langfuseUrl).toBe(`${langfuse.url}/project/stand-in/sessions/${sessionId}`)
    await eventually('a trace', () => langfuse.spans().some(({ name }) => name.startsWith('chat')))
    const traces = langfuse.spans().map(({ traceId }) => traceId)
    expect(session.turns.map(({ langfuseUrl }) => langfuseUrl)).toEqual(
      [...new Set(traces)].map((id) => `${langfuse.url}/project/stand-in/traces/${id}`),
    )
  })
})

describe('the live feed', () => {
  test('streams what is committed, and goes on where a browser was', async () => {
    const bridge = await setUp()
    await replay(bridge.url, recording('plain'))
    const { position } = await get<{ position: number }>(bridge, '/api/live/recent')
    const stop = new AbortController()
    const stream = await fetch(`${bridge.url}/api/live?after=${position}`, { signal: stop.signal })
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader()
    await replay(bridge.url, recording('subagent-traces'))
    let text = ''
    while (!text.includes('subagent_completed')) text += (await reader?.read())?.value ?? ''
    stop.abort()
    const events = text
      .split('\n')
      .filter((line) => line.startsWith('data: '))
      .map((line) => JSON.parse(line.slice(6)) as LiveEvent)
    expect(events.every((event) => event.position > position)).toBe(true)
    const positions = events.map((event) => event.position)
    expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b))
    expect(new Set(events.map((event) => event.sessionKey))).toEqual(
      new Set([`claude-code/${sessionId}`]),
    )
  })
})
