/** Budgets are held against what a commit spends, inside it; an alert is stored with it, once. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { BudgetLimits, BudgetWatch } from '../../../src/domain/budget.ts'
import { AT_MS, observation, row, type State } from '../../unit/storage/arrivals.ts'
import {
  createRig,
  engines,
  inputsOf,
  type Rig,
  type StorageEngine,
  waitingFor,
} from './engines.ts'
import { BUCKET, used } from './usage.ts'

const DAY_MS = 86_400_000

function watching(
  limits: BudgetLimits,
  change: Partial<BudgetWatch<State>> = {},
): BudgetWatch<State> {
  return {
    limits,
    dayOf: (ms) => {
      const fromMs = Math.floor(ms / DAY_MS) * DAY_MS
      return { date: new Date(ms).toISOString().slice(0, 10), fromMs, toMs: fromMs + DAY_MS }
    },
    events: (_, { scope, threshold }) => [observation(`${scope} ${threshold}`)],
    hasWebhook: true,
    ...change,
  }
}

const open = (engine: StorageEngine, limits: BudgetLimits) =>
  createRig(engine, { budgets: watching(limits) })

let sums: Record<string, number> = {}

/** Commits what sessions spend; resolves to what was told of it. */
async function spend(
  rig: Rig,
  ...steps: readonly {
    usd: number
    id?: string
    userId?: string
    team?: string
    bucketMs?: number
  }[]
): Promise<readonly string[]> {
  const outcomes = steps.map(({ usd, id = 's1', userId = 'ada', team, bucketMs = BUCKET }) => {
    sums = { ...sums, [id]: (sums[id] ?? 0) + usd }
    const session = row(id, { userId, team, costUsd: sums[id] ?? 0 })
    return { session, usage: used(session, { models: [{ costUsd: usd, bucketMs }] }) }
  })
  const { alerts } = await rig.commit({
    sessions: outcomes.map(({ session }) => session),
    usage: outcomes.map(({ usage }) => usage),
  })
  return alerts.map(({ scope, subject, threshold }) => `${scope} ${subject} ${threshold}`)
}

describe.each(engines)('budgets in $name', (engine) => {
  beforeEach(() => {
    sums = {}
  })

  test('are told at 80 % and at 100 %, once and by the last that was passed, each for whom it is for', async () => {
    const rig = await open(engine, { day: 10, user: 5, team: 4, session: 3 })
    expect(await spend(rig, { usd: 2 })).toEqual([])
    expect(await spend(rig, { usd: 0.4 })).toEqual(['session claude-code/s1 80'])
    expect(await spend(rig, { usd: 0.1 })).toEqual([])
    expect(await spend(rig, { usd: 3.2, id: 's2', team: 'red' })).toEqual(
      expect.arrayContaining(['session claude-code/s2 100', 'user ada 100', 'team red 80']),
    )
    expect(await spend(rig, { usd: 2.3, id: 's3', userId: 'grace' })).toEqual(['day  80'])
  })

  test('go on where they were after a restart, and begin anew with the day', async () => {
    const rig = await open(engine, { day: 10 })
    expect(await spend(rig, { usd: 8 })).toEqual(['day  80'])
    const again = await rig.reopen()
    expect(await spend(again, { usd: 1.9 })).toEqual([])
    expect(await spend(again, { usd: 0.1 })).toEqual(['day  100'])
    expect(await spend(again, { usd: 0.1 })).toEqual([])
    expect(await spend(again, { usd: 8, bucketMs: BUCKET - DAY_MS })).toEqual(['day  80'])
  })

  test('are not touched by a commit that fails', async () => {
    let fails = true
    const events: BudgetWatch<State>['events'] = (_, { threshold }) => {
      if (fails) throw new Error('told to fail')
      return [observation(`day ${threshold}`)]
    }
    const rig = await createRig(engine, { budgets: watching({ day: 10 }, { events }) })
    await spend(rig, { usd: 7.9 })
    await expect(spend(rig, { usd: 0.1 })).rejects.toThrow('told to fail')
    expect(await rig.store.alerts.next()).toBeUndefined()
    const { totalUsd } = await rig.reader.budgets.spendingOf({ fromMs: BUCKET, toMs: BUCKET + 1 })
    expect(totalUsd).toBe(7.9)
    fails = false
    expect(await spend(rig, { usd: 0.05 })).toEqual([])
    expect(await spend(rig, { usd: 0.05 })).toEqual(['day  80'])
    expect(await waitingFor(rig)).toEqual(['day 80'])
  })

  test('are told by the session that spent, and are part of what happened to it', async () => {
    const rig = await open(engine, { day: 1 })
    await spend(rig, { usd: 1 })
    const inputs = await inputsOf(rig, 'claude-code/s1')
    const controls = inputs.flatMap((input) => (input.kind === 'control' ? [input.control] : []))
    const alert = { scope: 'day', threshold: 100, limitUsd: 1, spentUsd: 1, atMs: AT_MS }
    expect(controls).toMatchObject([{ kind: 'budget', alert }])
  })
})

describe.each(engines)('what a brake reads in $name', (engine) => {
  const day = { fromMs: BUCKET, toMs: BUCKET + 1 }

  test('is what agents told of a day and of a session, without what was estimated', async () => {
    const rig = await createRig(engine)
    const costs = { costUsd: 5, estimatedUsd: 2 }
    const ada = row('s1', { userId: 'ada', team: 'red', ...costs })
    const eve = row('s2', { userId: 'eve', costUsd: 1.1 })
    await rig.commit({
      sessions: [ada, eve],
      usage: [
        used(ada, { models: [costs, { costUsd: 7, bucketMs: BUCKET - DAY_MS }] }),
        used(eve, { models: [{ costUsd: 1.1 }] }),
      ],
    })
    const again = await rig.reopen()
    const { totalUsd, users, teams } = await again.store.brake.toldOn(day)
    expect({ totalUsd, users: [...users], teams: [...teams] }).toEqual({
      totalUsd: 4.1,
      users: expect.arrayContaining([
        ['ada', 3],
        ['eve', 1.1],
      ]),
      teams: [['red', 3]],
    })
    const told = await again.store.brake.toldSessions({ sinceMs: 0, limit: 10 })
    expect(told).toHaveLength(2)
    expect(told).toEqual(
      expect.arrayContaining([
        { key: 'claude-code/s1', userId: 'ada', team: 'red', toldUsd: 3 },
        { key: 'claude-code/s2', userId: 'eve', team: undefined, toldUsd: 1.1 },
      ]),
    )
    expect(await again.store.brake.toldSessions({ sinceMs: 0, limit: 1 })).toHaveLength(1)
  })

  test('are overrides that are in force, over a restart', async () => {
    const rig = await createRig(engine)
    const override = { createdMs: AT_MS, createdBy: 'ada', untilMs: AT_MS + 5 }
    await rig.store.brake.addOverride(override)
    const ofUser = { ...override, scope: 'user', subject: 'eve', untilMs: AT_MS + 9 } as const
    await rig.store.brake.addOverride(ofUser)
    const again = await rig.reopen()
    expect(await again.store.brake.overrides(AT_MS)).toEqual([override, ofUser])
    expect(await again.store.brake.overrides(AT_MS + 5)).toEqual([ofUser])
  })
})

describe.each(engines)('alerts for a webhook in $name', (engine) => {
  beforeEach(() => {
    sums = {}
  })

  test('wait until they are settled, over a restart', async () => {
    const rig = await open(engine, { day: 10, user: 100 })
    await spend(rig, { usd: 8 })
    await rig.clock.advance(5)
    await spend(rig, { usd: 2 })
    const first = await rig.store.alerts.next()
    expect(first).toMatchObject({
      alert: { threshold: 80, spentUsd: 8 },
      attempts: 0,
      notBeforeMs: 0,
    })
    await rig.store.alerts.putOff(first?.id ?? '', AT_MS + 500)
    expect(await rig.store.alerts.next()).toMatchObject({ alert: { threshold: 100 } })
    const again = await rig.reopen()
    const { alerts } = again.store
    const next = await alerts.next()
    expect(next).toMatchObject({ alert: { threshold: 100 }, attempts: 0 })
    await alerts.settle(next?.id ?? '')
    const last = await alerts.next()
    expect(last).toMatchObject({ id: first?.id, attempts: 1, notBeforeMs: AT_MS + 500 })
    await alerts.settle(last?.id ?? '')
    expect(await alerts.next()).toBeUndefined()
  })

  test('wait for nobody where there is no webhook', async () => {
    const budgets = watching({ day: 10 }, { hasWebhook: false })
    const rig = await createRig(engine, { budgets })
    expect(await spend(rig, { usd: 9 })).toEqual(['day  80'])
    expect(await rig.store.alerts.next()).toBeUndefined()
  })
})
