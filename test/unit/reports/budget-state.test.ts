/** What the page shows of budgets, over a store that sessions have spent in. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { createBudgetDays } from '../../../src/reports/budget-days.ts'
import { createBudgetStates } from '../../../src/reports/budget-state.ts'
import type { BudgetLimits } from '../../../src/domain/budget.ts'
import { settingsBudgets } from '../../../src/domain/managed-budget.ts'
import { openReader } from '../../../src/storage/beside.ts'
import { AT_MS } from '../storage/arrivals.ts'
import { openBudgets, type Step } from '../storage/budget-rig.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const steps: readonly Step[] = [
  { costUsd: 4, sessionId: 's1', userId: 'ada', team: 'red' },
  { costUsd: 4.5, sessionId: 's2', userId: 'eve', team: 'red' },
  { costUsd: 0.5, sessionId: 's3' },
  { costUsd: 100, sessionId: 's4', userId: 'old', atMs: AT_MS - DAY_MS },
]

async function statesOf(limits: BudgetLimits, nowMs = AT_MS) {
  const rig = await openBudgets({ limits })
  await rig.spend(...steps)
  const reader = await openReader(rig)
  if (!reader.ok) throw new Error(reader.error)
  onTestFinished(() => reader.value.close())
  const now = () => nowMs
  const fixed = settingsBudgets(limits)
  const states = createBudgetStates({
    ...{ reader: reader.value, fixed, timeZone: 'UTC', visible: 'all', now },
  })
  return (await states()).budgets
}

/** What is expected of the day of these tests at its pace so far. */
function forecastAt(spentUsd: number, nowMs: number) {
  const { fromMs, toMs } = createBudgetDays('UTC')(nowMs)
  const pace = spentUsd / (nowMs - fromMs)
  const spentAtMs = Math.round(fromMs + 10 / pace)
  return { projectedUsd: pace * (toMs - fromMs), spentAtMs: spentAtMs < toMs ? spentAtMs : null }
}

/** When the day of these tests ends. */
const endOfDayMs = createBudgetDays('UTC')(AT_MS).toMs

describe('the state of budgets', () => {
  test('is empty while none is set', async () => {
    expect(await statesOf({})).toEqual([])
  })

  test('of sessions never crowds out that of the day', async () => {
    const rig = await openBudgets({ limits: {} })
    const many = Array.from({ length: 130 }, (_, n): Step => ({ costUsd: 2, sessionId: `m${n}` }))
    await rig.spend(...many)
    const reader = await openReader(rig)
    if (!reader.ok) throw new Error(reader.error)
    onTestFinished(() => reader.value.close())
    const states = createBudgetStates({
      ...{ reader: reader.value, timeZone: 'UTC', visible: 'all', now: () => AT_MS },
      fixed: settingsBudgets({ day: 300, session: 1 }),
    })
    const { budgets } = await states()
    expect(budgets.filter(({ scope }) => scope === 'session')).toHaveLength(20)
    expect(budgets.find(({ scope }) => scope === 'day')).toMatchObject({
      spentUsd: 260,
      leftUsd: 40,
    })
  })

  test('of the day counts today alone', async () => {
    expect(await statesOf({ day: 10 })).toEqual([
      {
        scope: 'day',
        name: null,
        sessionKey: null,
        budget: null,
        window: 'day',
        limitUsd: 10,
        spentUsd: 9,
        leftUsd: 1,
        level: 'near',
        resetsMs: endOfDayMs,
        windowFromMs: endOfDayMs - DAY_MS,
        forecast: forecastAt(9, AT_MS),
      },
    ])
    expect(await statesOf({ day: 10 }, endOfDayMs)).toMatchObject([{ spentUsd: 0, level: 'ok' }])
  })

  test('of users and teams are those who spent today, the fullest first', async () => {
    expect(await statesOf({ user: 4.5, team: 20 })).toMatchObject([
      { scope: 'user', name: 'eve', spentUsd: 4.5, level: 'over' },
      { scope: 'user', name: 'ada', spentUsd: 4, level: 'near' },
      { scope: 'team', name: 'red', spentUsd: 8.5, level: 'ok' },
    ])
  })

  test('of sessions leaves out what is closed and far from its limit, or of another day', async () => {
    expect(await statesOf({ session: 4.5 })).toMatchObject([
      {
        sessionKey: 'claude-code/s2',
        name: 'claude-code/s2',
        spentUsd: 4.5,
        level: 'over',
        resetsMs: null,
      },
      { sessionKey: 'claude-code/s1', spentUsd: 4, level: 'near' },
    ])
  })
})

describe('the days of budgets', () => {
  test.each([
    ['UTC', '2026-11-21T23:59:00Z', '2026-11-21', 24],
    ['Europe/Vienna', '2026-11-21T23:30:00Z', '2026-11-22', 24],
    ['America/New_York', '2026-11-21T04:59:00Z', '2026-11-20', 24],
    ['Europe/Vienna', '2026-03-29T12:00:00Z', '2026-03-29', 23],
    ['Europe/Vienna', '2026-10-25T12:00:00Z', '2026-10-25', 25],
    ['Asia/Kathmandu', '2026-11-21T18:14:00Z', '2026-11-21', 24],
    ['Asia/Kathmandu', '2026-11-21T18:15:00Z', '2026-11-22', 24],
  ])('in %s %s is of %s, which has %d hours', (timeZone, time, date, hours) => {
    const days = createBudgetDays(timeZone)
    const atMs = Date.parse(time)
    const day = days(atMs)
    expect(day).toMatchObject({ date })
    expect((day.toMs - day.fromMs) / HOUR_MS).toBe(hours)
    expect(days(day.toMs - 1)).toBe(day)
    expect(days(day.toMs).fromMs).toBe(day.toMs)
    expect(days(day.fromMs - 1).toMs).toBe(day.fromMs)
  })
})
