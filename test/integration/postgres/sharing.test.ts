/** Two stores over one database, as two processes have them: what one holds the other leaves alone. */
import type { Alert } from '../../../src/domain/alert.ts'
import type { Budget } from '../../../src/domain/managed-budget.ts'
import { expect, test } from 'vitest'
import type { OutboxItem } from '../../../src/domain/outbox.ts'
import { CONTINUES } from '../../../src/domain/transcript-join.ts'
import { SESSION_TABLES } from '../../../src/storage/postgres/session-deletion.ts'
import type { Store } from '../../../src/storage/store.ts'
import { askPostgres } from '../../postgres/postgres-server.ts'
import {
  AT_MS,
  nothing,
  observation,
  other,
  row,
  score,
  type State,
} from '../../unit/storage/arrivals.ts'
import { EVER_MS } from '../storage/engines.ts'
import {
  entry,
  freshOf,
  marksOf,
  telemetry,
  transcriptStates,
} from '../storage/transcript-arrivals.ts'
import { used } from '../storage/usage.ts'
import { commit, openTwo } from './two-stores.ts'

const KEY = 'claude-code/s1'

const keysOf = (items: readonly OutboxItem[]) => items.map(({ emission }) => emission.key)
const take = async (store: Store<State>, kind: 'observation' | 'score' = 'observation') =>
  store.outbox('langfuse', kind).due(EVER_MS, 100, 1e9)

test('a state that the other one wrote since is read, one that it did not is believed', async () => {
  const { one, other: two } = await openTwo()
  const seenBy = async (store: Store<State>, key: string, offered?: State) => {
    let found: State | undefined
    await store.sessions.commit(
      [other(key)],
      [KEY],
      (_fresh, states) => {
        found = states.get(KEY)
        const state = { seen: [...(found?.seen ?? []), key] }
        return { ...nothing, sessions: [row('s1', { state })] }
      },
      () => offered,
    )
    return found?.seen
  }
  expect(await seenBy(one, 'a')).toBeUndefined()
  expect(await seenBy(one, 'b', { seen: ['held'] })).toEqual(['held'])
  expect(await seenBy(two, 'c', { seen: ['never written here'] })).toEqual(['held', 'b'])
  expect(await seenBy(one, 'd', { seen: ['old'] })).toEqual(['held', 'b', 'c'])
})

test('commits to one session at the same moment come one after the other', async () => {
  const { one, other: two } = await openTwo()
  const add = (store: Store<State>, key: string) =>
    store.sessions.commit([other(key)], [KEY], (fresh, states) => {
      const before = states.get(KEY)?.seen ?? []
      const state = { seen: [...before, ...fresh.map(({ item }) => item.dedupKey)] }
      return { ...nothing, sessions: [row('s1', { state })] }
    })
  const keys = Array.from({ length: 20 }, (_, n) => `k${n}`)
  await Promise.all(keys.flatMap((key) => [add(one, key), add(two, key)]))
  let seen: readonly string[] = []
  await one.sessions.commit([], [KEY], (_fresh, states) => {
    seen = states.get(KEY)?.seen ?? []
    return nothing
  })
  expect(seen.toSorted()).toEqual(keys.toSorted())
})

test('a line that both take in at the same moment is of one session', async () => {
  const { one, other: two } = await openTwo({ states: transcriptStates })
  for (let round = 0; round < 10; round += 1) {
    const lines = Array.from({ length: 20 }, (_, n) => `r${round}-${n}`)
    const linesOf = (session: string) => lines.map((line) => entry(`${session}-${round}`, line))
    const [ours, theirs] = await Promise.all([
      freshOf(one, ...linesOf('a')),
      freshOf(two, ...linesOf('b').toReversed()),
    ])
    const counts = [ours, theirs].map((of) => of.length)
    expect(counts.toSorted((a, b) => a - b)).toEqual([1, lines.length])
    const shorter = ours.length === 1 ? ours : theirs
    expect(shorter[0]?.item).toMatchObject({ name: CONTINUES })
  }
})

test('a call that one gets of a transcript and the other of telemetry is joined once', async () => {
  const { one, other: two } = await openTwo({ states: transcriptStates })
  const calls = Array.from({ length: 20 }, (_, n) => `r${n}`)
  const told = await Promise.all(
    calls.map(async (name) => {
      const [log, line] = await Promise.all([
        freshOf(one, telemetry('s1', name)),
        freshOf(two, entry('s1', name)),
      ])
      return marksOf([...log, ...line])
    }),
  )
  for (const [log, line] of told) {
    expect([log?.told, line?.copyOf].filter((mark) => mark !== undefined)).toHaveLength(1)
  }
})

test('items of a session are with one of them until it has marked all that it took', async () => {
  const { one, other: two } = await openTwo()
  await commit(one, { emissions: ['a', 'b'].map((key) => observation(key)) })
  const elsewhere = observation('x', { sessionKey: 'claude-code/s2' })
  const taken = await one.outbox('langfuse', 'observation').due(EVER_MS, 1, 1e9)
  expect(keysOf(taken)).toEqual(['a'])
  await commit(two, { emissions: [observation('c'), elsewhere] })
  expect(keysOf(await take(two))).toEqual(['x'])
  expect(await two.outbox('langfuse', 'observation').nextDueMs()).toBe(0)
  const lane = one.outbox('langfuse', 'observation')
  const all = await lane.due(EVER_MS, 100, 1e9)
  expect(keysOf(all)).toEqual(['a', 'b', 'c'])
  await lane.delivered(all.slice(0, 2).map(({ id }) => id))
  expect(keysOf(await take(two))).toEqual(['x'])
  await lane.delivered(all.slice(2).map(({ id }) => id))
  await commit(one, { emissions: [observation('d')] })
  expect(keysOf(await take(two))).toEqual(['x', 'd'])
})

test('a newer score waits for the older one that is under way', async () => {
  const { one, other: two } = await openTwo()
  await commit(one, { emissions: [score('rate')] })
  const lane = one.outbox('langfuse', 'score')
  const [older] = await lane.due(EVER_MS, 100, 1e9)
  await commit(two, { emissions: [score('rate')] })
  expect(await take(two, 'score')).toEqual([])
  await lane.delivered([older?.id ?? 0])
  const [newer] = await take(two, 'score')
  expect(newer?.id).toBeGreaterThan(older?.id ?? 0)
})

test('what a process held is free once it is gone', async () => {
  const { one, other: two } = await openTwo()
  await commit(one, {
    emissions: [observation('a')],
    sessions: [row('s1', { deadlineMs: AT_MS })],
  })
  expect(keysOf(await take(one))).toEqual(['a'])
  expect(await one.sessions.dueSessions(AT_MS, 10)).toEqual([KEY])
  expect(await take(two)).toEqual([])
  expect(await two.sessions.dueSessions(AT_MS, 10)).toEqual([])
  expect(await two.sessions.nextDeadline()).toBeUndefined()
  await one.close()
  expect(keysOf(await take(two))).toEqual(['a'])
  expect(await two.sessions.nextDeadline()).toBe(AT_MS)
  expect(await two.sessions.dueSessions(AT_MS, 10)).toEqual([KEY])
})

test('the last one to stop sees what another one holds that stops as well', async () => {
  const { one, other: two } = await openTwo()
  await commit(one, { emissions: [observation('a')] })
  expect(keysOf(await take(one))).toEqual(['a'])
  const lane = two.outbox('langfuse', 'observation')
  expect(await lane.isHeldByLeaving()).toBe(false)
  expect(await one.isLastToStop()).toBe(false)
  expect(await lane.isHeldByLeaving()).toBe(true)
  expect(await one.outbox('langfuse', 'observation').isHeldByLeaving()).toBe(false)
  expect(await lane.nextDueMs()).toBeUndefined()
  await one.close()
  expect(await lane.isHeldByLeaving()).toBe(false)
  expect(await lane.nextDueMs()).toBe(0)
})

test('a daily budget is one for both, and told once', async () => {
  const { one, other: two } = await openTwo({
    budgets: {
      limits: { day: 1 },
      dayOf: () => ({ date: '2026-11-18', fromMs: 0, toMs: EVER_MS }),
      events: () => [],
      hasChannels: true,
    },
  })
  const spend = (store: Store<State>, id: string) => {
    const session = row(id, { costUsd: 0.1 })
    const usage = [used(session, { models: [{ costUsd: 0.1 }] })]
    return commit(store, { sessions: [session], usage })
  }
  const committed = await Promise.all(
    Array.from({ length: 12 }, (_, n) => spend(n % 2 === 0 ? one : two, `s${n}`)),
  )
  const told = committed.flatMap(({ alerts }) => alerts)
  const passed = told.map(({ threshold, spentUsd }) => [threshold, spentUsd] as const)
  expect(passed.toSorted(([a], [b]) => a - b)).toEqual([
    [80, 0.8],
    [100, 1],
  ])
  await Promise.all([one.alerts.adopt(['webhook']), two.alerts.adopt(['webhook'])])
  const [first, second] = [
    await one.alerts.queue('webhook').next(),
    await two.alerts.queue('webhook').next(),
  ]
  expect(new Set([first?.id, second?.id]).size).toBe(2)
})

test('an alert is raised by one of them, and sent by one', async () => {
  const { one, other: two } = await openTwo()
  const alert: Alert = {
    ...({ kind: 'budget', scope: 'user', subject: 'ada', date: '2026-11' } as const),
    ...({ budget: 'b', window: 'month', threshold: 80 } as const),
    ...{ limitUsd: 10, spentUsd: 8, atMs: AT_MS },
  }
  const raising = { sinceMs: AT_MS - 5, channels: ['webhook'] }
  const raised = await Promise.all(
    Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? one : two).alerts.raise(alert, raising)),
  )
  expect(raised.filter((isNews) => isNews)).toHaveLength(1)
  const taken = await Promise.all([one, two].map(({ alerts }) => alerts.queue('webhook').next()))
  expect(taken.filter((each) => each !== undefined)).toMatchObject([{ alert }])
})

test('budgets that one is told of are those of both', async () => {
  const { one, other: two } = await openTwo()
  const budget: Budget = { name: 'b', of: 'all', window: '5h', limitUsd: 3 }
  await one.budgets.put(budget, { replaces: false })
  expect(await two.budgets.list()).toEqual([budget])
  expect(await two.budgets.put(budget, { replaces: false })).toBe(false)
  await two.budgets.remove('b')
  expect(await one.budgets.list()).toEqual([])
})

test('of two that stop at the same moment one is the last', async () => {
  const { one, other: two } = await openTwo()
  const last = await Promise.all([one.isLastToStop(), two.isLastToStop()])
  expect(last.filter((isLast) => isLast)).toHaveLength(1)
})

test('one that stops leaves the sessions to the one that goes on', async () => {
  const { one, other: two } = await openTwo()
  expect(await one.isLastToStop()).toBe(false)
  await one.close()
  expect(await two.isLastToStop()).toBe(true)
})

test('what one commits the other one hears of', async () => {
  const { one, other: two } = await openTwo()
  const heard: number[] = []
  two.onElsewhere(({ bucketsMs }) => heard.push(...bucketsMs))
  const session = row('s1')
  await expect
    .poll(async () => {
      await commit(one, { sessions: [session], usage: [used(session, { models: [{}] })] })
      return heard.length
    })
    .toBeGreaterThan(0)
})

test('deletion knows every table with rows of sessions', async () => {
  const { url } = await openTwo()
  const tables = await askPostgres(
    url,
    `select table_name from information_schema.columns where column_name = 'session_ref'
     and table_schema = 'public' and table_name <> 'deletions'`,
  )
  expect(tables.split('\n').toSorted()).toEqual(SESSION_TABLES.toSorted())
})
