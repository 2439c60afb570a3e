/** `top` as a person runs it, beside a bridge to which an agent sends. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHome, hasProgram } from './cli/home.ts'
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  type TestBridge,
  temporaryFolder,
} from './corpus/bridge.ts'

const BUDGETS = { BUDGET_DAILY_USD: '20' }
let dataDir: string
let bridge: TestBridge

beforeAll(async () => {
  dataDir = temporaryFolder()
  bridge = await startBridge({ ...bridgeEnvironment(dataDir), ...BUDGETS })
  await send('user_prompt', { prompt: 'Fix the login test', prompt_length: '18' })
  const call = { model: 'claude-opus-5-5', input_tokens: '10', output_tokens: '5' }
  await send('api_request', { ...call, cost_usd: '2.5', request_id: 'r1' })
  await send('tool_decision', { tool_name: 'Bash', decision: 'accept', source: 'config' })
})
afterAll(async () => {
  await bridge.stop()
  removeFolder(dataDir)
})

let sequence = 0

async function send(name: string, values: Readonly<Record<string, string>>): Promise<void> {
  sequence += 1
  const all = {
    ...{ 'event.name': name, 'event.sequence': String(sequence), 'session.id': 's1' },
    ...{ 'prompt.id': 'p1', ...values },
  }
  const attributes = Object.entries(all).map(([key, stringValue]) => ({
    key,
    value: { stringValue },
  }))
  const record = {
    timeUnixNano: `${Date.now()}000000`,
    body: { stringValue: `claude_code.${name}` },
    attributes,
  }
  const scope = { name: 'com.anthropic.claude_code.events' }
  const body = { resourceLogs: [{ scopeLogs: [{ scope, logRecords: [record] }] }] }
  const answer = await fetch(`${bridge.url}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (answer.status !== 200) throw new Error(await answer.text())
}

const variables = () => ({
  ...bridgeEnvironment(dataDir),
  ...BUDGETS,
  OTLP_RECEIVER_PORT: new URL(bridge.url).port,
})

test('a pipe gets it once: as text, and as JSON', async () => {
  const text = await createHome().start(['top'], variables())
  expect([text.code, text.stderr]).toEqual([0, ''])
  expect(text.stdout).toMatch(/^1 open session, 1 at work {2}\$0\.50\/min/)
  expect(text.stdout).toMatch(/\ns1 +\$2\.50 +\$0\.50 .*Bash [\d.]+m?s/)
  expect(text.stdout).toMatch(/\nall per day +\$2\.50 +\$20\.00 +\$17\.50\n/)

  const { code, stdout } = await createHome().start(['top', '--json'], variables())
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    usdPerMinute: 0.5,
    hasBridge: true,
    sessions: [{ sessionId: 's1', costUsd: 2.5, runningTools: [{ tool: 'Bash' }] }],
    budgets: [{ spentUsd: 2.5, limitUsd: 20 }],
  })
})

test('says that no bridge runs', async () => {
  const { stdout } = await createHome().start(['top'], { ...variables(), OTLP_RECEIVER_PORT: '9' })
  expect(stdout).toContain('No bridge runs here')
})

test.runIf(hasProgram('script'))(
  'a terminal follows what comes until q, and is given back as it was',
  async () => {
    const home = createHome()
    const command = [process.execPath, ...home.nodeArgs, 'top']
    const quoted = command.map((word) => `'${word}'`).join(' ')
    const state = 'stty -a | grep -o "[-]*icanon"'
    const child = spawn(
      'script',
      ['-qec', `stty cols 70 rows 15; ${quoted}; ${state}`, '/dev/null'],
      {
        env: { HOME: home.folder, PATH: process.env.PATH, TERM: 'xterm', ...variables() },
      },
    )
    let written = ''
    child.stdout.on('data', (chunk: Buffer) => {
      written += chunk.toString()
    })
    await expect.poll(() => written).toMatch(/Bash [\d.]+m?s/)
    await send('tool_result', { tool_name: 'Bash', success: 'true', duration_ms: '5' })
    await send('tool_decision', { tool_name: 'Grep', decision: 'accept', source: 'config' })
    await expect.poll(() => written).toMatch(/Grep \d+s/)
    child.stdin.write('q')
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(written.split('\u001b[?1049h')).toHaveLength(2)
    const [, after = ''] = written.split('\u001b[?1049l')
    expect(after.trim()).toBe('icanon')
  },
)
