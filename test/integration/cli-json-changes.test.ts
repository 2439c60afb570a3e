/** Commands that change something print what they did as one JSON document, and everything else beside it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runOnScreen } from './cli/screen.ts'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  type TestBridge,
  temporaryFolder,
} from './corpus/bridge.ts'
import { storeSettings } from './store.ts'

let bridge: TestBridge
let variables: Record<string, string>

beforeAll(async () => {
  const budget = { BUDGET_DAILY_USD: '5', BUDGET_ACTION: 'stop' }
  bridge = await startBridge({ ...bridgeEnvironment(temporaryFolder()), ...budget })
  variables = {
    ...storeSettings(bridge.dataDir),
    ...budget,
    OTLP_RECEIVER_PORT: new URL(bridge.url).port,
    TZ: 'UTC',
  }
})
afterAll(async () => {
  await bridge.stop()
  removeFolder(bridge.dataDir)
})

async function json(line: string): Promise<unknown> {
  const { code, stdout } = await runOnScreen([...line.split(' '), '--json'], variables, {
    isTTY: false,
  })
  expect(code).toBe(0)
  return JSON.parse(stdout)
}

test('budgets', async () => {
  expect(await json('budget add shop --limit 7.5 --window month --for project:shop')).toEqual({
    name: 'shop',
    for: 'project:shop',
    window: 'month',
    limitUsd: 7.5,
  })
  expect(await json('budget list')).toMatchObject({
    defined: expect.arrayContaining([expect.objectContaining({ name: 'shop', limitUsd: 7.5 })]),
  })
  expect(await json('budget remove shop')).toEqual({ name: 'shop', removed: true })
  expect(await json('budget override --for 30m --by ada')).toMatchObject({
    overrides: [{ by: 'ada' }],
  })
})

test('dead items and the quarantine', async () => {
  expect(await json('outbox retry --all')).toEqual({ items: 0 })
  expect(await json('outbox drop --all')).toEqual({ items: 0 })
  expect(await json('quarantine retry --all')).toEqual({ records: 0, left: 0 })
  expect(await json('quarantine drop --all')).toEqual({ records: 0, left: 0 })
})

test('keys', async () => {
  await json('keys create ada')
  expect(await json('keys revoke ada')).toMatchObject({ name: 'ada' })
})

test('install, uninstall, replay and delete', async () => {
  const home = temporaryFolder()
  const before = variables
  variables = { ...variables, HOME: home, XDG_CONFIG_HOME: `${home}/.config` }
  expect(await json('install --dry-run')).toMatchObject({
    dryRun: true,
    files: [expect.any(String)],
  })
  expect(await json('uninstall')).toEqual({ dryRun: false, files: [] })
  variables = before
  removeFolder(home)
  expect(await json('replay --all --dry-run')).toMatchObject({ sessions: 0, leftOut: 0 })
  expect(await json('delete --all --yes')).toEqual({ sessions: 0, records: 0, langfuse: null })
})
