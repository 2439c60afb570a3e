/** Budgets inside commits: what is spent on whom and when, told once whatever happens. */
import { describe, expect, test } from 'vitest'
import type { BudgetAlert, BudgetLimits } from '../../../src/domain/budget.ts'
import { AT_MS } from './arrivals.ts'
import { type BudgetRig, openBudgets, type Step } from './budget-rig.ts'
import { langfuseOutbox, removeSession } from './open-store.ts'

const DAY_MS = 86_400_000
const TODAY = new Date(AT_MS).toISOString().slice(0, 10)
const YESTERDAY = new Date(AT_MS - DAY_MS).toISOString().slice(0, 10)

/** `scope subject date threshold`, as far as there is one. */
function named(alerts: readonly BudgetAlert[]): string[] {
  return alerts.map(({ scope, subject, date, threshold }) =>
    [scope, subject, date, threshold].filter((part) => part !== '').join(' '),
  )
}

async function spendAll(rig: BudgetRig, commits: readonly (readonly Step[])[]): Promise<string[]> {
  const told: string[] = []
  for (const steps of commits) told.push(...named(await rig.spend(...steps)))
  return told
}

const allLimits: BudgetLimits = { session: 1, day: 5, user: 3, team: 2 }

describe('what is told', () => {
  test.each<[string, BudgetLimits, (readonly Step[])[], string[]]>([
    ['nothing below 80 %', { session: 1, day: 1 }, [[{ costUsd: 0.79 }]], []],
    [
      'each threshold once',
      { day: 1 },
      [[{ costUsd: 0.8 }], [{ costUsd: 0.1 }], [{ costUsd: 0.1 }], [{ costUsd: 5 }]],
      [`day ${TODAY} 80`, `day ${TODAY} 100`],
    ],
    [
      'the higher one where a commit passes both',
      { day: 1 },
      [[{ costUsd: 3 }]],
      [`day ${TODAY} 100`],
    ],
    [
      'a session by itself',
      { session: 1 },
      [[{ costUsd: 0.7 }, { costUsd: 0.7, sessionId: 's2' }], [{ costUsd: 0.2, sessionId: 's2' }]],
      ['session claude-code/s2 80'],
    ],
    [
      'the day over all sessions',
      { day: 1 },
      [[{ costUsd: 0.5 }, { costUsd: 0.4, sessionId: 's2' }]],
      [`day ${TODAY} 80`],
    ],
    [
      'each user and each team by itself, and nobody for what has no user',
      { user: 1, team: 2 },
      [
        [{ costUsd: 0.9, userId: 'ada', team: 'red' }],
        [{ costUsd: 0.9, userId: 'eve', team: 'red', sessionId: 's2' }],
        [{ costUsd: 9, sessionId: 's3' }],
      ],
      [`user ada ${TODAY} 80`, `user eve ${TODAY} 80`, `team red ${TODAY} 80`],
    ],
    [
      'what comes late for its own day',
      { day: 1 },
      [
        [{ costUsd: 0.7 }],
        [{ costUsd: 0.9, atMs: AT_MS - DAY_MS }],
        [{ costUsd: 0.2, atMs: AT_MS - DAY_MS }],
      ],
      [`day ${YESTERDAY} 80`, `day ${YESTERDAY} 100`],
    ],
    [
      'days of one commit apart',
      { day: 1 },
      [[{ costUsd: 0.9, atMs: AT_MS - DAY_MS }, { costUsd: 0.9 }]],
      [`day ${YESTERDAY} 80`, `day ${TODAY} 80`],
    ],
    [
      'what has no number counts nothing',
      { session: 1, day: 1 },
      [[{ costUsd: Number.NaN }], [{ costUsd: 0.9, sessionId: 's2' }]],
      ['session claude-code/s2 80', `day ${TODAY} 80`],
    ],
  ])('%s', async (_, limits, commits, told) => {
    expect(await spendAll(await openBudgets({ limits }), commits)).toEqual(told)
  })

  test('with its sums', async () => {
    const rig = await openBudgets({ limits: { user: 2 } })
    await rig.spend({ costUsd: 1.5, userId: 'ada' })
    expect(await rig.spend({ costUsd: 0.25, userId: 'ada' })).toEqual([
      {
        scope: 'user',
        subject: 'ada',
        date: TODAY,
        threshold: 80,
        limitUsd: 2,
        spentUsd: 1.75,
        atMs: AT_MS,
      },
    ])
  })
})

describe('recorded with the commit', () => {
  test('both thresholds, the event in the outbox, and the higher one for the webhook', async () => {
    const rig = await openBudgets({ limits: { day: 1 } })
    await rig.spend({ costUsd: 2 })
    expect(
      rig.rows(
        'select threshold, spent_usd, webhook_not_before_ms as due from budget_alerts order by threshold',
      ),
    ).toEqual([
      { threshold: 80, spent_usd: 2, due: null },
      { threshold: 100, spent_usd: 2, due: 0 },
    ])
    const [item, ...more] = await langfuseOutbox(rig.store).due(AT_MS, 10, 1e6)
    expect(item?.emission).toMatchObject({ name: 'alert day 100' })
    expect(more).toEqual([])
    await rig.store.alerts.adopt(['webhook'])
    const waiting = await rig.store.alerts.queue('webhook').next()
    expect(waiting?.alert).toMatchObject({ scope: 'day', threshold: 100 })
  })

  test('without a webhook nothing waits for one', async () => {
    const rig = await openBudgets({ limits: { day: 1 }, hasChannels: false })
    expect(await rig.spend({ costUsd: 2 })).toHaveLength(1)
    await rig.store.alerts.adopt(['webhook'])
    expect(await rig.store.alerts.queue('webhook').next()).toBeUndefined()
  })

  test('a webhook that is away is owed a thousand alerts at most; the rest is recorded', async () => {
    const rig = await openBudgets({ limits: { session: 1 } })
    const steps = Array.from({ length: 1001 }, (_, n) => ({ costUsd: 2, sessionId: `s${n}` }))
    expect(await rig.spend(...steps)).toHaveLength(1001)
    expect(rig.rows('select count(webhook_not_before_ms) as n from budget_alerts')).toEqual([
      { n: 1000 },
    ])
    expect(rig.errors).toEqual([{ waiting: 1000 }])
  })
})

describe('told once', () => {
  test('although every batch comes twice', async () => {
    const rig = await openBudgets({ limits: allLimits })
    const steps = [1, 2, 3, 4].map((n) => {
      return { costUsd: 0.9, key: `k${n}`, userId: 'ada', team: 'red' }
    })
    const once = await spendAll(
      await openBudgets({ limits: allLimits }),
      steps.map((s) => [s]),
    )
    const twice = await spendAll(
      rig,
      steps.flatMap((step) => [[step], [step, step]]),
    )
    expect(twice).toEqual(once)
    expect(once).toHaveLength(new Set(once).size)
    expect(rig.rows('select count(*) as n from budget_alerts')).toEqual([
      { n: rig.rows('select distinct scope, threshold from budget_alerts').length },
    ])
  })

  test('and what was spent counts on, after a restart', async () => {
    const first = await openBudgets({ limits: { session: 1, day: 1 } })
    expect(named(await first.spend({ costUsd: 0.9 }))).toHaveLength(2)
    await first.store.close()
    const second = await openBudgets({ limits: { session: 1, day: 1 }, dataDir: first.dataDir })
    expect(named(await second.spend({ costUsd: 0.05 }))).toEqual([])
    expect(named(await second.spend({ costUsd: 0.05 }))).toEqual([
      'session claude-code/s1 100',
      `day ${TODAY} 100`,
    ])
  })

  test('and a commit that fails leaves neither alert nor sum', async () => {
    const rig = await openBudgets({ limits: { day: 1 } })
    await rig.spend({ costUsd: 0.5 })
    rig.failNext()
    const step = { costUsd: 0.35, key: 'again' }
    await expect(rig.spend(step)).rejects.toThrow('told to fail')
    expect(rig.rows('select * from budget_alerts')).toEqual([])
    expect(await rig.spend(step)).toMatchObject([{ threshold: 80, spentUsd: 0.85 }])
  })
})

describe('sums stay right', () => {
  test('when a session turns out to be of another user', async () => {
    const rig = await openBudgets({ limits: { user: 1 } })
    await rig.spend({ costUsd: 0.5, userId: 'anonymous' })
    await rig.spend({ costUsd: 0.4, userId: 'ada', sessionId: 's2' })
    const moved = { costUsd: 0.01, userId: 'ada', isMoved: true }
    expect(named(await rig.spend(moved))).toEqual([`user ada ${TODAY} 80`])
  })

  test('after a session was deleted, with its alerts and what waits of them', async () => {
    const rig = await openBudgets({ limits: { session: 1, day: 2 } })
    await rig.spend({ costUsd: 1.7 })
    await removeSession(rig.store, 'claude-code/s1')
    expect(rig.rows('select scope, threshold from budget_alerts')).toEqual([
      { scope: 'day', threshold: 80 },
    ])
    expect(named(await rig.spend({ costUsd: 0.5, sessionId: 's2' }))).toEqual([])
    expect(named(await rig.spend({ costUsd: 1.5, sessionId: 's2' }))).toEqual([
      'session claude-code/s2 100',
      `day ${TODAY} 100`,
    ])
  })

  test('in another time zone after a restart', async () => {
    // In Honolulu, 20:00 of the 17th and 13:00 of the 18th.
    const early = Date.UTC(2026, 10, 18, 6)
    const late = Date.UTC(2026, 10, 18, 23)
    const first = await openBudgets({ limits: { day: 1 } })
    expect(named(await first.spend({ costUsd: 0.5, atMs: early }))).toEqual([])
    await first.store.close()
    const utc = await openBudgets({ limits: { day: 1 }, dataDir: first.dataDir })
    expect(named(await utc.spend({ costUsd: 0.2, atMs: late }))).toEqual([])
    await utc.store.close()
    const honolulu = await openBudgets({
      limits: { day: 1 },
      dataDir: first.dataDir,
      timeZone: 'Pacific/Honolulu',
    })
    expect(named(await honolulu.spend({ costUsd: 0.2, atMs: late }))).toEqual([])
    expect(named(await honolulu.spend({ costUsd: 0.3, atMs: early }))).toEqual([
      'day 2026-11-17 80',
    ])
  })

  test('and a limit that was raised is told when its new line is crossed', async () => {
    const first = await openBudgets({ limits: { session: 1, day: 1 } })
    await first.spend({ costUsd: 1.1 })
    await first.store.close()
    const { dataDir } = first
    const little = await openBudgets({ limits: { session: 1.2, day: 1.2 }, dataDir })
    expect(named(await little.spend({ costUsd: 0.05 }))).toEqual([])
    await little.store.close()
    const raised = await openBudgets({ limits: { session: 2, day: 2 }, dataDir })
    expect(named(await raised.spend({ costUsd: 0.05 }))).toEqual([])
    expect(named(await raised.spend({ costUsd: 0.5 }))).toEqual([
      'session claude-code/s1 80',
      `day ${TODAY} 80`,
    ])
    expect(raised.rows('select count(*) as n from budget_alerts')).toEqual([{ n: 6 }])
  })
})
