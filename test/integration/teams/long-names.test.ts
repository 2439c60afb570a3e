/** Teams, users and sessions of the longest names: everybody reads his own, and nobody's lists break. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SessionList } from '../../../src/api/contract/session-list.ts'
import type { Session } from '../../../src/api/contract/session.ts'
import { post, turn } from '../cli/telemetry.ts'
import { removeFolder, temporaryFolder } from '../corpus/bridge.ts'
import { API_KEY, type SharedBridge, SESSION_ID, startSharedBridge } from './two-teams.ts'

const dataDir = temporaryFolder()
let bridge: SharedBridge

beforeAll(async () => {
  bridge = await startSharedBridge(dataDir)
})
afterAll(async () => {
  await bridge.stop()
  removeFolder(dataDir)
})

async function answered<T>(path: string, key: string): Promise<T> {
  const response = await bridge.ask(path, key)
  expect([path, response.status]).toEqual([path, 200])
  return (await response.json()) as T
}

const owners = {
  cjk: { team: '漢'.repeat(200) },
  cyrillic: { team: 'команда '.repeat(25).trim() },
  both: { team: '漢'.repeat(100), user: '字'.repeat(99) },
  person: { team: 'x', user: 'é'.repeat(200) },
  signs: { team: 'a/b@c:d%'.repeat(25) },
}
const ids = [SESSION_ID, '字'.repeat(200), '😀'.repeat(100)]

test.each(Object.entries(owners))('a key of the owner %s', async (name, owner) => {
  const key = await bridge.key(name, { scopes: ['ingest', 'read:team'], ...owner })
  for (const id of ids) await post(bridge.url, [{ id, events: turn('hello', 1) }], key)
  const { sessions } = await answered<SessionList>('/api/sessions', key)
  expect(sessions.map(({ sessionId }) => sessionId).toSorted()).toEqual(ids.toSorted())
  for (const session of sessions) {
    for (const reader of [key, API_KEY]) {
      const path = `/api/sessions/${encodeURIComponent(session.key)}`
      const found = await answered<Session>(path, reader)
      expect(found.session).toMatchObject({ team: owner.team, modelCalls: 1 })
    }
  }
  for (const path of ['/api/sessions', '/api/overview', '/api/live/recent', '/api/budgets']) {
    await answered(path, API_KEY)
    if (path !== '/api/budgets') await answered(path, key)
  }
})

test('a key whose sessions could not be stored is not made', async () => {
  const body = { name: 'long', scopes: ['ingest'], team: '漢'.repeat(200), user: '字'.repeat(200) }
  const refused = await bridge.ask('/api/keys', API_KEY, { method: 'POST', body })
  expect([refused.status, await refused.json()]).toMatchObject([
    409,
    { error: { message: expect.stringContaining('640 bytes') } },
  ])
})
