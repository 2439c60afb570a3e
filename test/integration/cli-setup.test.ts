/** `setup`: the steps of the page's first run, as far as the running bridge sees them. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runOnScreen } from './cli/screen.ts'
import { eventually, recording, replay } from './corpus/recording.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'
import { createLangfuseStandIn } from './langfuse-stand-in/stand-in.ts'

let langfuse: Awaited<ReturnType<typeof createLangfuseStandIn>>
let bridge: Awaited<ReturnType<typeof startBridge>>
const dataDir = temporaryFolder()
let variables: Record<string, string> = {}

beforeAll(async () => {
  langfuse = await createLangfuseStandIn()
  const environment = bridgeEnvironment(dataDir, langfuse)
  bridge = await startBridge(environment)
  variables = { ...environment, OTLP_RECEIVER_PORT: new URL(bridge.url).port }
})
afterAll(async () => {
  await bridge.stop()
  await langfuse.close()
  removeFolder(dataDir)
})

async function steps(): Promise<Record<string, string>> {
  const { code, stdout } = await runOnScreen(['setup', '--json'], variables, { isTTY: false })
  expect(code).toBe(0)
  const { steps } = JSON.parse(stdout) as { steps: { id: string; state: string }[] }
  return Object.fromEntries(steps.map(({ id, state }) => [id, state]))
}

test('each step is done once the bridge sees it', async () => {
  expect(await steps()).toMatchObject({ bridge: 'done', agent: 'todo', event: 'todo' })
  const { stdout } = await runOnScreen(['setup'], variables, { isTTY: false })
  expect(stdout).toMatch(/^done {2}The bridge runs$/m)
  expect(stdout).toMatch(/^todo {2}An agent sends here$/m)
  expect(stdout).toMatch(/^Next: an agent sends here: claude-telemetry install$/m)
  await replay(bridge.url, recording('plain'))
  await eventually('the steps to be done', async () => {
    const { agent, event, content, hooks } = await steps()
    return [agent, event, content, hooks].join(' ') === 'done done done optional'
  })
})

test('without a bridge, to start it comes first', async () => {
  const { stdout } = await runOnScreen(
    ['setup'],
    { ...variables, OTLP_RECEIVER_PORT: '1' },
    { isTTY: false },
  )
  expect(stdout).toMatch(/^The bridge at http:\/\/127\.0\.0\.1:1 does not answer/m)
  expect(stdout).toMatch(/^todo {2}The bridge runs$/m)
  expect(stdout).toMatch(/^Next: the bridge runs: claude-telemetry$/m)
})
