/** Readings of plan windows on their way into the store, and what is told of them. */
import { expect, test } from 'vitest'
import { createPlanWindows } from '../../../src/app/plan-windows.ts'
import { type Alert, alertText } from '../../../src/domain/alert.ts'
import { createManualClock, settle } from '../manual-clock.ts'

const NOW_MS = Date.parse('2026-11-21T12:00:00Z')
const limits = (used: number, leftMs = 3_600_000) => ({
  five_hour: { used_percentage: used, resets_at: (NOW_MS + leftMs) / 1000 },
})

function setUp() {
  const clock = createManualClock(NOW_MS)
  const noted: string[] = []
  const raised: Alert[] = []
  const errors: object[] = []
  let held: Promise<void> | undefined
  let fails = false
  const plan = createPlanWindows({
    store: {
      note: async (sessionKey, readings) => {
        await held
        if (fails) throw new Error('told to fail')
        noted.push(`${sessionKey} ${readings.map(({ usedPercent }) => usedPercent).join()}`)
        return { agent: 'claude-code', userId: 'ada' }
      },
    },
    raise: async (alert) => void raised.push(alert),
    timeZone: 'Europe/Vienna',
    clock,
    log: { error: (fields: object) => void errors.push(fields) } as never,
  })
  return {
    ...{ clock, plan, noted, raised, errors },
    hold: (until: Promise<void> | undefined) => {
      held = until
    },
    failWith: (failing: boolean) => {
      fails = failing
    },
  }
}

test('a reading is noted once for each percent and quarter of an hour', async () => {
  const { plan, noted, clock } = setUp()
  for (const used of [40.1, 40.9, 41, 41.2]) {
    plan.told('s1', limits(used))
    await settle()
  }
  await clock.advance(900_000)
  plan.told('s1', limits(41.2))
  plan.told('s2', { five_hour: 'nothing' })
  await settle()
  expect(noted).toEqual(['s1 40.1', 's1 41', 's1 41.2'])
})

test('of readings that wait, the newest of each session is noted', async () => {
  const { plan, noted, hold } = setUp()
  const first = Promise.withResolvers<void>()
  hold(first.promise)
  plan.told('s1', limits(10))
  for (const used of [20, 30]) plan.told('s1', limits(used))
  plan.told('s2', limits(5))
  first.resolve()
  await settle()
  expect(noted).toEqual(['s1 10', 's1 30', 's2 5'])
})

test('what could not be noted is noted when it is told again', async () => {
  const { plan, noted, errors, failWith } = setUp()
  failWith(true)
  plan.told('s1', limits(10))
  await settle()
  failWith(false)
  plan.told('s1', limits(10))
  await settle()
  expect([noted, errors]).toEqual([['s1 10'], [expect.anything()]])
})

test('80 % and the reset are told in the time zone of budgets', async () => {
  const { plan, raised } = setUp()
  plan.told('s1', limits(79))
  await settle()
  plan.told('s1', limits(83.7, 1_200_000))
  await settle()
  expect(raised.map((alert) => alertText(alert))).toEqual([
    "83 % of the plan's 5-hour window of claude-code of ada is used; it begins anew at 2026-11-21 13:20",
    "83 % of the plan's 5-hour window of claude-code of ada is used, and it begins anew at 2026-11-21 13:20",
  ])
})
