/** What is told of managed budgets and spikes, behind the commits: each once. */
import { describe, expect, test } from 'vitest'
import { alertText } from '../../../src/domain/alert.ts'
import type { KnownBudget } from '../../../src/domain/managed-budget.ts'
import { AT_MS } from '../storage/arrivals.ts'
import { setUpBudgets, spent, type StoredSpending } from './budget-rig.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

function managed(change: Partial<KnownBudget>): KnownBudget {
  return { name: 'b', of: 'all', window: 'day', limitUsd: 10, source: 'file', ...change }
}

async function startedWith(
  budgets: readonly KnownBudget[],
  stored: StoredSpending = {},
  nowMs = AT_MS,
) {
  const rig = setUpBudgets({ budgets, nowMs }, stored)
  await rig.start()
  await rig.watch.look()
  return { ...rig, texts: () => rig.raised.map((alert) => alertText(alert)) }
}

describe('a threshold', () => {
  test('is told once, and the lower one is noted with the higher one', async () => {
    const { committed, watch, texts, noted } = await startedWith([managed({ of: 'user' })])
    committed(spent({ usd: 7.9, userId: 'ada' }))
    await watch.look()
    expect(texts()).toEqual([])
    committed(spent({ usd: 2.1, userId: 'ada' }))
    await watch.look()
    await watch.look()
    expect(texts()).toEqual([
      'passed 100 % of the daily budget "b" of ada: $10.00 of $10.00 spent on 2026-11-18',
    ])
    expect(noted.map(({ channels }) => channels)).toEqual([['webhook'], []])
  })

  test.each([
    ['budget', { window: 'day' }, { window: 'week' }, 10],
    ['budget', { window: '5h' }, { window: 'day' }, 10],
    ['forecast', { window: 'week' }, { window: 'month' }, 7],
  ] as const)('%s: told of a window, it is told of another one of the same name', async (...of) => {
    const [kind, before, after, usd] = of
    const budgets = [managed(before)]
    const stored = { rows: [{ costUsd: usd }] }
    const { ledger, watch, raised } = await startedWith(budgets, stored)
    budgets[0] = managed(after)
    await ledger.refresh()
    await watch.look()
    await watch.look()
    const found = raised.filter((alert) => alert.kind === kind)
    expect(found).toMatchObject([before, after])
  })

  test('of a project is told of what a session spent for it that is elsewhere by now', async () => {
    const budget = managed({ of: 'project', subject: 'web' })
    const { committed, clock, texts } = await startedWith([budget])
    committed(spent({ usd: 8, project: 'shop', spentFor: 'web' }))
    await clock.advance(1000)
    expect(texts()).toEqual([expect.stringMatching(/^passed 80 % .* of project web: \$8\.00/)])
  })

  test.each([
    ['a day', { window: 'day' }, '2026-12-01T00:00Z', 'on 2026-11-30'],
    ['a day, of each user', { window: 'day', of: 'user' }, '2026-12-01T00:00Z', 'on 2026-11-30'],
    ['a day a week ago', { window: 'day' }, '2026-11-27T00:00Z', 'on 2026-11-26'],
    ['a week', { window: 'week' }, '2026-11-30T00:00Z', 'in the week of 2026-11-23'],
    ['a month', { window: 'month' }, '2026-12-01T00:00Z', 'in 2026-11'],
  ] as const)('of %s that has ended is told once of what arrives late', async (...of) => {
    const [, budget, end, when] = of
    const atMs = Date.parse(end) - 900_000
    const nowMs = Date.UTC(2026, 11, 2, 5)
    const rig = await startedWith([managed(budget)], {}, nowMs)
    rig.committed(spent({ usd: 8, userId: 'ada', atMs }))
    await rig.clock.advance(1000)
    rig.committed(spent({ usd: 3, beforeUsd: 8, userId: 'ada', atMs }))
    await rig.clock.advance(1000)
    expect(rig.texts()).toEqual([
      expect.stringMatching(/^passed 80 % /),
      expect.stringMatching(/^passed 100 % .*\$11\.00 of \$10\.00/),
    ])
    expect(rig.texts()[1]).toContain(when)
    rig.committed(spent({ usd: 1, beforeUsd: 11, userId: 'ada', atMs }))
    await rig.clock.advance(61_000)
    expect(rig.texts()).toHaveLength(2)
  })

  test('of what arrives more than a week late is not told', async () => {
    const nowMs = Date.UTC(2026, 11, 2, 5)
    const rig = await startedWith([managed({})], {}, nowMs)
    rig.committed(spent({ usd: 50, atMs: nowMs - 9 * DAY_MS }))
    await rig.clock.advance(1000)
    expect(rig.texts()).toEqual([])
  })

  test('is told right behind commits, a second after the first', async () => {
    const { committed, clock, texts } = await startedWith([managed({})])
    committed(spent({ usd: 5 }))
    committed(spent({ usd: 3 }))
    await clock.advance(999)
    expect(texts()).toEqual([])
    await clock.advance(1)
    expect(texts()).toHaveLength(1)
  })

  test.each([
    ['each user', { of: 'user' }],
    ['a project by name', { of: 'project', subject: 'web' }],
    ["each model, a subagent's as well", { of: 'model' }],
    ['an agent', { of: 'agent', subject: 'claude-code' }],
  ] as const)('of %s is told right behind the commit', async (_, budget) => {
    const { committed, clock, texts } = await startedWith([managed(budget)])
    committed(spent({ id: 's0', usd: 1, userId: 'eve', project: 'shop', model: 'haiku' }))
    committed(spent({ usd: 8, userId: 'ada', project: 'web' }))
    await clock.advance(1000)
    expect(texts()).toHaveLength(1)
  })

  test('is shown in the trace of the newest session that spent for it', async () => {
    const rig = await startedWith([managed({ of: 'user' })])
    rig.committed(spent({ id: 's1', usd: 5, userId: 'ada' }))
    rig.committed(spent({ id: 's2', usd: 2, userId: 'ada' }))
    rig.committed(spent({ id: 's1', usd: 3, beforeUsd: 5, userId: 'ada' }))
    rig.committed(spent({ id: 's3', usd: 1, userId: 'eve' }))
    await rig.clock.advance(1000)
    expect(rig.spentBy).toEqual(['claude-code/s1'])
  })

  test('of a session, in its own; that nobody spent just now, nowhere', async () => {
    const rig = await startedWith(
      [managed({ window: 'session' }), managed({ name: 'd', window: 'month' })],
      { rows: [{ costUsd: 100 }] },
    )
    expect(rig.spentBy).toEqual([undefined])
    rig.committed(spent({ id: 's1', usd: 12 }))
    await rig.clock.advance(1000)
    expect(rig.spentBy).toEqual([undefined, 'claude-code/s1'])
  })

  test('that was told before a restart, or by another replica, is not told again', async () => {
    const { watch, watchOf, raised, clock, noted } = await startedWith([managed({})], {
      rows: [{ costUsd: 8 }],
    })
    await watch.look()
    expect(raised).toHaveLength(1)
    await watchOf().look()
    await clock.advance(61_000)
    await watchOf().look()
    expect(raised).toHaveLength(1)
    expect(noted).toHaveLength(1)
  })

  test('is told again in the next window', async () => {
    const { committed, watch, texts, clock, stop } = await startedWith([managed({})])
    committed(spent({ usd: 8 }))
    await watch.look()
    stop()
    await clock.advance(DAY_MS)
    committed(spent({ usd: 9, atMs: AT_MS + DAY_MS }))
    await watch.look()
    expect(texts()).toEqual([
      expect.stringContaining('on 2026-11-18'),
      expect.stringContaining('on 2026-11-19'),
    ])
  })

  test('of a window that rolls is told once within its length', async () => {
    const { committed, watch, texts, clock, stop } = await startedWith([managed({ window: '2h' })])
    committed(spent({ usd: 10 }))
    await watch.look()
    stop()
    await clock.advance(1.5 * HOUR_MS)
    committed(spent({ usd: 10, atMs: AT_MS + 1.5 * HOUR_MS }))
    await watch.look()
    expect(texts()).toHaveLength(1)
    await clock.advance(HOUR_MS)
    committed(spent({ usd: 1, atMs: AT_MS + 2.5 * HOUR_MS }))
    await watch.look()
    expect(texts()).toHaveLength(2)
  })

  test('of a session is told of that session, and not of those of before', async () => {
    const old = { agent: 'claude-code', userId: undefined, team: undefined, project: undefined }
    const sessions = [{ ...old, key: 'claude-code/old', costUsd: 50, estimatedUsd: 0 }]
    const { committed, watch, texts } = await startedWith([managed({ window: 'session' })], {
      sessions,
    })
    committed(spent({ usd: 12 }))
    await watch.look()
    expect(texts()).toEqual([
      'passed 100 % of the budget "b" of session claude-code/s1: $12.00 of $10.00 spent',
    ])
  })

  test('that could not be noted is told by the next look', async () => {
    const { committed, watch, texts, breakAlerts, errors } = await startedWith([managed({})])
    breakAlerts(true)
    committed(spent({ usd: 12 }))
    await watch.look()
    expect([texts(), errors]).toEqual([[], [expect.anything()]])
    breakAlerts(false)
    await watch.look()
    expect(texts()).toHaveLength(1)
  })

  test('counts what was estimated, as all reports, and not what is unknown', async () => {
    const { committed, watch, texts } = await startedWith([managed({})])
    committed(spent({ usd: Number.NaN }))
    committed(spent({ usd: 9, estimatedUsd: 9 }))
    await watch.look()
    expect(texts()).toEqual([expect.stringContaining('$9.00 of $10.00')])
  })
})

describe('a forecast', () => {
  const month = managed({ window: 'month', limitUsd: 100 })

  test('is told once, where a month is spent before its last days', async () => {
    const rows = [{ costUsd: 79, bucketMs: Date.parse('2026-11-05T10:00:00Z') }]
    const { watch, texts, committed } = await startedWith([month], { rows })
    committed(spent({ usd: 0.5 }))
    await watch.look()
    expect(texts()).toEqual([
      'at this pace the monthly budget "b" is spent on 2026-11-23: $79.00 of $100.00 spent in 2026-11',
    ])
  })

  test('is none where it as good as lasts, or for a day', async () => {
    const rows = [{ costUsd: 60, bucketMs: Date.parse('2026-11-05T10:00:00Z') }]
    const { texts } = await startedWith([month], { rows })
    expect(texts()).toEqual([])
    const day = await startedWith([managed({})], { rows: [{ costUsd: 7 }] })
    expect(day.texts()).toEqual([])
  })
})

describe('a spike', () => {
  const hourMs = AT_MS - (AT_MS % HOUR_MS)
  const usual = Array.from({ length: 40 }, (_, n) => ({
    costUsd: 2,
    userId: 'ada',
    bucketMs: hourMs - (1 + Math.floor(n / 8)) * DAY_MS + (n % 8) * HOUR_MS,
  }))

  test('of an hour is told of everybody and of who it is, and not of the hours that follow', async () => {
    const rows = [...usual, { costUsd: 9, userId: 'ada' }]
    const rig = setUpBudgets({ budgets: [], tellsSpikes: true }, { rows })
    await rig.start()
    await rig.watch.look()
    expect(rig.raised.map((alert) => alertText(alert))).toEqual([
      'an hour costs far more than usual: $9.00, where nine of ten cost at most $2.00, on 2026-11-18 11:00',
      'an hour of ada costs far more than usual: $9.00, where nine of ten cost at most $2.00, on 2026-11-18 11:00',
    ])
    rig.stop()
    await rig.clock.advance(HOUR_MS)
    rig.committed(spent({ usd: 9, userId: 'ada', atMs: AT_MS + HOUR_MS }))
    await rig.watch.look()
    expect(rig.raised).toHaveLength(2)
  })

  test('of a usual hour is none, nor where they are off', async () => {
    const usualHour = { rows: [...usual, { costUsd: 5, userId: 'ada' }] }
    const rig = setUpBudgets({ budgets: [], tellsSpikes: true }, usualHour)
    await rig.start()
    await rig.watch.look()
    const off = setUpBudgets({ budgets: [] }, { rows: [...usual, { costUsd: 9 }] })
    await off.start()
    await off.watch.look()
    expect([...rig.raised, ...off.raised]).toEqual([])
  })

  test('of a session is told once, however long it goes on', async () => {
    const who = { agent: 'claude-code', userId: undefined, team: undefined, project: undefined }
    const sessions = Array.from({ length: 20 }, (_, n) => {
      return { ...who, key: `claude-code/old${n}`, costUsd: 2, estimatedUsd: 0 }
    })
    const rig = setUpBudgets({ budgets: [], tellsSpikes: true }, { sessions })
    await rig.start()
    rig.committed(spent({ usd: 5.9 }))
    await rig.watch.look()
    expect(rig.raised).toEqual([])
    rig.committed(spent({ usd: 1, beforeUsd: 5.9 }))
    await rig.watch.look()
    rig.committed(spent({ usd: 5, beforeUsd: 6.9 }))
    await rig.watch.look()
    expect(rig.raised.map((alert) => alertText(alert))).toEqual([
      'session claude-code/s1 costs far more than usual: $6.90, where nine of ten cost at most $2.00',
    ])
  })
})
