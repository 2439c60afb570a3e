/** Two replicas that refuse prompts over a budget: what one is told of budgets holds at the other. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { newTestDatabase } from '../../postgres/database.ts'
import { spend } from '../budgets/spending.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from '../corpus/bridge.ts'

async function replica(url: string) {
  const folder = temporaryFolder()
  onTestFinished(() => removeFolder(folder))
  const bridge = await startBridge({
    ...bridgeEnvironment(folder),
    DATABASE_URL: url,
    BUDGET_DAILY_USD: '1',
    BUDGET_ACTION: 'stop',
  })
  onTestFinished(() => bridge.stop())
  return bridge.url
}

let prompts = 0

async function refusal(url: string): Promise<unknown> {
  prompts += 1
  const answer = await fetch(`${url}/hooks/claude-code`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ session_id: 's1', prompt_id: `p${prompts}`, hook_event_name: 'UserPromptSubmit' },
      ...{ cwd: '/nowhere', prompt: 'Go on' },
    }),
  })
  return ((await answer.json()) as { readonly decision?: unknown }).decision
}

test('an override is in force at the other replica within seconds, and so is its early end', async () => {
  const { url } = await newTestDatabase()
  const [one, other] = [await replica(url), await replica(url)]
  await spend(one, { sessionId: 's1', turn: 0, costUsd: 2 })
  expect(await refusal(one)).toBe('block')
  // It reads what others spend once a minute.
  await spend(other, { sessionId: 's1', turn: 1, costUsd: 2 })
  expect(await refusal(other)).toBe('block')
  const change = (path: string, body: object) =>
    fetch(`${one}/api/budgets/overrides${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  expect((await change('', { forMs: 3_600_000, by: 'me' })).status).toBe(200)
  expect(await refusal(one)).toBeUndefined()
  const soon = { timeout: 30_000, interval: 500 }
  await vi.waitFor(async () => expect(await refusal(other)).toBeUndefined(), soon)
  expect((await change('/end', { budget: 'day' })).status).toBe(409)
  expect((await change('/end', { by: 'me' })).status).toBe(200)
  expect(await refusal(one)).toBe('block')
  await vi.waitFor(async () => expect(await refusal(other)).toBe('block'), soon)
})
