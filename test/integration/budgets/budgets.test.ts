/** Budgets in the real bridge: in the trace, at the webhook and on the page, each alert once. */
import { afterEach, describe, expect, test } from 'vitest'
import { spanIdOf, traceIdOf } from '../../../src/exporters/ids.ts'
import { bridgeEnvironment, removeFolder, startBridge, temporaryFolder } from '../corpus/bridge.ts'
import { startedProcess } from '../corpus/bridge-process.ts'
import { eventually } from '../corpus/recording.ts'
import { createLangfuseStandIn, type LangfuseStandIn } from '../langfuse-stand-in/stand-in.ts'
import type { StoredSpan } from '../langfuse-stand-in/stored-span.ts'
import { spend } from './spending.ts'
import { createWebhookReceiver, SECRET_PATH, type WebhookReceiver } from './webhook-receiver.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

interface Around {
  readonly langfuse: LangfuseStandIn
  readonly webhook: WebhookReceiver
  readonly env: Record<string, string>
}

async function setUp(budgets: Record<string, string>): Promise<Around> {
  const langfuse = await createLangfuseStandIn()
  const webhook = await createWebhookReceiver()
  const dataDir = temporaryFolder()
  cleanUp.push(
    () => langfuse.close(),
    () => webhook.close(),
    () => removeFolder(dataDir),
  )
  const BUDGET_WEBHOOK_URL = webhook.url
  return {
    langfuse,
    webhook,
    env: { ...bridgeEnvironment(dataDir, langfuse), BUDGET_WEBHOOK_URL, ...budgets },
  }
}

async function started(env: Record<string, string>) {
  const bridge = await startBridge(env)
  let stopped: Promise<void> | undefined
  const stop = () => (stopped ??= bridge.stop())
  cleanUp.push(stop)
  return { ...bridge, stop }
}

async function startedAsProcess(env: Record<string, string>) {
  const bridge = await startedProcess(env)
  cleanUp.push(() => bridge.child.kill('SIGKILL'))
  return bridge
}

const eventsIn = (langfuse: LangfuseStandIn): readonly StoredSpan[] =>
  langfuse.spans().filter(({ name }) => name.startsWith('budget'))

/** Scope and percent of what was posted. */
const told = (webhook: WebhookReceiver): string[] =>
  webhook.posted().map(({ scope, thresholdPercent }) => `${scope} ${thresholdPercent}`)

describe('a budget of a session', () => {
  test('is told at 80 % and at 100 %: an event in the trace of the turn, and the webhook', async () => {
    const { langfuse, webhook, env } = await setUp({ BUDGET_SESSION_USD: '1' })
    const bridge = await started(env)
    for (const [turn, costUsd] of [0.5, 0.35, 0.05, 0.2, 3].entries()) {
      const purchase = { sessionId: 's1', turn, costUsd }
      expect(await spend(bridge.url, purchase)).toBe(200)
      expect(await spend(bridge.url, purchase)).toBe(200)
    }
    await spend(bridge.url, { sessionId: 's2', turn: 0, costUsd: 0.5 })
    await eventually('both alerts', () => webhook.posted().length >= 2)
    await bridge.stop()

    expect(told(webhook)).toEqual(['session 80', 'session 100'])
    expect(webhook.posted()[0]).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      text: 'claude-telemetry: passed 80 % of the budget of session claude-code/s1: $0.85 of $1.00 spent',
      scope: 'session',
      subject: 'claude-code/s1',
      date: null,
      thresholdPercent: 80,
      limitUsd: 1,
      spentUsd: 0.85,
      at: expect.stringMatching(/^\d{4}-/),
    })
    const turns = ['prompt-s1-prompt-1', 'prompt-s1-prompt-3']
    const traces = turns.map((turn) => `claude-code/s1/turn/${turn}`)
    expect(eventsIn(langfuse)).toMatchObject(
      ['budget nearly spent', 'budget spent'].map((name, at) => ({
        name,
        type: 'event',
        traceId: traceIdOf(traces[at] ?? ''),
        parentSpanId: spanIdOf(traces[at] ?? '', 'root'),
        attributes: {
          'langfuse.observation.level': 'WARNING',
          'langfuse.session.id': 's1',
          'langfuse.observation.status_message': expect.stringContaining('% of the budget of'),
        },
      })),
    )
    const counts = langfuse.spanIdCounts()
    expect(eventsIn(langfuse).map(({ spanId }) => counts.get(spanId))).toEqual([1, 1])
  })
})

describe('daily budgets', () => {
  test('are for everyone, each user and each team; the page shows how they stand', async () => {
    const { webhook, env } = await setUp({
      BUDGET_DAILY_USD: '10',
      BUDGET_DAILY_USER_USD: '4',
      BUDGET_DAILY_TEAM_USD: '5',
      BUDGET_TIME_ZONE: 'UTC',
    })
    const bridge = await started(env)
    const noonMs = new Date().setUTCHours(12, 0, 0, 0)
    const purchase = { turn: 0, costUsd: 3.5, team: 'red', atMs: noonMs }
    await spend(bridge.url, { ...purchase, sessionId: 's1', userId: 'ada' })
    await spend(bridge.url, { ...purchase, sessionId: 's2', userId: 'eve', costUsd: 1.6 })
    await eventually('the alerts', () => webhook.posted().length >= 2)

    const answer = await fetch(`${bridge.url}/api/budgets`)
    expect(await answer.json()).toMatchObject({
      budgets: [
        { scope: 'team', name: 'red', limitUsd: 5, spentUsd: 5.1, level: 'over' },
        { scope: 'user', name: 'ada', limitUsd: 4, spentUsd: 3.5, level: 'near' },
        { scope: 'day', name: null, limitUsd: 10, spentUsd: 5.1, level: 'ok' },
        { scope: 'user', name: 'eve', limitUsd: 4, spentUsd: 1.6, level: 'ok' },
      ],
    })
    await bridge.stop()
    expect(told(webhook)).toEqual(['user 80', 'team 100'])
  })
})

describe('a webhook that does not take it', () => {
  test('gets it once it answers again, and holds up nothing else', async () => {
    const { langfuse, webhook, env } = await setUp({ BUDGET_SESSION_USD: '1' })
    webhook.answer(500)
    const bridge = await started(env)
    await spend(bridge.url, { sessionId: 's1', turn: 0, costUsd: 1 })
    await eventually('a first try', () => webhook.posted().length > 0)
    await eventually('the event', () => eventsIn(langfuse).length > 0)
    webhook.answer(200)
    const tries = webhook.posted().length
    await eventually('a further try', () => webhook.posted().length > tries)
    await bridge.stop()
    expect(new Set(webhook.posted().map(({ id }) => id)).size).toBe(1)
    expect(webhook.posted()).toHaveLength(tries + 1)
  })

  test('gets it after a restart, once', async () => {
    const { webhook, env } = await setUp({ BUDGET_SESSION_USD: '1' })
    await webhook.close()
    const first = await started(env)
    await spend(first.url, { sessionId: 's1', turn: 0, costUsd: 1 })
    await first.stop()
    const again = await createWebhookReceiver(webhook.port)
    cleanUp.push(() => again.close())
    const second = await started(env)
    await eventually('the alert', () => again.posted().length > 0)
    await second.stop()
    const third = await started(env)
    await spend(third.url, { sessionId: 's1', turn: 1, costUsd: 1 })
    await third.stop()
    expect(told(again)).toEqual(['session 100'])
  })
})

describe('after kill -9', () => {
  test('between the commit and the webhook it is told once, in the log as well', async () => {
    const { langfuse, webhook, env } = await setUp({ BUDGET_SESSION_USD: '1' })
    await webhook.close()
    langfuse.always(() => ({ kind: 'reset' }))
    const first = await startedAsProcess(env)
    expect(await spend(first.url, { sessionId: 's1', turn: 0, costUsd: 0.9 })).toBe(200)
    await eventually('the line in the log', () => first.log().includes('80 % of the budget'))
    first.kill('SIGKILL')
    await first.ended()

    langfuse.always(undefined)
    const again = await createWebhookReceiver(webhook.port)
    cleanUp.push(() => again.close())
    const second = await startedAsProcess(env)
    expect(await spend(second.url, { sessionId: 's1', turn: 0, costUsd: 0.9 })).toBe(200)
    await eventually('the alert', () => again.posted().length > 0)
    await eventually('the event', () => eventsIn(langfuse).length > 0)
    second.kill('SIGTERM')
    expect(await second.ended()).toBe(0)
    expect(told(again)).toEqual(['session 80'])
    expect(eventsIn(langfuse)).toHaveLength(1)
    expect(second.log()).not.toContain('80 % of the budget')
    expect(first.log() + second.log()).not.toContain(SECRET_PATH)
  })

  test('before the webhook answered it comes again under its id', async () => {
    const { webhook, env } = await setUp({ BUDGET_SESSION_USD: '1' })
    webhook.answer('hang')
    const first = await startedAsProcess(env)
    expect(await spend(first.url, { sessionId: 's1', turn: 0, costUsd: 1 })).toBe(200)
    await eventually('the first try', () => webhook.posted().length > 0)
    first.kill('SIGKILL')
    await first.ended()
    webhook.answer(200)
    const second = await startedAsProcess(env)
    await eventually('the second try', () => webhook.posted().length > 1)
    second.kill('SIGTERM')
    expect(await second.ended()).toBe(0)
    const [one, two, ...more] = webhook.posted()
    expect(two).toEqual(one)
    expect(more).toEqual([])
  })
})
