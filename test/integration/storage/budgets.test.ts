/** Budgets are held against what a commit spends, inside it; an alert is stored with it, once. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { Alert, ThresholdAlert } from '../../../src/domain/alert.ts'
import type { BudgetLimits, BudgetWatch } from '../../../src/domain/budget.ts'
import { sessionKeyOf } from '../../../src/domain/identity.ts'
import type { Budget } from '../../../src/domain/managed-budget.ts'
import { BUCKET_MS } from '../../../src/domain/usage.ts'
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
    hasChannels: true,
    ...change,
  }
}

const open = (engine: StorageEngine, limits: BudgetLimits) =>
  createRig(engine, { budgets: watching(limits) })

/** The queue of a channel, with what commits found in it. */
async function queueOf({ store }: Pick<Rig, 'store'>) {
  await store.alerts.adopt(['webhook'])
  return store.alerts.queue('webhook')
}

let sums: Record<string, number> = {}

/** Commits what sessions spend; resolves to what was told of it. */
async function spend(
  rig: Rig,
  ...steps: readonly {
    usd: number
    id?: string
    userId?: string
    team?: string
    /** Of the key that it comes under. */
    ownerTeam?: string
    bucketMs?: number
  }[]
): Promise<readonly string[]> {
  const outcomes = steps.map((step) => {
    const { usd, id = 's1', userId = 'ada', ownerTeam, team = ownerTeam, bucketMs = BUCKET } = step
    sums = { ...sums, [id]: (sums[id] ?? 0) + usd }
    const key = sessionKeyOf('claude-code', id, ownerTeam === undefined ? {} : { team: ownerTeam })
    const session = row(id, { key, userId, team, costUsd: sums[id] ?? 0 })
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

  test('users of one name, under keys of two teams, are two users', async () => {
    const rig = await open(engine, { user: 5 })
    expect(await spend(rig, { usd: 4, ownerTeam: 'red' })).toEqual(['user ada (team red) 80'])
    expect(await spend(rig, { usd: 3, id: 's2', ownerTeam: 'blue' })).toEqual([])
    expect(await spend(rig, { usd: 3, id: 's3' })).toEqual([])
    expect(await spend(rig, { usd: 1, ownerTeam: 'red' })).toEqual(['user ada (team red) 100'])
    const rows = await rig.store.brake.spending({ fromMs: BUCKET, toMs: BUCKET + BUCKET_MS })
    const told = rows.map(({ userId, ownerTeam, costUsd }) => `${userId} ${ownerTeam} ${costUsd}`)
    expect(told.toSorted()).toEqual(['ada blue 3', 'ada red 5', 'ada undefined 3'])
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
    expect(await (await queueOf(rig)).next()).toBeUndefined()
    const spent = await rig.reader.budgets.spending({ fromMs: BUCKET, toMs: BUCKET + 1 })
    expect(spent.map(({ costUsd }) => costUsd)).toEqual([7.9])
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
  test('is what was spent in each quarter of an hour, by whom and on what, and in each session', async () => {
    const rig = await createRig(engine)
    const costs = { costUsd: 5, estimatedUsd: 2 }
    const ada = row('s1', { userId: 'ada', team: 'red', project: 'web', ...costs })
    const eve = row('s2', { userId: 'eve', costUsd: 1.1 })
    await rig.commit({
      sessions: [ada, eve],
      usage: [
        used(ada, {
          models: [
            costs,
            { costUsd: 0.5, model: 'haiku', bucketMs: BUCKET + BUCKET_MS },
            { costUsd: 7, bucketMs: BUCKET - DAY_MS },
          ],
        }),
        used(eve, { models: [{ costUsd: 1.1 }] }),
      ],
    })
    const again = await rig.reopen()
    const ofAda = { agent: 'claude-code', userId: 'ada', team: 'red', project: 'web' }
    const ofEve = { agent: 'claude-code', userId: 'eve', team: undefined, project: undefined }
    const day = { fromMs: BUCKET, toMs: BUCKET + 2 * BUCKET_MS }
    const rows = await again.store.brake.spending(day)
    expect(rows.toSorted((a, b) => b.costUsd - a.costUsd)).toEqual([
      { ...ofAda, bucketMs: BUCKET, model: 'opus', costUsd: 5, estimatedUsd: 2 },
      { ...ofEve, bucketMs: BUCKET, model: 'opus', costUsd: 1.1, estimatedUsd: 0 },
      { ...ofAda, bucketMs: BUCKET + BUCKET_MS, model: 'haiku', costUsd: 0.5, estimatedUsd: 0 },
    ])
    const known = await again.store.brake.knownSessions({ sinceMs: 0, limit: 10 })
    expect(known.toSorted((a, b) => b.costUsd - a.costUsd)).toEqual([
      { key: 'claude-code/s1', ...ofAda, ...costs },
      { key: 'claude-code/s2', ...ofEve, costUsd: 1.1, estimatedUsd: 0 },
    ])
    expect(await again.store.brake.knownSessions({ sinceMs: 0, limit: 1 })).toHaveLength(1)
  })

  test('is spent for the project that a call names, else for that of its session', async () => {
    const rig = await createRig(engine)
    const moved = row('s1', { project: 'shop', costUsd: 8 })
    const dimensions = { skill: '"project":"x', project: 'we"b\\' }
    await rig.commit({
      sessions: [moved],
      usage: [
        used(moved, {
          models: [
            { costUsd: 1, dimensions },
            { costUsd: 2, dimensions: { ...dimensions, skill: 'y' } },
            { costUsd: 5, dimensions: { skill: '"project":"x\ud800' } },
          ],
        }),
      ],
    })
    const span = { fromMs: BUCKET, toMs: BUCKET + BUCKET_MS }
    for (const rows of [
      await rig.store.brake.spending(span),
      await rig.reader.budgets.spending(span),
    ]) {
      expect(new Map(rows.map(({ project, costUsd }) => [project, costUsd]))).toEqual(
        new Map([
          ['shop', 5],
          ['we"b\\', 3],
        ]),
      )
      expect(rows).toHaveLength(2)
    }
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
    const { brake } = again.store
    expect(await brake.endOverrides({ scope: 'user', subject: 'ada' }, AT_MS)).toBe(0)
    expect(await brake.endOverrides({ scope: 'user', subject: 'eve' }, AT_MS)).toBe(1)
    expect(await brake.overrides(AT_MS)).toEqual([override])
    expect(await brake.endOverrides('all', AT_MS)).toBe(1)
    expect(await brake.overrides(0)).toEqual([])
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
    const queue = await queueOf(rig)
    const first = await queue.next()
    expect(first).toMatchObject({
      alert: { kind: 'budget', threshold: 80, spentUsd: 8 },
      attempts: 0,
      notBeforeMs: 0,
    })
    await queue.putOff(first?.id ?? '', AT_MS + 500)
    expect(await queue.next()).toMatchObject({ alert: { threshold: 100 } })
    const again = await queueOf(await rig.reopen())
    const next = await again.next()
    expect(next).toMatchObject({ alert: { threshold: 100 }, attempts: 0 })
    await again.settle(next?.id ?? '')
    const last = await again.next()
    expect(last).toMatchObject({ id: first?.id, attempts: 1, notBeforeMs: AT_MS + 500 })
    await again.settle(last?.id ?? '')
    expect(await again.next()).toBeUndefined()
  })

  test('wait for nobody where there is no webhook', async () => {
    const budgets = watching({ day: 10 }, { hasChannels: false })
    const rig = await createRig(engine, { budgets })
    expect(await spend(rig, { usd: 9 })).toEqual(['day  80'])
    expect(await (await queueOf(rig)).next()).toBeUndefined()
  })
})

const weekly: Budget = { name: 'web', of: 'project', subject: 'web', window: 'week', limitUsd: 20 }
const alert: ThresholdAlert = {
  kind: 'budget',
  scope: 'project',
  subject: 'web',
  date: '2026-11-16',
  budget: 'web',
  window: 'week',
  threshold: 80,
  limitUsd: 20,
  spentUsd: 17.5,
  atMs: AT_MS,
}

describe.each(engines)('plan windows in $name', (engine) => {
  const reading = { window: 'five_hour', usedPercent: 40, resetsMs: AT_MS + 5 }

  test('keep the highest of a quarter of an hour, and go with their session', async () => {
    const rig = await createRig(engine)
    const sessions = [row('s1', { userId: 'ada', team: 'red' }), row('s2')]
    await rig.commit({ sessions })
    const { planWindows } = rig.store
    const of = { agent: 'claude-code', userId: 'ada' }
    expect(await planWindows.note('claude-code/s1', [reading], BUCKET)).toEqual(of)
    await planWindows.note('claude-code/s1', [{ ...reading, usedPercent: 30 }], BUCKET + 5)
    const week = { window: 'seven_day', usedPercent: 7, resetsMs: undefined }
    await planWindows.note('claude-code/s2', [week], BUCKET + BUCKET_MS)
    expect(await planWindows.note('claude-code/none', [reading], BUCKET)).toBeUndefined()
    const again = await rig.reopen()
    const since = (sinceMs: number, owner?: { team: string }) =>
      again.reader.planWindows.since({ sinceMs, limit: 10, owner })
    const ofWeek = {
      agent: 'claude-code',
      userId: undefined,
      bucketMs: BUCKET + BUCKET_MS,
      ...week,
    }
    expect(await since(0)).toEqual([ofWeek, { ...of, bucketMs: BUCKET, ...reading }])
    expect(await since(BUCKET + 1)).toEqual([ofWeek])
    expect(await since(0, { team: 'red' })).toHaveLength(1)
    await (await again.store.sessions.remove('claude-code/s1'))?.deleteRows()
    expect(await since(0)).toEqual([ofWeek])
  })
})

describe.each(engines)('managed budgets in $name', (engine) => {
  test('are stored, replaced and removed by their names', async () => {
    const rig = await createRig(engine)
    const { budgets } = rig.store
    expect(await budgets.put(weekly, { replaces: false })).toBe(true)
    expect(await budgets.put({ ...weekly, limitUsd: 5 }, { replaces: false })).toBe(false)
    const burst: Budget = { name: 'burst', of: 'all', window: '5h', limitUsd: 0.1 }
    expect(await budgets.put(burst, { replaces: true })).toBe(true)
    expect(await budgets.put({ ...weekly, limitUsd: 30 }, { replaces: true })).toBe(true)
    const again = await rig.reopen()
    expect(await again.store.budgets.list()).toEqual([burst, { ...weekly, limitUsd: 30 }])
    expect(await again.reader.budgets.defined()).toEqual([burst, { ...weekly, limitUsd: 30 }])
    expect(await again.store.budgets.remove('burst')).toBe(true)
    expect(await again.store.budgets.remove('burst')).toBe(false)
    expect(await again.store.budgets.list()).toHaveLength(1)
  })

  test('raise an alert once in a window, for each channel, over a restart', async () => {
    const rig = await createRig(engine)
    const raising = { sinceMs: AT_MS - 10, channels: ['webhook', 'mail'] }
    expect(await rig.store.alerts.raise(alert, raising)).toBe(true)
    expect(await rig.store.alerts.raise({ ...alert, spentUsd: 18 }, raising)).toBe(false)
    const again = await rig.reopen()
    expect(await again.store.alerts.raise({ ...alert, atMs: AT_MS + 5 }, raising)).toBe(false)
    const [webhook, mail] = [again.store.alerts.queue('webhook'), again.store.alerts.queue('mail')]
    const [posted, mailed] = [await webhook.next(), await mail.next()]
    expect(posted).toEqual({ id: mailed?.id, alert, attempts: 0, notBeforeMs: 0 })
    await webhook.settle(posted?.id ?? '')
    expect(await webhook.next()).toBeUndefined()
    await mail.putOff(mailed?.id ?? '', AT_MS + 7)
    expect(await mail.next()).toMatchObject({ attempts: 1, notBeforeMs: AT_MS + 7 })
  })

  test('raise it again in the next window, for another subject, threshold or limit', async () => {
    const { store } = await createRig(engine)
    const raise = (change: Partial<ThresholdAlert>, sinceMs = AT_MS - 10) =>
      store.alerts.raise({ ...alert, ...change }, { sinceMs, channels: [] })
    expect(await raise({})).toBe(true)
    expect(await raise({ threshold: 100 })).toBe(true)
    expect(await raise({ subject: 'shop' })).toBe(true)
    expect(await raise({ limitUsd: 10 })).toBe(true)
    expect(await raise({ budget: 'other' })).toBe(true)
    expect(await raise({ atMs: AT_MS + 20 }, AT_MS + 1)).toBe(true)
    expect(await raise({ atMs: AT_MS + 20 }, AT_MS + 1)).toBe(false)
    expect(await store.alerts.queue('webhook').next()).toBeUndefined()
  })

  test('lose the alerts of a session with it', async () => {
    const rig = await createRig(engine)
    await rig.commit({ sessions: [row('s1')] })
    const sessionKey = 'claude-code/s1'
    const ofSession: Alert = { ...alert, scope: 'session', subject: sessionKey }
    const raising = { sinceMs: 0, channels: ['webhook'], sessionKey }
    expect(await rig.store.alerts.raise(ofSession, raising)).toBe(true)
    await (await rig.store.sessions.remove(sessionKey))?.deleteRows()
    expect(await rig.store.alerts.queue('webhook').next()).toBeUndefined()
    expect(await rig.store.alerts.raise(ofSession, raising)).toBe(true)
  })
})
