/** A session that turns out to be another one's: reports of days that were asked for already follow. */
import { afterEach, describe, expect, test } from 'vitest'
import type { Overview } from '../../src/api/contract/overview.ts'
import type { SessionList } from '../../src/api/contract/session-list.ts'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  type TestBridge,
  temporaryFolder,
} from './corpus/bridge.ts'

const DAY_MS = 86_400_000
const TODAY_MS = Math.floor(Date.now() / DAY_MS) * DAY_MS
/** Two days ago: what was asked of it is remembered. */
const THEN_MS = TODAY_MS - 2 * DAY_MS + 3_600_000
const RANGE = `from=${TODAY_MS - 3 * DAY_MS}&to=${TODAY_MS - DAY_MS}`

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

type Attributes = Readonly<Record<string, string | number>>

interface Sent {
  /** Seconds after `THEN_MS`. */
  readonly atS: number
  readonly resource?: Attributes
  readonly user?: string
  readonly model?: string
}

let sequence = 0

const keyValues = (of: Attributes) =>
  Object.entries(of).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : { doubleValue: value },
  }))

/** A call of one cent in session `s1`. */
function bodyOf({ atS, resource = {}, user = 'ada', model = 'opus' }: Sent): string {
  sequence += 1
  const attributes = {
    'session.id': 's1',
    'event.name': 'api_request',
    'event.sequence': sequence,
    'user.email': user,
    request_id: `r${sequence}`,
    model,
    cost_usd: 0.01,
    input_tokens: 1,
    duration_ms: 5,
  }
  const record = {
    timeUnixNano: `${THEN_MS + atS * 1000}000000`,
    attributes: keyValues(attributes),
  }
  const scope = { name: 'com.anthropic.claude_code.events' }
  const of = { attributes: keyValues({ 'service.name': 'claude-code', ...resource }) }
  return JSON.stringify({
    resourceLogs: [{ resource: of, scopeLogs: [{ scope, logRecords: [record] }] }],
  })
}

async function setUp() {
  const dataDir = temporaryFolder()
  let bridge: TestBridge | undefined
  cleanUp.push(
    () => removeFolder(dataDir),
    () => bridge?.stop(),
  )
  const start = async () => {
    bridge = await startBridge({ ...bridgeEnvironment(dataDir), SHUTDOWN_TIMEOUT: '200' })
  }
  const get = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`${bridge?.url}/api/${path}`)
    expect(answer.status, path).toBe(200)
    return (await answer.json()) as T
  }
  await start()
  return {
    send: async (sent: Sent) => {
      const headers = { 'content-type': 'application/json' }
      const request = { method: 'POST', headers, body: bodyOf(sent) }
      expect((await fetch(`${bridge?.url}/v1/logs`, request)).status).toBe(200)
    },
    overview: (filter = '') => get<Overview>(`overview?${RANGE}${filter}`),
    found: async (filter: string) => (await get<SessionList>(`sessions?${filter}`)).sessions.length,
    restart: async () => {
      await bridge?.stop()
      await start()
    },
  }
}

const shares = (of: Overview['byProject']) => of.map(({ name, modelCalls }) => [name, modelCalls])

describe('what a session used before counts, from now on,', () => {
  test.each<['team' | 'user', Partial<Sent>, Partial<Sent>]>([
    ['team', { resource: { team: 'a' } }, { resource: { team: 'b' } }],
    ['user', { user: 'a' }, { user: 'b' }],
  ])('for its new %s', async (group, first, then) => {
    const { send, overview } = await setUp()
    const sharesOf = ({ byTeam, byUser }: Overview) => shares({ team: byTeam, user: byUser }[group])
    await send({ atS: 0, ...first })
    expect(sharesOf(await overview())).toEqual([['a', 1]])
    expect((await overview(`&${group}=a`)).totals.modelCalls).toBe(1)
    await send({ atS: 150_000, ...then })
    expect(sharesOf(await overview())).toEqual([['b', 1]])
    expect((await overview(`&${group}=a`)).totals.modelCalls).toBe(0)
    expect((await overview(`&${group}=b`)).totals.modelCalls).toBe(1)
  })

  test.each([
    ['the repository that stands for a project', { repository: 'a/b' }, '&project=a/b'],
    ['any attribute', { department: 'tools' }, '&attribute=department=tools'],
  ])('for %s', async (_, resource, filter) => {
    const { send, overview } = await setUp()
    await send({ atS: 0 })
    expect((await overview(filter)).totals.modelCalls).toBe(0)
    await send({ atS: 150_000, resource })
    expect((await overview(filter)).totals.modelCalls).toBe(1)
  })

  test('for a model that it has called at last', async () => {
    const { send, overview } = await setUp()
    await send({ atS: 0 })
    expect((await overview('&model=haiku')).totals.sessions).toBe(0)
    await send({ atS: 150_000, model: 'haiku' })
    expect((await overview('&model=haiku')).totals.sessions).toBe(1)
  })
})

test('what a session used before stays with the project of its time', async () => {
  const { send, overview, found } = await setUp()
  await send({ atS: 0, resource: { project: 'a' } })
  expect(shares((await overview()).byProject)).toEqual([['a', 1]])
  await send({ atS: 150_000, resource: { project: 'b' } })
  expect(shares((await overview()).byProject)).toEqual([['a', 1]])
  expect((await overview('&project=a')).totals.modelCalls).toBe(1)
  expect((await overview('&project=b')).totals.modelCalls).toBe(0)
  expect([await found('project=a'), await found('project=b')]).toEqual([0, 1])
})

describe('an attribute that changes from A to B and back', () => {
  // One that is shown with the session, and one that only finds it.
  const A = { project: 'A', 'host.name': 'a' }
  const B = { project: 'B', 'host.name': 'b' }

  test.each<[string, readonly Sent[], readonly (readonly [string, number])[]]>([
    [
      'ends as A',
      [1, 2, 3].map((atS) => ({ atS, resource: atS === 2 ? B : A })),
      [
        ['A', 2],
        ['B', 1],
      ],
    ],
    [
      'ends as A when B comes late',
      [
        { atS: 1, resource: A },
        { atS: 3, resource: A },
        { atS: 2, resource: B },
      ],
      [
        ['A', 2],
        ['B', 1],
      ],
    ],
  ])('%s, with a restart between each two and without', async (_, list, calls) => {
    for (const restarts of [false, true]) {
      const { send, overview, found, restart } = await setUp()
      for (const sent of list) {
        await send(sent)
        if (restarts) await restart()
      }
      expect(shares((await overview()).byProject)).toEqual(calls)
      expect([await found('project=A'), await found('project=B')]).toEqual([1, 0])
      expect(await found('attribute=host.name=a')).toBe(1)
      expect(await found('attribute=host.name=b')).toBe(0)
    }
  })
})
