/** Budgets of a file and of commands, in the real bridge: told, refused, listed, kept over restarts. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { createHome } from '../cli/home.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from '../corpus/bridge.ts'
import { eventually } from '../corpus/recording.ts'
import { createLangfuseStandIn } from '../langfuse-stand-in/stand-in.ts'
import { spend } from './spending.ts'
import { createWebhookReceiver } from './webhook-receiver.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

async function setUp(budgets: readonly object[], more: Record<string, string> = {}) {
  const langfuse = await createLangfuseStandIn()
  const dataDir = temporaryFolder()
  cleanUp.push(
    () => langfuse.close(),
    () => removeFolder(dataDir),
  )
  const file = join(dataDir, 'budgets.json')
  writeFileSync(file, JSON.stringify({ budgets }))
  const env: Record<string, string> = {
    ...bridgeEnvironment(dataDir, langfuse),
    BUDGETS_FILE: file,
    ...more,
  }
  return { env, langfuse }
}

async function started(env: Record<string, string>) {
  const bridge = await startBridge(env)
  let stopped: Promise<void> | undefined
  const stop = () => (stopped ??= bridge.stop())
  cleanUp.push(stop)
  return { ...bridge, stop }
}

type Spans = ReturnType<Awaited<ReturnType<typeof createLangfuseStandIn>>['spans']>

/** What an EVENT says of a budget. */
function eventOf({ name, attributes }: Spans[number]) {
  const metadata = ['scope', 'user', 'budget', 'limit_usd', 'spent_usd'].map(
    (key) => attributes[`langfuse.observation.metadata.${key}`],
  )
  return [name, ...metadata, attributes['langfuse.observation.status_message']]
}

let hooks = 0

async function ask(url: string, sessionId: string): Promise<{ reason?: string }> {
  hooks += 1
  const response = await fetch(`${url}/hooks/claude-code`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      session_id: sessionId,
      prompt_id: `${sessionId}-hook-${hooks}`,
      hook_event_name: 'UserPromptSubmit',
      cwd: '/nowhere',
      permission_mode: 'default',
      prompt: 'Go on',
    }),
  })
  return (await response.json()) as { reason?: string }
}

const commands = (env: Record<string, string>, url?: string) => {
  const home = createHome()
  const port = url === undefined ? {} : { OTLP_RECEIVER_PORT: new URL(url).port }
  return (...args: string[]) => home.start(['budget', ...args], { ...env, ...port })
}

describe('budgets of the file', () => {
  test('refuse what is over them, are told once to the webhook, and hold over a restart', async () => {
    const webhook = await createWebhookReceiver()
    cleanUp.push(() => webhook.close())
    const { env, langfuse } = await setUp(
      [{ name: 'ada-month', for: 'user:ada', window: 'month', limitUsd: 3 }],
      { BUDGET_ACTION: 'stop', BUDGET_WEBHOOK_URL: webhook.url },
    )
    const first = await started(env)
    await spend(first.url, { sessionId: 's1', turn: 0, costUsd: 2, userId: 'ada' })
    await spend(first.url, { sessionId: 's2', turn: 0, costUsd: 9, userId: 'eve' })
    expect(await ask(first.url, 's1')).toEqual({})
    await spend(first.url, { sessionId: 's1', turn: 1, costUsd: 1, userId: 'ada' })
    const { reason } = await ask(first.url, 's1')
    expect(reason).toMatch(
      /^The monthly budget "ada-month" of ada is spent: \$3\.00 of \$3\.00 in \d{4}-\d\d\. /,
    )
    expect(await ask(first.url, 's2')).toEqual({})
    await eventually('the alert', () => webhook.posted().length > 0)
    await first.stop()
    const second = await started(env)
    expect((await ask(second.url, 's1')).reason).toBe(reason)
    await spend(second.url, { sessionId: 's1', turn: 2, costUsd: 1, userId: 'ada' })
    const answer = (await (await fetch(`${second.url}/api/budgets`)).json()) as object
    expect(answer).toMatchObject({
      budgets: [
        {
          ...{ scope: 'user', name: 'ada', budget: 'ada-month', window: 'month' },
          ...{ limitUsd: 3, spentUsd: 4, leftUsd: 0, level: 'over', forecast: null },
        },
      ],
      defined: [{ name: 'ada-month', for: 'user:ada', window: 'month', source: 'file' }],
    })
    await second.stop()
    expect(webhook.posted()).toMatchObject([
      { kind: 'budget', budget: 'ada-month', window: 'month', subject: 'ada' },
    ])
    const events = () =>
      langfuse
        .spans()
        .filter(({ type }) => type === 'event')
        .sort((a, b) => a.name.localeCompare(b.name))
    const refused = ['prompt refused', 'user', 'ada', 'ada-month', '3', '3', reason]
    const alert = expect.stringMatching(/^passed 100 % of the monthly budget "ada-month" of ada: /)
    expect(events().map(eventOf)).toEqual([
      ['budget spent', 'user', 'ada', 'ada-month', '3', '3', alert],
      refused,
      refused,
    ])
    const ids = events().map(({ spanId }) => spanId)
    expect(ids.map((id) => langfuse.spanIdCounts().get(id))).toEqual([1, 1, 1])
    const { code, stderr } = await createHome().start(['replay', 's1'], env)
    expect(code, stderr).toBe(0)
    expect(new Set(events().map(({ spanId }) => spanId))).toEqual(new Set(ids))
    expect(ids.map((id) => langfuse.spanIdCounts().get(id))).toEqual([2, 2, 2])
  })

  test('that are wrong keep the bridge from starting, and are named with their line', async () => {
    const { env } = await setUp([{ name: 'a', window: 'year', limitUsd: 1 }])
    const { code, stderr } = await createHome().start(['start'], env)
    expect(code).toBe(1)
    expect(stderr).toMatch(/BUDGETS_FILE .*budgets\.json: line 1: budgets\[0\]\.window: expected/)
  })
})

describe('claude-telemetry budget', () => {
  test('adds, lists and removes budgets, while a bridge runs and without one', async () => {
    const { env } = await setUp([{ name: 'from-file', window: 'week', limitUsd: 50 }], {
      BUDGET_ACTION: 'stop',
      BUDGET_TIME_ZONE: 'UTC',
    })
    const bridge = await started(env)
    await spend(bridge.url, { sessionId: 's1', turn: 0, costUsd: 2, userId: 'ada' })
    expect(await ask(bridge.url, 's1')).toEqual({})
    const run = commands(env, bridge.url)
    const added = await run('add', 'each', '--for', 'user', '--window', '5h', '--limit', '1.50')
    expect(added).toMatchObject({
      code: 0,
      stdout: 'The budget each is set: $1.50 for user, window: 5h.\n',
    })
    // In force at once, with what was spent before.
    expect((await ask(bridge.url, 's1')).reason).toContain('budget "each" of ada is spent: $2.00')
    expect(await run('add', 'each', '--window', 'day', '--limit', '9')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is a budget each already') as string,
    })
    expect(await run('add', 'from-file', '--window', 'day', '--limit', '9')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('stands in BUDGETS_FILE') as string,
    })
    for (const wrong of [
      ['add', 'x', '--window', 'year', '--limit', '9'],
      ['add', 'x', '--window', 'day', '--limit', '0'],
      ['add', '-x', '--window', 'day', '--limit', '1'],
      ['add', 'x', '--window', 'day', '--limit', '1', '--for', 'group:y'],
      ['add', 'x', '--window', 'session', '--limit', '1', '--for', 'model'],
    ]) {
      expect([wrong, (await run(...wrong)).code]).toEqual([wrong, 2])
    }
    const listed = (await run('list')).stdout.split('\n').map((line) => line.trim().split(/\s{2,}/))
    expect(listed[0]).toEqual([
      ...['BUDGET', 'FOR', 'WINDOW', 'SPENT', 'LIMIT', 'LEFT', 'UNTIL', 'FORECAST'],
    ])
    expect(listed[1]?.slice(0, 6)).toEqual([
      'from-file',
      'all',
      'week',
      '$2.00',
      '$50.00',
      '$48.00',
    ])
    expect(listed[2]).toEqual(['each', 'user:ada', '5h', '$2.00', '$1.50', '$0.00', '-', '-'])
    await run('override', '--for', '1h', '--budget', 'budget:each')
    expect(await ask(bridge.url, 's1')).toEqual({})
    await bridge.stop()

    const alone = commands(env)
    const replaced = ['add', 'each', '--window', 'month', '--limit', '7', '--replace']
    expect(await alone(...replaced)).toMatchObject({ code: 0 })
    expect(JSON.parse((await alone('list', '--json')).stdout)).toMatchObject({
      defined: [
        { name: 'from-file', source: 'file' },
        { name: 'each', for: 'all', window: 'month', limitUsd: 7, source: 'command' },
      ],
    })
    expect(await alone('remove', 'each')).toMatchObject({ code: 0 })
    expect(await alone('remove', 'each')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no budget each') as string,
    })
    expect((await alone('remove', 'from-file')).stderr).toContain('stands in BUDGETS_FILE')
  })
})
