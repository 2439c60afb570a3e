/** Deleting a session: every row of it goes, and nothing of its neighbours. */
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { openMaintenance } from '../../../src/storage/beside.ts'
import { AT_MS, arrival, base, nothing, observation, other, row } from './arrivals.ts'
import { connect, type OpenStore, openStore, removeSession, temporaryFolder } from './open-store.ts'

const TABLES = [
  'sessions',
  'session_states',
  'session_attributes',
  'record_batches',
  'session_controls',
  'seen',
  'prompts',
  'model_usage',
  'tool_usage',
  'activity',
  'work_segments',
  'outbox',
]

async function fill(store: OpenStore, sessionId: string, records = 3): Promise<void> {
  const session = row(sessionId)
  const prompt = arrival({
    ...base,
    sessionId,
    kind: 'prompt',
    dedupKey: 'p',
    prompt: { text: 'hi' },
  })
  const arrivals = Array.from({ length: records - 1 }, (_, n) => other(`k${n}`, sessionId))
  const bucketMs = 900_000
  const calls = {
    bucketMs,
    model: 'opus',
    isSubagent: false,
    dimensions: {},
    calls: 1,
    errors: 0,
    costUsd: 1,
  }
  const parts = { estimatedUsd: 0, metricsUsd: 0, unpricedCalls: 0 }
  const tokens = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 1, cacheCreationTokens: 1 }
  const usage = {
    models: [{ ...calls, ...parts, ...tokens, durationMs: 1 }],
    tools: [{ bucketMs, tool: 'Bash', results: 1, failures: 0, refusals: 0, durationMs: 1 }],
    activity: [{ bucketMs, measure: 'commits' as const, facet: '', value: 1 }],
    work: [{ segment: 0, branch: 'main' }],
  }
  await store.sessions.commit([prompt, ...arrivals], [], () => ({
    ...nothing,
    sessions: [session],
    usage: [{ session, usage, isMoved: false }],
    emissions: [observation(`of ${sessionId}`, { sessionKey: session.key })],
    controls: [{ sessionKey: session.key, control: { kind: 'tick', atMs: AT_MS } }],
  }))
}

const counts = (store: OpenStore) =>
  Object.fromEntries(
    TABLES.map((table) => [table, store.rows(`select * from ${table}`).length] as const),
  )

describe('removing a session', () => {
  test('deletes its rows in every table, and what waits for Langfuse, and no other', async () => {
    const store = await openStore()
    await fill(store, 'stays')
    const before = counts(store)
    expect(Object.values(before).every((count) => count > 0)).toBe(true)
    // More than one slice of each.
    await fill(store, 'goes', 2500)
    expect(await removeSession(store, 'claude-code/goes')).toBe(2500)
    expect(counts(store)).toEqual(before)
    expect(await removeSession(store, 'claude-code/goes')).toBeUndefined()
  })

  test('lets its records come again, as a session of their own', async () => {
    const store = await openStore()
    await fill(store, 's1')
    await removeSession(store, 'claude-code/s1')
    await fill(store, 's1')
    expect(store.rows('select session_key from sessions')).toEqual([
      { session_key: 'claude-code/s1' },
    ])
    expect(store.rows('select * from seen')).toHaveLength(3)
  })
})

describe('a large session', () => {
  const RECORDS = 6000
  const KEY = 'claude-code/large'
  const left = (store: OpenStore) => store.rows('pragma foreign_key_check').length

  test('is gone at once, and its rows go while others commit', async () => {
    const store = await openStore()
    await fill(store, 'large', RECORDS)
    const state = { isDone: false }
    const removal = await store.sessions.remove(KEY)
    const removed = removal?.deleteRows().finally(() => {
      state.isDone = true
    })
    expect(store.rows('select * from sessions')).toEqual([])
    expect(left(store)).toBeGreaterThan(RECORDS / 2)
    let commits = 0
    while (!state.isDone) {
      await store.sessions.commit([other(`k${commits}`, 'small')], [], () => nothing)
      commits += 1
      await setImmediate()
    }
    expect(await removed).toBe(RECORDS)
    expect(commits).toBeGreaterThan(3)
    expect(left(store)).toBe(0)
    expect(store.rows('select count(*) as n from seen')).toEqual([{ n: commits }])
    expect(store.rows('select * from deletions')).toEqual([])
    expect(store.rows('select * from outbox')).toEqual([])
  })

  test('begins anew with what comes meanwhile, which is not deleted', async () => {
    const store = await openStore()
    await fill(store, 'large', RECORDS)
    const removal = await store.sessions.remove(KEY)
    const removed = removal?.deleteRows()
    await fill(store, 'large')
    expect(await removed).toBe(RECORDS)
    expect(store.rows('select session_key from sessions')).toEqual([{ session_key: KEY }])
    expect(store.rows('select * from seen')).toHaveLength(3)
    expect(left(store)).toBe(0)
    expect(await store.outbox.stats()).toMatchObject({ pending: 1 })
    expect(await removeSession(store, KEY)).toBe(3)
  })

  test('is deleted to its end by the next process when this one ends in the middle', async () => {
    const store = await openStore()
    await fill(store, 'large', RECORDS)
    await fill(store, 'stays')
    const removal = await store.sessions.remove(KEY)
    const removed = removal?.deleteRows()
    await store.close()
    await expect(removed).rejects.toThrow(/next start|not open/)

    const again = await openStore(store.dataDir)
    expect(again.rows('select session_key from sessions')).toHaveLength(1)
    expect(left(again)).toBeGreaterThan(0)
    await fill(again, 'large')
    again.upkeep.start()
    await again.clock.advance(60_000)
    expect(left(again)).toBe(0)
    expect(again.rows('select * from seen')).toHaveLength(6)
    expect(again.rows('select session_key from outbox order by id')).toEqual([
      { session_key: 'claude-code/stays' },
      { session_key: KEY },
    ])
  })

  test('is deleted to its end by upkeep when a slice fails', async () => {
    const store = await openStore()
    await fill(store, 'large', RECORDS)
    const removal = await store.sessions.remove(KEY)
    const removed = removal?.deleteRows()
    const locker = connect(store.dataDir)
    locker.exec('begin immediate')
    await expect(removed).rejects.toThrow(/locked/)
    locker.exec('rollback')
    expect(left(store)).toBeGreaterThan(0)
    store.upkeep.start()
    await store.clock.advance(60_000)
    expect(left(store)).toBe(0)
    expect(store.rows('select * from deletions')).toEqual([])
  })

  test('takes with it what waits of it for Langfuse, among very much of others', async () => {
    const store = await openStore()
    const emissions = Array.from({ length: 1500 }, (_, n) =>
      observation(`o${n}`, { sessionKey: n % 3 === 0 ? KEY : 'claude-code/stays' }),
    )
    await store.sessions.commit([], [], () => ({
      ...nothing,
      sessions: [row('large'), row('stays')],
      emissions,
    }))
    expect(await removeSession(store, KEY)).toBe(0)
    expect(await store.outbox.stats()).toMatchObject({ pending: 1000 })
    expect(store.rows('select distinct session_key from outbox')).toEqual([
      { session_key: 'claude-code/stays' },
    ])
  })
})

describe('maintenance', () => {
  test('is refused while a bridge has the folder', async () => {
    const { dataDir } = await openStore()
    const opened = await openMaintenance({ dataDir })
    expect(opened).toMatchObject({ ok: false, error: { reason: 'in_use' } })
  })

  test('is refused where there is no database', async () => {
    const opened = await openMaintenance({ dataDir: temporaryFolder() })
    expect(opened).toMatchObject({ ok: false, error: { reason: 'unusable' } })
  })

  test('deletes a session, and leaves the folder free', async () => {
    const store = await openStore()
    for (const id of ['s1', 's2', 's3']) await fill(store, id)
    await store.outbox.delivered([1, 2, 3])
    await store.close()
    const opened = await openMaintenance(store)
    if (!opened.ok) throw new Error(opened.error.message)
    expect(await opened.value.removeSession('claude-code/s2')).toBe(3)
    expect(await opened.value.removeSession('claude-code/s2')).toBeUndefined()
    await opened.value.close()
    const again = await openStore(store.dataDir)
    expect(again.rows('select session_id as id from sessions')).toEqual([
      { id: 's1' },
      { id: 's3' },
    ])
  })
})
