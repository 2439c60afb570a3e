/** Which steps spent budgets refuse, from what was read at the start and what commits told since. */
import { expect, test, vi } from 'vitest'
import type { BudgetLimits } from '../../../src/domain/budget.ts'
import type { BudgetOverride } from '../../../src/domain/budget-brake.ts'
import { sessionKeyOf } from '../../../src/domain/identity.ts'
import { type KnownBudget, settingsBudgets } from '../../../src/domain/managed-budget.ts'
import { processorMs } from '../../processor-time.ts'
import { AT_MS } from '../storage/arrivals.ts'
import { type RigOptions, setUpBudgets, spent, type StoredSpending } from './budget-rig.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const S1 = 'claude-code/s1'

function setUp(
  { limits = { day: 10 }, ...options }: Partial<RigOptions> & { limits?: BudgetLimits },
  stored: StoredSpending = {},
) {
  return setUpBudgets({ budgets: settingsBudgets(limits), ...options }, stored)
}

test('what a day had before the start counts, for sessions that are new as well', async () => {
  const { brake, start, committed } = setUp({}, { rows: [{ costUsd: 9.5 }] })
  await start()
  expect(brake.refusal('claude-code/new', 'prompt')).toBeUndefined()
  committed(spent({ usd: 0.5 }))
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
    const { brake, start } = setUp({ action }, { rows: [{ costUsd: 11 }] })
    await start()
    const steps = (['prompt', 'tool'] as const).filter((step) => brake.refusal(S1, step))
    expect(steps).toEqual(refused)
  }
})

test('a new day has nothing spent, and takes what was told of it ahead of time', async () => {
  const { brake, clock, start, stop, committed } = setUp({}, { rows: [{ costUsd: 20 }] })
  await start()
  committed(spent({ usd: 4, atMs: AT_MS + 24 * HOUR_MS }))
  committed(spent({ usd: 90, atMs: AT_MS - 24 * HOUR_MS }))
  expect(brake.refusal(S1, 'prompt')?.spentUsd).toBe(20)
  stop()
  await clock.advance(24 * HOUR_MS)
  expect(brake.refusal(S1, 'prompt')).toBeUndefined()
  committed(spent({ usd: 6, atMs: AT_MS + 24 * HOUR_MS }))
  expect(brake.refusal(S1, 'prompt')?.spentUsd).toBe(10)
})

test('the budget of a session concerns that session alone, after a restart as well', async () => {
  const before = { ...nobody, key: S1, costUsd: 8, estimatedUsd: 3 }
  const { brake, start, committed } = setUp({ limits: { session: 5 } }, { sessions: [before] })
  await start()
  expect(brake.refusal(S1, 'prompt')).toMatchObject({ scope: 'session', subject: S1, spentUsd: 5 })
  committed(spent({ id: 's2', usd: 4.99 }))
  expect(brake.refusal('claude-code/s2', 'prompt')).toBeUndefined()
  committed(spent({ id: 's2', usd: 5 }))
  expect(brake.refusal('claude-code/s2', 'prompt')?.subject).toBe('claude-code/s2')
})

test('budgets of users and teams refuse the sessions that are known to be theirs', async () => {
  const limits = { user: 3, team: 7 }
  const rows = [
    { userId: 'ada', team: 'red', costUsd: 2 },
    { team: 'red', costUsd: 3 },
  ]
  const { brake, start, committed } = setUp({ limits }, { rows })
  await start()
  committed(spent({ usd: 1, userId: 'ada', team: 'red' }))
  expect(brake.refusal(S1, 'prompt')).toMatchObject({ scope: 'user', subject: 'ada', spentUsd: 3 })
  committed(spent({ id: 's2', usd: 1, userId: 'eve', team: 'red' }))
  const refused = brake.refusal('claude-code/s2', 'prompt')
  expect(refused).toMatchObject({ scope: 'team', subject: 'red', spentUsd: 7 })
  expect(brake.refusal('claude-code/s3', 'prompt')).toBeUndefined()
})

test('each user is one of the team whose keys are sent with; a user by name is that name anywhere', async () => {
  const rows = [
    { userId: 'ada', ownerTeam: 'red', team: 'red', costUsd: 4 },
    { userId: 'ada', ownerTeam: 'blue', team: 'blue', costUsd: 3 },
  ]
  const named: KnownBudget = {
    ...{ name: 'ada', of: 'user', subject: 'ada', window: 'day', limitUsd: 8.5, source: 'file' },
  }
  const budgets = [...settingsBudgets({ user: 5 }), named]
  const { brake, clock, start, committed } = setUpBudgets({ budgets }, { rows })
  await start()
  const [ofRed, ofBlue] = ['red', 'blue'].map((team) => sessionKeyOf('claude-code', 's1', { team }))
  committed(spent({ usd: 1, userId: 'ada', ownerTeam: 'red', team: 'red' }))
  committed(spent({ usd: 0.1, userId: 'ada', ownerTeam: 'blue', team: 'blue' }))
  const refused = brake.refusal(ofRed ?? '', 'prompt')
  expect(refused).toMatchObject({ scope: 'user', subject: 'ada (team red)', spentUsd: 5 })
  expect(brake.refusal(ofBlue ?? '', 'prompt')).toBeUndefined()
  committed(spent({ usd: 0.5, userId: 'ada', ownerTeam: 'blue', team: 'blue' }))
  expect(brake.refusal(ofBlue ?? '', 'prompt')).toMatchObject({ budget: 'ada', spentUsd: 8.6 })
  const common = { untilMs: clock.now() + HOUR_MS, createdMs: clock.now(), createdBy: 'ops' }
  await brake.override({ ...common, scope: 'user', subject: 'ada' })
  expect(brake.refusal(ofRed ?? '', 'prompt')).toBeUndefined()
  expect(brake.refusal(ofBlue ?? '', 'prompt')).toBeUndefined()
})

test('what agents did not tell stops nobody: estimates, own prices, costs that are not known', async () => {
  const { brake, start, committed } = setUp({ limits: { day: 10, session: 10 } })
  await start()
  committed(spent({ usd: 12, estimatedUsd: 12 }))
  committed(spent({ id: 's2', usd: 15, estimatedUsd: 6 }))
  committed(spent({ id: 's3', usd: Number.NaN }))
  expect(brake.refusal(S1, 'prompt')).toBeUndefined()
  expect(brake.refusal('claude-code/s2', 'prompt')).toBeUndefined()
  committed(spent({ id: 's4', usd: 1 }))
  expect(brake.refusal('claude-code/s4', 'prompt')?.spentUsd).toBe(10)
})

test('sums that cannot be read stop nobody, and are read again', async () => {
  const stored: StoredSpending = { rows: [{ costUsd: 20 }], fails: true }
  const { brake, clock, errors, start, stop, committed } = setUp({}, stored)
  await start()
  committed(spent({ usd: 50 }))
  expect(brake.refusal(S1, 'prompt')).toBeUndefined()
  expect(errors).toHaveLength(1)
  stored.fails = false
  await clock.advance(60_000)
  expect(brake.refusal(S1, 'prompt')?.spentUsd).toBe(20)
  stop()
})

test('spending that moves to another user is read again before it stops either', async () => {
  const stored: StoredSpending = { rows: [{ userId: 'ada', costUsd: 2 }] }
  let isOpen = true
  const waiting: (() => void)[] = []
  const { brake, start, stop, committed } = setUp(
    {
      limits: { user: 2 },
      betweenCommits: async (task) => {
        if (!isOpen) await new Promise<void>((resolve) => waiting.push(resolve))
        return task()
      },
    },
    stored,
  )
  await start()
  committed(spent({ id: 's2', usd: 0, userId: 'ada' }))
  expect(brake.refusal('claude-code/s2', 'prompt')).toBeDefined()
  stored.rows = [{ userId: 'eve', costUsd: 2 }]
  isOpen = false
  committed(spent({ usd: 0, userId: 'eve', isMoved: true }))
  expect(brake.refusal('claude-code/s2', 'prompt')).toBeUndefined()
  await expect.poll(() => waiting.length).toBeGreaterThan(0)
  isOpen = true
  for (const release of waiting) release()
  await expect.poll(() => brake.refusal(S1, 'prompt')?.subject).toBe('eve')
  expect(brake.refusal('claude-code/s2', 'prompt')).toBeUndefined()
  stop()
})

test('a deleted session leaves nothing that would stop its successor', async () => {
  const stored: StoredSpending = { rows: [{ costUsd: 10 }] }
  const { brake, ledger, start, stop, committed } = setUp(
    { limits: { session: 4, day: 10 } },
    stored,
  )
  await start()
  committed(spent({ usd: 4 }))
  expect(brake.refusal(S1, 'prompt')).toBeDefined()
  stored.rows = []
  ledger.deleted()
  await expect.poll(() => brake.refusal(S1, 'prompt')).toBeUndefined()
  stop()
})

test('an override lets through what it is for, until its time is over', async () => {
  const { brake, clock, store, start, stop, committed } = setUp(
    { limits: { day: 10, session: 1 } },
    { rows: [{ costUsd: 11 }] },
  )
  await start()
  committed(spent({ usd: 2 }))
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
  stop()
  await clock.advance(HOUR_MS)
  expect(brake.overrides()).toEqual([])
  expect(brake.refusal(S1, 'prompt')?.scope).toBe('day')
})

test('many sessions are answered for from memory, in far less than 5 ms each', async () => {
  const { brake, start, stop, committed } = setUp({
    limits: { day: 1e6, user: 1e6, team: 1e6, session: 1e6 },
  })
  await start()
  for (let n = 0; n < 5000; n += 1) {
    committed(spent({ id: `s${n}`, usd: 1, userId: `u${n % 50}`, team: `t${n % 5}` }))
  }
  const took = processorMs((n) => brake.refusal(`claude-code/s${n}`, 'prompt'), 2000)
  expect(took).toBeLessThan(5)
  stop()
})

const nobody = {
  agent: 'claude-code',
  userId: undefined,
  team: undefined,
  project: undefined,
}

function managed(change: Partial<KnownBudget>): KnownBudget {
  return { name: 'b', of: 'all', window: 'day', limitUsd: 10, source: 'file', ...change }
}

test('a refusal names the managed budget, its window, the limit and what was spent', async () => {
  const budgets = [managed({ name: 'web', of: 'project', subject: 'web', window: 'month' })]
  const rows = [
    { project: 'web', costUsd: 7, bucketMs: AT_MS - 5 * DAY_MS },
    { project: 'web', costUsd: 100, bucketMs: AT_MS - 40 * DAY_MS },
    { project: 'shop', costUsd: 50 },
  ]
  const { brake, start, committed } = setUpBudgets({ budgets }, { rows })
  await start()
  committed(spent({ id: 's2', usd: 90, project: 'shop' }))
  committed(spent({ usd: 2.9, project: 'web' }))
  expect(brake.refusal(S1, 'prompt')).toBeUndefined()
  committed(spent({ usd: 0.1, beforeUsd: 2.9, project: 'web' }))
  expect(brake.refusal('claude-code/s2', 'prompt')).toBeUndefined()
  expect(brake.refusal(S1, 'prompt')).toEqual({
    scope: 'project',
    subject: 'web',
    date: '2026-11',
    budget: 'web',
    window: 'month',
    step: 'prompt',
    limitUsd: 10,
    spentUsd: 10,
    reason:
      'The monthly budget "web" of project web is spent: $10.00 of $10.00 in 2026-11. To raise it, ask ops, who can also lift it for a while: claude-telemetry budget override --for 1h',
  })
})

test.each([
  ['each user', { of: 'user' }, { userId: 'ada' }, true],
  ['another user', { of: 'user', subject: 'eve' }, { userId: 'ada' }, false],
  ['a team', { of: 'team', subject: 'red' }, { team: 'red' }, true],
  ['nobody, where no record named a team', { of: 'team' }, {}, false],
  ['the agent', { of: 'agent', subject: 'claude-code' }, {}, true],
  ['another agent', { of: 'agent', subject: 'codex' }, {}, false],
  ['the model that was called last', { of: 'model', subject: 'opus' }, { model: 'opus' }, true],
  ['another model', { of: 'model', subject: 'opus' }, { model: 'haiku' }, false],
  ['sessions of a project', { of: 'project', window: 'session' }, { project: 'web' }, true],
  [
    'sessions of another project',
    { of: 'project', subject: 'x', window: 'session' },
    { project: 'web' },
    false,
  ],
] as const)('a budget for %s', async (_, budget, cost, isRefused) => {
  const { brake, start, committed } = setUpBudgets({ budgets: [managed(budget)] })
  await start()
  committed(spent({ usd: 10, ...cost }))
  expect(brake.refusal(S1, 'prompt') !== undefined).toBe(isRefused)
})

test('a budget for a model holds for what the next prompt goes to', async () => {
  const budgets = [managed({ of: 'model', subject: 'opus', name: 'o' })]
  const { brake, start, committed } = setUpBudgets({ budgets })
  const isRefused = () => brake.refusal(S1, 'prompt') !== undefined
  await start()
  committed(spent({ usd: 10, model: 'opus' }))
  expect(isRefused()).toBe(true)
  expect(brake.refusal(S1, 'prompt')?.reason).toContain(
    'Another model can be used in a new session',
  )
  // A title or a summary is no change of the session's model, either way.
  committed(spent({ usd: 0.1, model: 'haiku', querySource: 'generate_session_title' }))
  expect(isRefused()).toBe(true)
  committed(spent({ usd: 0.1, model: 'haiku', querySource: 'repl_main_thread' }))
  expect(isRefused()).toBe(false)
  committed(spent({ usd: 1, model: 'opus', querySource: 'compact' }))
  expect(isRefused()).toBe(false)
  // The session goes on with another model, and what it did before is told late.
  brake.told(S1, { model: 'opus', isKept: false })
  expect(isRefused()).toBe(true)
  brake.told(S1, { model: 'haiku', isKept: true })
  expect(isRefused()).toBe(false)
  committed(spent({ usd: 1, model: 'opus' }))
  expect(isRefused()).toBe(false)
  brake.told(S1, { model: 'opus', isKept: true })
  expect(isRefused()).toBe(true)
})

test('a rolling window lets go of what is older, by quarters of an hour', async () => {
  const budgets = [managed({ window: '5h' })]
  const rows = [{ costUsd: 6, bucketMs: AT_MS - (AT_MS % 900_000) - 3 * HOUR_MS }]
  const { brake, clock, start, stop, committed } = setUpBudgets({ budgets }, { rows })
  await start()
  committed(spent({ usd: 4 }))
  stop()
  expect(brake.refusal(S1, 'prompt')).toMatchObject({ spentUsd: 10, window: '5h', date: '' })
  expect(brake.refusal(S1, 'prompt')?.reason).toContain('$10.00 of $10.00 within 5h')
  await clock.advance(HOUR_MS)
  expect(brake.refusal(S1, 'prompt')).toBeDefined()
  await clock.advance(HOUR_MS)
  expect(brake.refusal(S1, 'prompt')).toBeUndefined()
})

test('a week begins on Monday in the time zone of budgets', async () => {
  // Sunday evening in Auckland is Monday there.
  const nowMs = Date.parse('2026-11-22T12:00:00Z')
  const rows = [{ costUsd: 20, bucketMs: Date.parse('2026-11-22T10:45:00Z') }]
  const of = (timeZone: string) => {
    const budgets = [managed({ window: 'week' })]
    return setUpBudgets({ budgets, timeZone, nowMs }, { rows })
  }
  const [utc, auckland] = [of('UTC'), of('Pacific/Auckland')]
  await Promise.all([utc.start(), auckland.start()])
  expect(utc.brake.refusal(S1, 'prompt')).toMatchObject({ date: '2026-11-16', spentUsd: 20 })
  expect(auckland.brake.refusal(S1, 'prompt')).toBeUndefined()
})

test('an override lifts a managed budget by its name, and others stay', async () => {
  const budgets = [managed({ name: 'a' }), managed({ name: 'b', of: 'user' })]
  const { brake, clock, start, committed } = setUpBudgets({ budgets })
  await start()
  committed(spent({ usd: 10, userId: 'ada' }))
  const common = { untilMs: clock.now() + HOUR_MS, createdMs: clock.now(), createdBy: 'ops' }
  await brake.override({ ...common, scope: 'budget', subject: 'a' })
  expect(brake.refusal(S1, 'prompt')?.budget).toBe('b')
  await brake.override({ ...common, scope: 'user', subject: 'ada' })
  expect(brake.refusal(S1, 'prompt')).toBeUndefined()
})

test('an override of a session takes its id or how it begins, and no other name of nothing', async () => {
  const budgets = [managed({ name: 'a', window: 'session' }), managed({ name: 'b', of: 'user' })]
  const { brake, clock, store, start, committed } = setUpBudgets({ budgets })
  await start()
  for (const id of ['3f2a91c0', '3f2b0000', '77aa']) committed(spent({ id, usd: 10 }))
  const common = { untilMs: clock.now() + HOUR_MS, createdMs: clock.now(), createdBy: 'ops' }
  const lift = (scope: BudgetOverride['scope'], subject?: string) =>
    brake.override({
      ...common,
      ...(scope && { scope }),
      ...(subject !== undefined && { subject }),
    })
  const isRefused = (id: string): boolean =>
    brake.refusal(`claude-code/${id}`, 'prompt') !== undefined

  expect(await lift('session', '77aa')).toMatchObject({ ok: true })
  expect(await lift('session', '3f2a')).toMatchObject({
    value: { scope: 'session', subject: 'claude-code/3f2a91c0' },
  })
  expect(['3f2a91c0', '3f2b0000', '77aa'].map(isRefused)).toEqual([false, true, false])
  const before = brake.overrides()

  const message = (text: string) => ({ ok: false, error: expect.stringContaining(text) as string })
  expect(await lift('session', '3f2')).toEqual(message('more than one session'))
  expect(await lift('session', '99')).toEqual(message('no session id starts with "99"'))
  expect(await lift('budget', 'c')).toEqual(message('there is no budget c'))
  expect(await lift('team', 'red')).toEqual(message('no budget is for team:red'))
  expect(await lift('day')).toEqual(message('no budget is for day'))
  expect(brake.overrides()).toEqual(before)
  expect(await store.overrides(clock.now())).toEqual(before)
})

test('spending that moves to another project stops neither until it is read again', async () => {
  const budgets = [managed({ of: 'project', window: 'month' })]
  const stored: StoredSpending = {}
  const { brake, start, committed, ledger } = setUpBudgets({ budgets }, stored)
  await start()
  committed(spent({ usd: 9, project: 'web' }))
  stored.rows = [{ project: 'shop', costUsd: 10 }]
  committed(spent({ usd: 1, beforeUsd: 9, project: 'shop' }))
  expect(brake.refusal(S1, 'prompt')).toBeUndefined()
  await ledger.refresh()
  expect(brake.refusal(S1, 'prompt')?.subject).toBe('shop')
})

test('the model of a subagent that only its query source names is not that of the conversation', async () => {
  const budgets = [managed({ of: 'model', subject: 'haiku' })]
  const { brake, start, committed } = setUpBudgets({ budgets })
  await start()
  committed(spent({ usd: 1 }))
  const querySource = 'agent:builtin:general-purpose'
  committed(spent({ usd: 10, beforeUsd: 1, model: 'haiku', querySource }))
  expect(brake.refusal(S1, 'prompt')).toBeUndefined()
})

test('a limit below what sums are exact to, of an earlier version, is not spent by nothing', async () => {
  const budgets = [
    managed({ limitUsd: 4e-10 }),
    managed({ name: 'c', limitUsd: 4e-10, window: 'session' }),
  ]
  const { brake, start, committed } = setUpBudgets({ budgets })
  await start()
  committed(spent({ usd: 0 }))
  expect(brake.refusal(S1, 'prompt')).toBeUndefined()
  committed(spent({ usd: 1e-9 }))
  expect(brake.refusal(S1, 'prompt')).toMatchObject({ spentUsd: 1e-9 })
})

test('a session that goes on in another project has spent for both, each its own', async () => {
  const budgets = [managed({ of: 'project', window: 'month' })]
  const stored: StoredSpending = {}
  const { brake, start, committed, ledger } = setUpBudgets({ budgets }, stored)
  const span = { fromMs: AT_MS - DAY_MS, toMs: AT_MS + DAY_MS, date: '' }
  const sums = () =>
    ['web', 'shop'].map((project) => ledger.spentIn('project', project, span)?.costUsd)
  await start()
  committed(spent({ usd: 9, project: 'web', spentFor: 'web' }))
  // The store reads it as the calls name it.
  stored.rows = [
    { project: 'web', costUsd: 9 },
    { project: 'shop', costUsd: 1 },
  ]
  committed(spent({ usd: 1, beforeUsd: 9, project: 'shop', spentFor: 'shop' }))
  await ledger.refresh()
  expect(sums()).toEqual([9, 1])
  committed(spent({ usd: 2, beforeUsd: 10, project: 'shop', spentFor: 'shop' }))
  // Of the time before, told late.
  committed(spent({ usd: 0.5, beforeUsd: 12, project: 'shop', spentFor: 'web' }))
  expect(sums()).toEqual([9.5, 3])
  expect(brake.refusal(S1, 'prompt')).toBeUndefined()
  committed(spent({ usd: 7, beforeUsd: 12.5, project: 'shop', spentFor: 'shop' }))
  expect(brake.refusal(S1, 'prompt')).toMatchObject({ subject: 'shop', spentUsd: 10 })
})

test('two hundred budgets over a month are answered for in far less than 5 ms', async () => {
  const budgets = Array.from({ length: 200 }, (_, n) =>
    managed({ name: `b${n}`, of: 'user', window: n % 2 === 0 ? 'month' : '31d', limitUsd: 1e6 }),
  )
  const rows = Array.from({ length: 31 * 96 }, (_, n) => ({
    costUsd: 1,
    userId: `u${n % 50}`,
    bucketMs: AT_MS - (AT_MS % 900_000) - n * 900_000,
  }))
  const { brake, start, committed, ledger } = setUpBudgets({ budgets }, { rows })
  await start()
  committed(spent({ usd: 1, userId: 'u1' }))
  const asked = vi.spyOn(ledger, 'spentIn')
  brake.refusal(S1, 'prompt')
  // Two windows of one user.
  expect(asked).toHaveBeenCalledTimes(2)
  expect(processorMs(() => brake.refusal(S1, 'prompt'), 200)).toBeLessThan(5)
})

test('a session that gets a project is refused by the budget of its user meanwhile', async () => {
  const budgets = [managed({ of: 'user' }), managed({ name: 'c', of: 'project' })]
  const { brake, start, committed } = setUpBudgets({ budgets })
  await start()
  committed(spent({ usd: 10, userId: 'ada' }))
  committed(spent({ usd: 10, beforeUsd: 10, userId: 'ada', project: 'web' }))
  expect(brake.refusal(S1, 'prompt')).toMatchObject({ scope: 'user', spentUsd: 20 })
})
