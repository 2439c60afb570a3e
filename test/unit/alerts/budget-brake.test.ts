/** Which steps spent budgets refuse, from what was read at the start and what commits told since. */
import { expect, test } from 'vitest'
import { type BudgetBrakeDeps, createBudgetBrake } from '../../../src/alerts/budget-brake.ts'
import type {
  BrakeStore,
  BudgetOverride,
  ToldSession,
  ToldSpending,
} from '../../../src/domain/budget-brake.ts'
import { createBudgetDays } from '../../../src/reports/budget-days.ts'
import type { Outcome } from '../../../src/domain/session-store.ts'
import { bucketOf } from '../../../src/domain/usage.ts'
import { used } from '../../integration/storage/usage.ts'
import { createManualClock } from '../manual-clock.ts'
import { AT_MS, row } from '../storage/arrivals.ts'

const HOUR_MS = 3_600_000
const S1 = 'claude-code/s1'

interface Stored {
  spending?: ToldSpending
  sessions?: readonly ToldSession[]
  fails?: boolean
}

function setUp(change: Partial<BudgetBrakeDeps>, stored: Stored = {}) {
  const clock = createManualClock(AT_MS)
  const overrides: BudgetOverride[] = []
  let reads = 0
  const store: BrakeStore = {
    toldOn: async () => {
      reads += 1
      if (stored.fails === true) throw new Error('told to fail')
      return stored.spending ?? { totalUsd: 0, users: new Map(), teams: new Map() }
    },
    toldSessions: async () => stored.sessions ?? [],
    overrides: async () => [...overrides],
    addOverride: async (override) => void overrides.push(override),
  }
  const errors: object[] = []
  const brake = createBudgetBrake({
    action: 'stop',
    limits: { day: 10 },
    contact: 'ops',
    dayOf: createBudgetDays('UTC'),
    store,
    betweenCommits: (task) => task(),
    clock,
    log: { info: () => {}, warn: () => {}, error: (fields: object) => void errors.push(fields) },
    ...change,
  })
  return { brake, clock, store, errors, reads: () => reads }
}

interface Cost {
  readonly id?: string
  readonly usd: number
  readonly estimatedUsd?: number
  readonly userId?: string
  readonly team?: string
  readonly atMs?: number
  readonly isMoved?: boolean
}

/** The outcome of a commit in which a session spent this, and nothing before. */
function spent({ id = 's1', usd, estimatedUsd = 0, userId, team, atMs = AT_MS, isMoved }: Cost) {
  const session = row(id, { userId, team, costUsd: usd, estimatedUsd })
  const models = [{ costUsd: usd, estimatedUsd, bucketMs: bucketOf(atMs) }]
  const usage = used(session, { models, isMoved: isMoved ?? false })
  return { sessions: [session], usage: [usage], emissions: [] } as unknown as Outcome<unknown>
}

const nobody = { totalUsd: 0, users: new Map(), teams: new Map() }

test('what a day had before the start counts, for sessions that are new as well', async () => {
  const { brake } = setUp({}, { spending: { ...nobody, totalUsd: 9.5 } })
  await brake.start()
  expect(brake.refusal('claude-code/new', 'prompt')).toBeUndefined()
  brake.committed(spent({ usd: 0.5 }))
  expect(brake.refusal('claude-code/new', 'prompt')).toEqual({
    scope: 'day',
    subject: '',
    date: '2026-11-18',
    step: 'prompt',
    limitUsd: 10,
    spentUsd: 10,
    reason:
      'The daily budget is spent: $10.00 of $10.00 on 2026-11-18. To raise it, ask ops, who can also lift it for a while: claude-telemetry budget override --for 1h',
  })
  expect(brake.refusal('claude-code/new', 'tool')).toBeUndefined()
})

test('only stop-now refuses tools, and tell refuses nothing', async () => {
  for (const [action, refused] of [
    ['tell', []],
    ['stop', ['prompt']],
    ['stop-now', ['prompt', 'tool']],
  ] as const) {
    const { brake } = setUp({ action }, { spending: { ...nobody, totalUsd: 11 } })
    await brake.start()
    const steps = (['prompt', 'tool'] as const).filter((step) => brake.refusal(S1, step))
    expect(steps).toEqual(refused)
  }
})

test('a new day has nothing spent, and takes what was told of it ahead of time', async () => {
  const { brake, clock } = setUp({}, { spending: { ...nobody, totalUsd: 20 } })
  await brake.start()
  brake.committed(spent({ usd: 4, atMs: AT_MS + 24 * HOUR_MS }))
  brake.committed(spent({ usd: 90, atMs: AT_MS - 24 * HOUR_MS }))
  expect(brake.refusal(S1, 'prompt')?.spentUsd).toBe(20)
  brake.stop()
  await clock.advance(24 * HOUR_MS)
  expect(brake.refusal(S1, 'prompt')).toBeUndefined()
  brake.committed(spent({ usd: 6, atMs: AT_MS + 24 * HOUR_MS }))
  expect(brake.refusal(S1, 'prompt')?.spentUsd).toBe(10)
})

test('the budget of a session concerns that session alone, after a restart as well', async () => {
  const before = { key: S1, userId: undefined, team: undefined, toldUsd: 5 }
  const { brake } = setUp({ limits: { session: 5 } }, { sessions: [before] })
  await brake.start()
  expect(brake.refusal(S1, 'prompt')).toMatchObject({ scope: 'session', subject: S1, spentUsd: 5 })
  brake.committed(spent({ id: 's2', usd: 4.99 }))
  expect(brake.refusal('claude-code/s2', 'prompt')).toBeUndefined()
  brake.committed(spent({ id: 's2', usd: 5 }))
  expect(brake.refusal('claude-code/s2', 'prompt')?.subject).toBe('claude-code/s2')
})

test('budgets of users and teams refuse the sessions that are known to be theirs', async () => {
  const limits = { user: 3, team: 7 }
  const spending = { totalUsd: 5, users: new Map([['ada', 2]]), teams: new Map([['red', 5]]) }
  const { brake } = setUp({ limits }, { spending })
  await brake.start()
  brake.committed(spent({ usd: 1, userId: 'ada', team: 'red' }))
  expect(brake.refusal(S1, 'prompt')).toMatchObject({ scope: 'user', subject: 'ada', spentUsd: 3 })
  brake.committed(spent({ id: 's2', usd: 1, userId: 'eve', team: 'red' }))
  const refused = brake.refusal('claude-code/s2', 'prompt')
  expect(refused).toMatchObject({ scope: 'team', subject: 'red', spentUsd: 7 })
  expect(brake.refusal('claude-code/s3', 'prompt')).toBeUndefined()
})

test('what agents did not tell stops nobody: estimates, own prices, costs that are not known', async () => {
  const { brake } = setUp({ limits: { day: 10, session: 10 } })
  await brake.start()
  brake.committed(spent({ usd: 12, estimatedUsd: 12 }))
  brake.committed(spent({ id: 's2', usd: 15, estimatedUsd: 6 }))
  brake.committed(spent({ id: 's3', usd: Number.NaN }))
  expect(brake.refusal(S1, 'prompt')).toBeUndefined()
  expect(brake.refusal('claude-code/s2', 'prompt')).toBeUndefined()
  brake.committed(spent({ id: 's4', usd: 1 }))
  expect(brake.refusal('claude-code/s4', 'prompt')?.spentUsd).toBe(10)
})

test('sums that cannot be read stop nobody, and are read again', async () => {
  const stored: Stored = { spending: { ...nobody, totalUsd: 20 }, fails: true }
  const { brake, clock, errors } = setUp({}, stored)
  await brake.start()
  brake.committed(spent({ usd: 50 }))
  expect(brake.refusal(S1, 'prompt')).toBeUndefined()
  expect(errors).toHaveLength(1)
  stored.fails = false
  await clock.advance(60_000)
  expect(brake.refusal(S1, 'prompt')?.spentUsd).toBe(20)
  brake.stop()
})

test('spending that moves to another user is read again before it stops either', async () => {
  const users = new Map([['ada', 2]])
  const stored: Stored = { spending: { ...nobody, totalUsd: 2, users } }
  let release: (() => void) | undefined
  const { brake } = setUp(
    {
      limits: { user: 2 },
      betweenCommits: async (task) => {
        if (release === undefined) release = () => {}
        else await new Promise<void>((resolve) => (release = resolve))
        return task()
      },
    },
    stored,
  )
  await brake.start()
  brake.committed(spent({ id: 's2', usd: 0, userId: 'ada' }))
  expect(brake.refusal('claude-code/s2', 'prompt')).toBeDefined()
  stored.spending = { ...nobody, totalUsd: 2, users: new Map([['eve', 2]]) }
  brake.committed(spent({ usd: 0, userId: 'eve', isMoved: true }))
  expect(brake.refusal('claude-code/s2', 'prompt')).toBeUndefined()
  release?.()
  await expect.poll(() => brake.refusal(S1, 'prompt')?.subject).toBe('eve')
  expect(brake.refusal('claude-code/s2', 'prompt')).toBeUndefined()
  brake.stop()
})

test('a deleted session leaves nothing that would stop its successor', async () => {
  const stored: Stored = { spending: { ...nobody, totalUsd: 10 } }
  const { brake } = setUp({ limits: { session: 4, day: 10 } }, stored)
  await brake.start()
  brake.committed(spent({ usd: 4 }))
  expect(brake.refusal(S1, 'prompt')).toBeDefined()
  stored.spending = nobody
  brake.deleted()
  await expect.poll(() => brake.refusal(S1, 'prompt')).toBeUndefined()
  brake.stop()
})

test('an override lets through what it is for, until its time is over', async () => {
  const { brake, clock, store } = setUp(
    { limits: { day: 10, session: 1 } },
    { spending: { ...nobody, totalUsd: 11 } },
  )
  await brake.start()
  brake.committed(spent({ usd: 2 }))
  const lift = (override: Partial<BudgetOverride>) =>
    brake.override({
      untilMs: clock.now() + HOUR_MS,
      createdMs: clock.now(),
      createdBy: 'ada',
      ...override,
    })
  await lift({ scope: 'day' })
  expect(brake.refusal(S1, 'prompt')?.scope).toBe('session')
  await lift({ scope: 'session', subject: 'claude-code/other' })
  expect(brake.refusal(S1, 'prompt')?.scope).toBe('session')
  await lift({ scope: 'session' })
  expect(brake.refusal(S1, 'prompt')).toBeUndefined()
  expect(brake.overrides()).toHaveLength(3)
  expect(await store.overrides(clock.now())).toHaveLength(3)
  brake.stop()
  await clock.advance(HOUR_MS)
  expect(brake.overrides()).toEqual([])
  expect(brake.refusal(S1, 'prompt')?.scope).toBe('day')
})

test('many sessions are answered for from memory, in far less than 5 ms each', async () => {
  const { brake } = setUp({ limits: { day: 1e6, user: 1e6, team: 1e6, session: 1e6 } })
  await brake.start()
  for (let n = 0; n < 5000; n += 1) {
    brake.committed(spent({ id: `s${n}`, usd: 1, userId: `u${n % 50}`, team: `t${n % 5}` }))
  }
  const times = Array.from({ length: 2000 }, (_, n) => {
    const began = performance.now()
    brake.refusal(`claude-code/s${n}`, 'prompt')
    return performance.now() - began
  })
  const [median] = times.toSorted((a, b) => a - b).slice(1000)
  expect(median).toBeLessThan(5)
  brake.stop()
})
