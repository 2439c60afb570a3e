/** Two bridges, one on each engine, that got the same requests: their API answers the same. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { newTestDatabase } from '../../postgres/database.ts'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  type TestBridge,
  temporaryFolder,
} from '../corpus/bridge.ts'
import { jsonRecordingNames, recording, replay } from '../corpus/recording.ts'
import { createLangfuseStandIn } from '../langfuse-stand-in/stand-in.ts'

async function bridgeOn(variables: Readonly<Record<string, string>>): Promise<TestBridge> {
  const dataDir = temporaryFolder()
  const langfuse = await createLangfuseStandIn()
  const environment = { ...bridgeEnvironment(dataDir, langfuse), ...variables }
  // Nothing can be delivered: how much waits is the same then, however quick either is.
  await langfuse.close()
  const bridge = await startBridge(environment)
  onTestFinished(async () => {
    await bridge.stop()
    removeFolder(dataDir)
  })
  return bridge
}

interface Listed {
  readonly sessions: readonly { readonly key: string }[]
}

interface Told {
  readonly turns: readonly { readonly key: string }[]
}

test('whatever is asked', async () => {
  const { url } = await newTestDatabase()
  const budgets = {
    BUDGET_DAILY_USD: '1',
    BUDGET_SESSION_USD: '0.05',
    BUDGET_DAILY_USER_USD: '0.5',
  }
  const sqlite = await bridgeOn(budgets)
  const postgres = await bridgeOn({ ...budgets, DATABASE_URL: url })
  for (const name of jsonRecordingNames) {
    for (const bridge of [sqlite, postgres]) await replay(bridge.url, recording(name))
  }
  const same = async <T>(path: string): Promise<T> => {
    let expected: unknown
    // What only time decides (a turn that is quiet, metrics without their events) may come in between.
    await vi.waitFor(async () => {
      expected = await answerOf(sqlite, path)
      expect(await answerOf(postgres, path), path).toEqual(expected)
    })
    return expected as T
  }

  const { sessions } = await same<Listed>('sessions?empty=shown&limit=200&sort=first&order=asc')
  expect(sessions.length).toBeGreaterThan(30)
  const questions = [
    ...['last', 'cost', 'tokens', 'duration', 'errors'].map((sort) => `sessions?sort=${sort}`),
    'sessions?search=claude',
    'sessions?search=FRANCE&limit=3',
    'sessions?state=open',
    'sessions?model=claude-opus-5-5',
    'sessions?attribute=service.name%3Dclaude-code&limit=5',
    'overview',
    'overview?bucket=hour&tz=Asia/Kolkata',
    'overview?bucket=month&model=claude-opus-5-5',
    'facets',
    'budgets',
    'delivery',
    'setup',
    'live/recent?limit=200',
  ]
  for (const question of questions) await same(question)
  for (const { key } of sessions) {
    const session = `sessions/${encodeURIComponent(key)}`
    await same(session)
    await same(`${session}/events?limit=500`)
    const { turns } = await same<Told>(`${session}/turns`)
    for (const turn of turns) await same(`${session}/turns/${encodeURIComponent(turn.key)}`)
  }
})

async function answerOf({ url }: TestBridge, path: string): Promise<unknown> {
  const answer = await fetch(`${url}/api/${path}`)
  expect(answer.status, path).toBe(200)
  return JSON.parse(await answer.text(), (name, value: unknown) =>
    OF_ONE_BRIDGE.has(name) && value !== null ? '(its own)' : value,
  )
}

/** When it got something, where that stands in its store, and what it is itself. */
const OF_ONE_BRIDGE: ReadonlySet<string> = new Set([
  'receivedMs',
  'atMs',
  'id',
  'position',
  'nextCursor',
  'turnsCursor',
  'oldestPendingMs',
  'databaseBytes',
  'usedBytes',
  'recent',
  'lastError',
  'endpoint',
  'grpcEndpoint',
  'url',
  'address',
  'env',
  'healthUrl',
  'variables',
])
