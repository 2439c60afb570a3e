/** Deleting a large session while agents go on sending: nobody waits for it, and all of it goes. */
import { expect, onTestFinished, test } from 'vitest'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  type TestBridge,
  temporaryFolder,
} from './corpus/bridge.ts'

const REQUESTS = 30
const RECORDS_PER_REQUEST = 1000

const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } })

async function post({ url }: TestBridge, sessionId: string, from: number, count: number) {
  const logRecords = Array.from({ length: count }, (_, n) => ({
    timeUnixNano: `${1_795_000_000_000 + from + n}000000`,
    body: { stringValue: 'claude_code.skill_activated' },
    attributes: [
      attribute('session.id', sessionId),
      attribute('event.name', 'skill_activated'),
      attribute('event.sequence', String(from + n)),
      attribute('skill.name', 'tidy'),
      attribute('prompt.id', sessionId),
    ],
  }))
  const scope = { name: 'com.anthropic.claude_code.events' }
  const resource = { attributes: [attribute('service.name', 'claude-code')] }
  const answer = await fetch(`${url}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords }] }] }),
  })
  await answer.arrayBuffer()
  return answer.status
}

async function sessions({ url }: TestBridge): Promise<readonly string[]> {
  const answer = (await (await fetch(`${url}/api/sessions`)).json()) as {
    readonly sessions: readonly { readonly sessionId: string }[]
  }
  return answer.sessions.map(({ sessionId }) => sessionId)
}

test('requests are answered meanwhile, and the session is in no list from the start', async () => {
  const dataDir = temporaryFolder()
  onTestFinished(() => removeFolder(dataDir))
  const bridge = await startBridge(bridgeEnvironment(dataDir))
  onTestFinished(() => bridge.stop())
  for (let n = 0; n < REQUESTS; n += 1) {
    expect(await post(bridge, 'large', n * RECORDS_PER_REQUEST, RECORDS_PER_REQUEST)).toBe(200)
  }

  const state = { isDone: false }
  const key = encodeURIComponent('claude-code/large')
  const deleted = fetch(`${bridge.url}/api/sessions/${key}`, { method: 'DELETE' })
  void deleted.finally(() => {
    state.isDone = true
  })
  expect(await post(bridge, 'small', 0, 1)).toBe(200)
  expect(state.isDone).toBe(false)
  expect(await sessions(bridge)).toEqual(['small'])
  const answer = await deleted
  expect([answer.status, await answer.json()]).toEqual([
    200,
    { records: REQUESTS * RECORDS_PER_REQUEST },
  ])
  expect(await post(bridge, 'large', 0, 2)).toBe(200)
  expect([...(await sessions(bridge))].sort()).toEqual(['large', 'small'])
})
