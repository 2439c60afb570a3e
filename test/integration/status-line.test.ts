/** The status line with a real bridge: what it shows, what it asks with, what is stored of it. */
import { type AddressInfo, createServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { UsageAnswer } from '../../src/api/contract/usage.ts'
import { runStatusLine, USUAL_LINE } from '../../src/cli/statusline/run.ts'
import { spend } from './budgets/spending.ts'
import { createWebhookReceiver } from './budgets/webhook-receiver.ts'
import { createHome } from './cli/home.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from './corpus/bridge.ts'
import { eventually } from './corpus/recording.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

async function started(settings: Record<string, string> = {}) {
  const dataDir = temporaryFolder()
  cleanUp.push(() => removeFolder(dataDir))
  const env = { ...bridgeEnvironment(dataDir, undefined), ...settings }
  const bridge = await startBridge(env)
  cleanUp.push(() => bridge.stop())
  return { url: bridge.url, port: new URL(bridge.url).port }
}

const told = (usedPercent = 21) => ({
  session_id: 's1',
  cost: { total_cost_usd: 0.5 },
  context_window: { used_percentage: usedPercent },
  rate_limits: { five_hour: { used_percentage: 62 } },
})

const lineOf = (environment: Record<string, string>, input: object = told()) =>
  runStatusLine(USUAL_LINE, {
    environment,
    platform: { os: 'linux', homeDir: '/nowhere', workingDir: '/nowhere' },
    input: JSON.stringify(input),
    nowMs: Date.now(),
  })

/** The same, until the bridge was quick enough. */
const answered = (environment: Record<string, string>, input?: object) =>
  eventually('an answer', async () => {
    const line = await lineOf(environment, input)
    return line.includes('today') && line
  })

test('shows the session, today and the budget that is nearest to its limit', async () => {
  const { url, port } = await started({ BUDGET_DAILY_USD: '10', BUDGET_DAILY_USER_USD: '4' })
  await spend(url, { sessionId: 's1', turn: 0, costUsd: 2, userId: 'ada' })
  await spend(url, { sessionId: 's2', turn: 0, costUsd: 1, userId: 'ada' })
  await spend(url, { sessionId: 's3', turn: 0, costUsd: 3, userId: 'eve' })
  expect(await answered({ OTLP_RECEIVER_PORT: port })).toBe(
    'session $2.00 · today $3.00 · user budget $1.00 left · context 21% · 5h 62%',
  )
})

test('stores what it is told when that is news, with the session', async () => {
  const { url, port } = await started()
  await spend(url, { sessionId: 's1', turn: 0, costUsd: 2 })
  const environment = { OTLP_RECEIVER_PORT: port }
  for (const percent of [21, 22, 29, 31]) await answered(environment, told(percent))
  const stored = await eventually('both reports', async () => {
    const events = `${url}/api/sessions/${encodeURIComponent('claude-code/s1')}/events`
    const answer = (await (await fetch(events)).json()) as {
      readonly events: readonly { readonly name: string }[]
    }
    const found = answer.events.filter(({ name }) => name === 'StatusLine')
    return found.length >= 2 && found
  })
  expect(stored).toHaveLength(2)
})

test('tells the pull request of the branch, which then has the cost of the session', async () => {
  const { url, port } = await started()
  const page = 'https://github.com/acme/widgets/pull/7'
  await spend(url, { sessionId: 's1', turn: 0, costUsd: 2 })
  await answered({ OTLP_RECEIVER_PORT: port }, { ...told(), pr: { number: 7, url: page } })
  const rows = await eventually('the pull request', async () => {
    const answer = await fetch(`${url}/api/usage?group=pull-request,repository`)
    const { rows: found } = (await answer.json()) as UsageAnswer
    return found[0]?.names[0] !== null && found
  })
  expect(rows).toMatchObject([
    { names: [page, 'acme/widgets'], links: [page, null], costUsd: 2, sessions: 1 },
  ])
})

test('sends the API key, and shows what the agent tells where it is another', async () => {
  const API_KEY = 'a-key-of-sixteen-characters'
  const { url, port } = await started({ API_KEY })
  const hook = {
    session_id: 's1',
    prompt_id: 'p',
    hook_event_name: 'UserPromptSubmit',
    prompt: 'x',
  }
  await fetch(`${url}/hooks/claude-code`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${API_KEY}` },
    body: JSON.stringify(hook),
  })
  expect(await answered({ OTLP_RECEIVER_PORT: port, API_KEY })).toContain('session $0.50 · today')
  const own = 'session $0.50 · context 21% · 5h 62%'
  expect(await lineOf({ OTLP_RECEIVER_PORT: port, API_KEY: `${API_KEY}!` })).toBe(own)
  expect(await lineOf({ OTLP_RECEIVER_PORT: port, API_KEY: 'x\r\nX-Header: y' })).toBe(own)
})

test('a named key sees the spending of its owner alone, and only its own sessions', async () => {
  const API_KEY = 'a-key-of-sixteen-characters'
  const { url } = await started({ API_KEY, BUDGET_DAILY_USD: '100', BUDGET_DAILY_USER_USD: '50' })
  const json = { 'content-type': 'application/json' }
  const keyOf = async (name: string, owner: object): Promise<string> => {
    const answer = await fetch(`${url}/api/keys`, {
      method: 'POST',
      headers: { ...json, authorization: `Bearer ${API_KEY}` },
      body: JSON.stringify({ name, scopes: ['ingest'], ...owner }),
    })
    return ((await answer.json()) as { readonly secret: string }).secret
  }
  const ada = await keyOf('ada', { team: 'red', user: 'ada' })
  const eve = await keyOf('eve', { team: 'blue', user: 'eve' })
  const nobody = await keyOf('nobody', {})
  await spend(url, { sessionId: 's1', turn: 0, costUsd: 2 }, ada)
  await spend(url, { sessionId: 's2', turn: 0, costUsd: 30 }, eve)
  await spend(url, { sessionId: 's3', turn: 0, costUsd: 7 }, API_KEY)
  const figuresFor = async (key: string, sessionId: string): Promise<unknown> => {
    const answer = await fetch(`${url}/statusline/claude-code`, {
      method: 'POST',
      headers: { ...json, authorization: `Bearer ${key}` },
      body: JSON.stringify({ session_id: sessionId }),
    })
    return answer.json()
  }
  const figures = await eventually('an answer', async () => {
    const answer = (await figuresFor(ada, 's1')) as { readonly sessionUsd?: number }
    return answer.sessionUsd !== undefined && answer
  })
  expect(figures).toEqual({
    sessionUsd: 2,
    todayUsd: 2,
    budgets: [{ scope: 'user', limitUsd: 50, spentUsd: 2 }],
  })
  for (const [key, sessionId] of [
    [ada, 's2'],
    [ada, 's3'],
    [eve, 's1'],
    [nobody, 's1'],
    [nobody, 's3'],
  ] as const) {
    expect(await figuresFor(key, sessionId), sessionId).toEqual({})
  }
  expect(await figuresFor(API_KEY, 's3')).toMatchObject({ sessionUsd: 7 })
})

test('shows what the agent tells of a session that the bridge does not know, or while it hangs', async () => {
  const { url, port } = await started()
  const own = 'session $0.50 · context 21% · 5h 62%'
  expect(await lineOf({ OTLP_RECEIVER_PORT: port })).toBe(own)
  for (const body of ['{', '[]', '{}', '{"session_id":5}']) {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${url}/statusline/claude-code`, { method: 'POST', headers, body })
    expect([body, response.status]).toEqual([body, 400])
  }
  const silent = createServer(() => {})
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  cleanUp.push(() => silent.close())
  const { port: hanging } = silent.address() as AddressInfo
  expect(await lineOf({ OTLP_RECEIVER_PORT: `${hanging}` })).toBe(own)
})

test('the command reads standard input, also with options, and is set up and taken out again', async () => {
  const home = createHome()
  const before = { statusLine: { type: 'command', command: 'mine' } }
  home.write('.claude/settings.json', JSON.stringify(before))
  const settings = () => JSON.parse(String(home.read('.claude/settings.json'))) as typeof before
  expect(home.run(['install', '--statusline']).code).toBe(0)
  const { type, command } = settings().statusLine
  expect(type).toBe('command')
  expect(command).toMatch(/status-?line/)
  expect(home.run(['install', '--statusline']).stdout).toContain('is up to date')
  expect(home.run(['uninstall']).code).toBe(0)
  expect(settings()).toEqual(before)
})

test('keeps the history of plan windows, and tells once that one is nearly used up', async () => {
  const webhook = await createWebhookReceiver()
  cleanUp.push(() => webhook.close())
  const { url, port } = await started({
    BUDGET_WEBHOOK_URL: webhook.url,
    BUDGET_TIME_ZONE: 'UTC',
  })
  await spend(url, { sessionId: 's1', turn: 0, costUsd: 2, userId: 'ada' })
  const resetsMs = Date.now() + 3_600_000
  const input = (five: number) => ({
    session_id: 's1',
    rate_limits: {
      five_hour: { used_percentage: five, resets_at: Math.floor(resetsMs / 1000) },
      seven_day: { used_percentage: 12 },
    },
  })
  for (const five of [40, 79.5, 81, 83]) await answered({ OTLP_RECEIVER_PORT: port }, input(five))
  const windows = await eventually('the reading', async () => {
    const answer = (await (await fetch(`${url}/api/plan-windows`)).json()) as {
      readonly windows: readonly { readonly usedPercent: number }[]
    }
    return answer.windows[0]?.usedPercent === 83 && answer.windows
  })
  expect(windows).toMatchObject([
    {
      ...{ agent: 'claude-code', user: 'ada', window: 'five_hour', label: '5-hour window' },
      resetsMs: Math.floor(resetsMs / 1000) * 1000,
      history: [{ usedPercent: 83 }],
    },
    { window: 'seven_day', usedPercent: 12, resetsMs: null },
  ])
  await eventually('the alert', () => webhook.posted().length > 0)
  await answered({ OTLP_RECEIVER_PORT: port }, input(90))
  expect(webhook.posted()).toMatchObject([
    {
      text: expect.stringMatching(
        /8[13] % of the plan's 5-hour window of claude-code of ada is used; it begins anew at \d{4}-/,
      ) as string,
      ...{ kind: 'plan', window: 'five_hour', thresholdPercent: 80 },
    },
  ])
})
