/** Spent budgets that refuse, in the real bridge: hooks over HTTP, answered as Claude Code wants it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from '../corpus/bridge.ts'
import { createHome } from '../cli/home.ts'
import { startedProcess } from '../corpus/bridge-process.ts'
import { createLangfuseStandIn } from '../langfuse-stand-in/stand-in.ts'
import { spend } from './spending.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

async function setUp(budgets: Record<string, string>) {
  const langfuse = await createLangfuseStandIn()
  const dataDir = temporaryFolder()
  cleanUp.push(
    () => langfuse.close(),
    () => removeFolder(dataDir),
  )
  const env: Record<string, string> = { ...bridgeEnvironment(dataDir, langfuse), ...budgets }
  return { langfuse, env }
}

async function started(env: Record<string, string>) {
  const bridge = await startBridge(env)
  let stopped: Promise<void> | undefined
  const stop = () => (stopped ??= bridge.stop())
  cleanUp.push(stop)
  return { ...bridge, stop }
}

let hooks = 0

/** Posts a hook; resolves to the text of the answer. */
async function ask(url: string, name: string, sessionId = 's1', more: object = {}, key?: string) {
  hooks += 1
  const response = await fetch(`${url}/hooks/claude-code`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify({
      session_id: sessionId,
      prompt_id: `${sessionId}-hook-${hooks}`,
      hook_event_name: name,
      cwd: '/nowhere',
      permission_mode: 'default',
      ...(name === 'UserPromptSubmit' && { prompt: 'Go on' }),
      ...(name.includes('ToolUse') && { tool_name: 'Bash', tool_use_id: `tool-${hooks}` }),
      ...more,
    }),
  })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/json')
  return JSON.parse(await response.text()) as Record<string, unknown>
}

const lift = (url: string, body: object) =>
  fetch(`${url}/api/budgets/overrides`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

const blocked = { decision: 'block', reason: expect.stringContaining('budget') as string }

describe('BUDGET_ACTION=stop', () => {
  test('refuses prompts over the budget with the reason, and nothing else', async () => {
    const { langfuse, env } = await setUp({
      BUDGET_DAILY_USD: '1',
      BUDGET_ACTION: 'stop',
      BUDGET_CONTACT: 'Ada (ada@example.com)',
      HOOK_CONTENT: 'on',
    })
    const bridge = await started(env)
    await spend(bridge.url, { sessionId: 's1', turn: 0, costUsd: 0.99 })
    expect(await ask(bridge.url, 'UserPromptSubmit')).toEqual({})
    await spend(bridge.url, { sessionId: 's1', turn: 1, costUsd: 0.01 })
    const { decision, reason } = await ask(bridge.url, 'UserPromptSubmit')
    expect(decision).toBe('block')
    expect(reason).toMatch(
      /^The daily budget is spent: \$1\.00 of \$1\.00 on \d{4}-\d\d-\d\d\. To raise it, ask Ada \(ada@example\.com\), /,
    )
    expect(await ask(bridge.url, 'UserPromptSubmit', 'a-new-session')).toEqual(blocked)
    const others = [
      ...['PreToolUse', 'PostToolUse', 'PostToolUseFailure'],
      ...['SubagentStart', 'SubagentStop', 'Stop', 'SessionEnd'],
    ]
    for (const name of others) expect([name, await ask(bridge.url, name)]).toEqual([name, {}])
    await bridge.stop()
    const events = langfuse.spans().filter(({ name }) => name === 'prompt refused')
    expect(
      events.map(({ attributes }) => attributes['langfuse.observation.status_message']),
    ).toEqual([reason, reason])
  })

  test('refuses whoever sends under a key of a team or a user, too', async () => {
    const apiKey = 'an-operators-key-of-32-characters'
    const { env } = await setUp({
      BUDGET_SESSION_USD: '1',
      BUDGET_ACTION: 'stop',
      API_KEY: apiKey,
    })
    const { url } = await started(env)
    const keyOf = async (name: string, owner: object): Promise<string> => {
      const made = await fetch(`${url}/api/keys`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
        body: JSON.stringify({ name, scopes: ['ingest'], ...owner }),
      })
      return ((await made.json()) as { readonly secret: string }).secret
    }
    const keys = [
      apiKey,
      await keyOf('nobody', {}),
      await keyOf('team', { team: 'red' }),
      await keyOf('user', { user: 'ada' }),
      await keyOf('both', { team: 'red', user: 'bob' }),
    ]
    for (const key of keys) {
      // The same id under keys of several owners: each is a session of its own, and so is its budget.
      const sessionId = key === apiKey ? 's0' : 's1'
      const prompt = () => ask(url, 'UserPromptSubmit', sessionId, {}, key)
      expect(await prompt()).toEqual({})
      await spend(url, { sessionId, turn: 0, costUsd: 2 }, key)
      expect(await prompt()).toEqual(blocked)
    }
  })

  test('of a model lets a session through that the status line shows with another one', async () => {
    const { env } = await setUp({ BUDGET_ACTION: 'stop' })
    const dir = temporaryFolder()
    cleanUp.push(() => removeFolder(dir))
    const file = join(dir, 'budgets.json')
    const budget = { name: 'opus', for: 'model:claude-opus-5-5', window: 'day', limitUsd: 1 }
    writeFileSync(file, JSON.stringify({ budgets: [budget] }))
    const { url } = await started({ ...env, BUDGETS_FILE: file })
    await spend(url, { sessionId: 's1', turn: 0, costUsd: 2 })
    const prompt = () => ask(url, 'UserPromptSubmit', 's1')
    await vi.waitFor(async () => expect(await prompt()).toEqual(blocked), { timeout: 30_000 })
    // It runs several times a minute, and one that finds its session not stored yet tells nothing.
    const show = () =>
      fetch(`${url}/statusline/claude-code`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ session_id: 's1', model: { id: 'claude-haiku-4-5' } }),
      })
    await vi.waitFor(
      async () => {
        expect((await show()).status).toBe(200)
        expect(await prompt()).toEqual({})
      },
      { timeout: 30_000, interval: 200 },
    )
  })

  test('goes on after a restart, and not while the bridge is away', async () => {
    const { env } = await setUp({ BUDGET_SESSION_USD: '1', BUDGET_ACTION: 'stop' })
    const first = await startedProcess(env)
    cleanUp.push(() => first.child.kill('SIGKILL'))
    await spend(first.url, { sessionId: 's1', turn: 0, costUsd: 2 })
    first.kill('SIGKILL')
    await first.ended()
    await expect(ask(first.url, 'UserPromptSubmit')).rejects.toThrow('fetch failed')
    const second = await started(env)
    expect(await ask(second.url, 'UserPromptSubmit', 's2')).toEqual({})
    expect(await ask(second.url, 'UserPromptSubmit', 's1')).toEqual(blocked)
  })

  test('lets through what is lifted, says so, and forgets neither over a restart', async () => {
    const { env } = await setUp({ BUDGET_DAILY_USER_USD: '1', BUDGET_ACTION: 'stop' })
    const first = await started(env)
    await spend(first.url, { sessionId: 's1', turn: 0, costUsd: 2, userId: 'ada' })
    expect(await ask(first.url, 'UserPromptSubmit')).toEqual(blocked)
    expect((await lift(first.url, { forMs: 3_600_000, budget: 'everything' })).status).toBe(400)
    expect((await lift(first.url, { forMs: 3_600_000, budget: 'user:eve', by: 'me' })).status).toBe(
      200,
    )
    expect(await ask(first.url, 'UserPromptSubmit')).toEqual(blocked)
    expect((await lift(first.url, { forMs: 3_600_000, budget: 'user:ada', by: 'me' })).status).toBe(
      200,
    )
    expect(await ask(first.url, 'UserPromptSubmit')).toEqual({})
    await first.stop()
    const second = await started(env)
    expect(await ask(second.url, 'UserPromptSubmit')).toEqual({})
    const told = await (await fetch(`${second.url}/api/budgets/overrides`)).json()
    expect(told).toMatchObject({
      overrides: [
        { budget: 'user:eve', by: 'me' },
        { budget: 'user:ada', by: 'me' },
      ],
    })
  })
})

/** Entries of an action, the newest first. */
async function auditOf(url: string, wanted: string) {
  const { entries } = (await (await fetch(`${url}/api/audit`)).json()) as {
    readonly entries: readonly Readonly<Record<'action' | 'target' | 'outcome', string>>[]
  }
  return entries.filter(({ action }) => action === wanted)
}

describe('claude-telemetry budget', () => {
  test('lifts a budget by the running bridge, and lists what is lifted', async () => {
    const { env } = await setUp({ BUDGET_DAILY_USD: '1', BUDGET_ACTION: 'stop' })
    const bridge = await started(env)
    await spend(bridge.url, { sessionId: 's1', turn: 0, costUsd: 2 })
    const { port } = new URL(bridge.url)
    const run = (...args: string[]) =>
      createHome().start(['budget', ...args], { ...env, OTLP_RECEIVER_PORT: port, USER: 'ada' })
    expect(await run('override', '--for', '1w')).toMatchObject({ code: 2 })
    expect(await run('override', '--for', '1h', '--budget', 'days')).toMatchObject({ code: 2 })
    expect(await ask(bridge.url, 'UserPromptSubmit')).toEqual(blocked)
    const { code, stdout } = await run('override', '--for', '90m', '--budget', 'day')
    expect(stdout).toMatch(/^The budget day is lifted until \d{4}-\d\d-\d\d \d\d:\d\d, by ada\.\n$/)
    expect(code).toBe(0)
    expect(await ask(bridge.url, 'UserPromptSubmit')).toEqual({})
    expect((await run('overrides')).stdout).toBe(stdout)
    const { overrides } = JSON.parse((await run('overrides', '--json')).stdout) as {
      readonly overrides: readonly { readonly untilMs: number; readonly createdMs: number }[]
    }
    expect(overrides).toMatchObject([{ budget: 'day', by: 'ada' }])
    expect(overrides.map(({ untilMs, createdMs }) => untilMs - createdMs)).toEqual([5_400_000])
    await run('override', '--for', '1h', '--by', 'eve')
    const lifted = await auditOf(bridge.url, 'override')
    expect(lifted.map(({ target }) => target)).toEqual([
      expect.stringMatching(/^all budgets until 20[-\dT:.]+Z, by eve$/),
      expect.stringMatching(/^day until 20[-\dT:.]+Z, by ada$/),
    ])
    expect(await run('override', '--end', '--for', '1h')).toMatchObject({ code: 2 })
    const left = await run('override', '--end', '--budget', 'day')
    expect(left.stdout).toMatch(/^All budgets are lifted until .*, by eve\.\n$/)
    expect(await ask(bridge.url, 'UserPromptSubmit')).toEqual({})
    expect((await run('override', '--end')).stdout).toBe('No budget is lifted.\n')
    expect(await ask(bridge.url, 'UserPromptSubmit')).toEqual(blocked)
    expect(await run('override', '--end')).toMatchObject({ code: 1 })
    const ended = await auditOf(bridge.url, 'endOverride')
    expect(ended.map(({ target, outcome }) => `${target}: ${outcome}`)).toEqual([
      'all budgets, by ada: failed',
      'all budgets, by ada: done',
      'day, by ada: done',
    ])
    await bridge.stop()
    const { code: exitCode, stderr } = await run('override', '--for', '1h')
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringContaining('no budget refuses anything'),
    })
  })
})

describe('BUDGET_ACTION=stop-now', () => {
  test('ends the turn before its next tool, too', async () => {
    const { langfuse, env } = await setUp({ BUDGET_SESSION_USD: '1', BUDGET_ACTION: 'stop-now' })
    const bridge = await started(env)
    expect(await ask(bridge.url, 'PreToolUse')).toEqual({})
    await spend(bridge.url, { sessionId: 's1', turn: 0, costUsd: 1 })
    const { continue: goesOn, stopReason, ...rest } = await ask(bridge.url, 'PreToolUse')
    expect(goesOn).toBe(false)
    expect(rest).toEqual({
      hookSpecificOutput: {
        hookEventName: 'PreToolUse',
        permissionDecision: 'deny',
        permissionDecisionReason: stopReason,
      },
    })
    expect(stopReason).toContain('budget of session claude-code/s1 is spent: $1.00 of $1.00')
    expect(await ask(bridge.url, 'UserPromptSubmit')).toEqual(blocked)
    expect(await ask(bridge.url, 'PostToolUse')).toEqual({})
    expect(await ask(bridge.url, 'PreToolUse', 's2')).toEqual({})
    await bridge.stop()
    expect(langfuse.spans().filter(({ name }) => name === 'turn stopped')).toHaveLength(1)
  })
})

test('nothing is refused by default, and nothing can be lifted', async () => {
  const { env } = await setUp({ BUDGET_DAILY_USD: '1' })
  const bridge = await started(env)
  await spend(bridge.url, { sessionId: 's1', turn: 0, costUsd: 2 })
  expect(await ask(bridge.url, 'UserPromptSubmit')).toEqual({})
  expect((await lift(bridge.url, { forMs: 60_000 })).status).toBe(409)
})

test('a cost that the agent does not tell stops nobody', async () => {
  const { env } = await setUp({ BUDGET_DAILY_USD: '1', BUDGET_ACTION: 'stop' })
  const bridge = await started(env)
  await spend(bridge.url, { sessionId: 's1', turn: 0, outputTokens: 9_000_000 })
  const { budgets } = (await (await fetch(`${bridge.url}/api/budgets`)).json()) as {
    budgets: { spentUsd: number }[]
  }
  expect(budgets[0]?.spentUsd).toBeGreaterThan(1)
  expect(await ask(bridge.url, 'UserPromptSubmit')).toEqual({})
})
