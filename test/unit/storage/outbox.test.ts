/** The durable queue, as delivery uses it. */
import { describe, expect, test } from 'vitest'
import type { Emission, Score } from '../../../src/domain/emission.ts'
import type { Outbox } from '../../../src/domain/outbox.ts'
import { AT_MS, nothing, observation, score } from './arrivals.ts'
import { type OpenStore, openStore, withDatabase } from './open-store.ts'

const MANY = 1_000_000

async function storeWith(...keys: string[]): Promise<OpenStore> {
  const store = await openStore()
  const emissions = keys.map((key) => observation(key))
  await store.sessions.commit([], [], () => ({ ...nothing, emissions }))
  return store
}

async function keys(outbox: Outbox, nowMs: number, maxItems = 100, maxBytes = MANY) {
  const items = await outbox.due(nowMs, maxItems, maxBytes)
  return items.map(({ emission }) => emission.key)
}

describe('due items', () => {
  test('come in the order they went in, whole', async () => {
    const store = await openStore()
    const emissions = [
      observation('a', { input: { text: 'x', list: [1, null] }, costUsd: 0.1 }),
      score('b'),
      observation('c'),
    ]
    await store.sessions.commit([], [], () => ({ ...nothing, emissions }))
    expect(await store.outbox.due(AT_MS, 10, MANY)).toEqual([
      { id: 1, attempts: 0, emission: emissions[0] },
      { id: 2, attempts: 0, emission: emissions[1] },
      { id: 3, attempts: 0, emission: emissions[2] },
    ])
  })

  const bytes = Buffer.byteLength(JSON.stringify(observation('a')))
  test.each([
    { maxItems: 2, maxBytes: MANY, due: ['a', 'b'] },
    { maxItems: 100, maxBytes: bytes * 2, due: ['a', 'b'] },
    { maxItems: 100, maxBytes: bytes * 3 - 1, due: ['a', 'b'] },
    { maxItems: 100, maxBytes: bytes * 3, due: ['a', 'b', 'c'] },
    { maxItems: 100, maxBytes: 1, due: ['a'] },
  ])('at most $maxItems and $maxBytes bytes: $due', async ({ maxItems, maxBytes, due }) => {
    const { outbox } = await storeWith('a', 'b', 'c')
    expect(await keys(outbox, AT_MS, maxItems, maxBytes)).toEqual(due)
  })

  test('stay until they are delivered', async () => {
    const { outbox } = await storeWith('a', 'b', 'c')
    expect(await keys(outbox, AT_MS)).toEqual(['a', 'b', 'c'])
    await outbox.delivered([1, 3])
    await outbox.delivered([])
    expect(await keys(outbox, AT_MS)).toEqual(['b'])
  })

  test('never get the id of another', async () => {
    const store = await storeWith('a')
    await store.outbox.delivered([1])
    await store.sessions.commit([], [], () => ({ ...nothing, emissions: [observation('b')] }))
    expect((await store.outbox.due(AT_MS, 1, MANY)).map(({ id }) => id)).toEqual([2])
  })
})

describe('a failed try', () => {
  test('is counted and puts the item off', async () => {
    const store = await storeWith('a', 'b')
    await store.outbox.retryLater([1], AT_MS + 10, 'HTTP 503')
    await store.outbox.retryLater([1], AT_MS + 20, 'HTTP 502')
    expect(await keys(store.outbox, AT_MS + 19)).toEqual(['b'])
    const due = await store.outbox.due(AT_MS + 20, 10, MANY)
    expect(due.map(({ id, attempts }) => [id, attempts])).toEqual([
      [1, 2],
      [2, 0],
    ])
    expect(store.rows('select reason from outbox_exceptions where outbox_id = 1')).toEqual([
      { reason: 'HTTP 502' },
    ])
  })

  test.each([
    { nowMs: 99, due: ['c', 'e'] },
    { nowMs: 100, due: ['b', 'c', 'e'] },
    { nowMs: 300, due: ['a', 'b', 'c'] },
  ])('keeps its place in the order: at $nowMs $due', async ({ nowMs, due }) => {
    const { outbox } = await storeWith('a', 'b', 'c', 'd', 'e')
    await outbox.retryLater([1], 300, 'later')
    await outbox.retryLater([2], 100, 'soon')
    await outbox.retryLater([4], 200, 'later')
    expect(await keys(outbox, nowMs, 3)).toEqual(due)
  })

  test('says when to come back', async () => {
    const { outbox } = await storeWith('a', 'b')
    expect(await outbox.nextDueMs()).toBeLessThanOrEqual(AT_MS)
    await outbox.retryLater([1], AT_MS + 20, 'x')
    await outbox.retryLater([2], AT_MS + 10, 'x')
    expect(await outbox.nextDueMs()).toBe(AT_MS + 10)
    await outbox.bury([2], 'x')
    expect(await outbox.nextDueMs()).toBe(AT_MS + 20)
    await outbox.delivered([1])
    expect(await outbox.nextDueMs()).toBeUndefined()
  })
})

describe('a dead item', () => {
  test('is kept with its reason and never due', async () => {
    const store = await storeWith('a', 'b', 'c')
    await store.outbox.bury([2], 'refused with 400')
    expect(await keys(store.outbox, Number.MAX_SAFE_INTEGER)).toEqual(['a', 'c'])
    expect(
      store.rows(`select outbox_id as id, reason from outbox_exceptions where state = 'dead'`),
    ).toEqual([{ id: 2, reason: 'refused with 400' }])
  })

  test.each([
    { name: 'broken JSON', set: `payload = '{"kind":"obs'`, reason: /not JSON/ },
    { name: 'another version', set: 'payload_version = 99', reason: /version 99.*reads 1/ },
    { name: 'no emission', set: `payload = 'null'`, reason: /neither/ },
    { name: 'an unknown kind', set: `payload = '{"kind":"link"}'`, reason: /neither/ },
  ])('is what has $name as its payload', async ({ set, reason }) => {
    const store = await storeWith('a', 'b', 'c')
    withDatabase(store.dataDir, (database) =>
      database.exec(`update outbox set ${set} where id in (1, 2)`),
    )
    // One at a time: nothing of the first two tries can be read.
    expect(await keys(store.outbox, AT_MS, 1)).toEqual(['c'])
    expect(await store.outbox.stats()).toMatchObject({ pending: 1, dead: 2 })
    expect(
      JSON.stringify(store.rows('select reason from outbox_exceptions where outbox_id = 1')),
    ).toMatch(reason)
    expect(store.warnings).toContainEqual(expect.objectContaining({ outboxId: 1 }))
  })
})

describe('the numbers', () => {
  test('of an empty outbox', async () => {
    const { outbox } = await openStore()
    expect(await outbox.stats()).toEqual({ pending: 0, dead: 0, oldestPendingMs: undefined })
    expect(await outbox.due(AT_MS, 10, MANY)).toEqual([])
    expect(await outbox.nextDueMs()).toBeUndefined()
  })

  test('count what is pending and dead, and name the oldest pending', async () => {
    const store = await storeWith('a', 'b', 'c', 'd')
    withDatabase(store.dataDir, (database) => database.exec('update outbox set created_ms = id'))
    await store.outbox.bury([1], 'x')
    await store.outbox.retryLater([2], AT_MS + 1000, 'x')
    expect(await store.outbox.stats()).toEqual({ pending: 3, dead: 1, oldestPendingMs: 2 })
  })
})

describe('a newer score', () => {
  const commit = (store: OpenStore, ...emissions: readonly Emission[]) =>
    store.sessions.commit([], [], () => ({ ...nothing, emissions }))
  const valued = (value: number, change: Partial<Score> = {}): Score => ({
    ...score('quality'),
    value,
    ...change,
  })

  /** A store in which the older of two scores, number 1, is under way while the newer arrives. */
  async function overtaken(): Promise<OpenStore> {
    const store = await openStore()
    await commit(store, valued(1))
    expect((await store.outbox.due(AT_MS, 10, MANY)).map(({ id }) => id)).toEqual([1])
    await commit(store, valued(2))
    return store
  }

  async function values({ outbox }: OpenStore): Promise<unknown[]> {
    const due = await outbox.due(Number.MAX_SAFE_INTEGER, 10, MANY)
    return due.map(({ emission, attempts }) => [
      emission.kind === 'score' && emission.value,
      attempts,
    ])
  }

  test('takes the place of the one that waits', async () => {
    const store = await openStore()
    await commit(store, observation('a'), valued(1), observation('b'), valued(2))
    await store.outbox.retryLater([4], AT_MS + 5, 'HTTP 500')
    await commit(store, valued(3))
    const due = await store.outbox.due(AT_MS, 10, MANY)
    expect(due.map(({ id, attempts }) => [id, attempts])).toEqual([
      [1, 0],
      [3, 0],
      [5, 0],
    ])
    expect(await store.outbox.stats()).toMatchObject({ pending: 3, dead: 0 })
  })

  test.each([
    ['is put off', (outbox: Outbox) => outbox.retryLater([1], AT_MS, 'HTTP 500')],
    ['is refused', (outbox: Outbox) => outbox.bury([1], 'HTTP 400')],
    ['is delivered', (outbox: Outbox) => outbox.delivered([1])],
  ])('is left as it is when the older one, under way, %s', async (_what, settle) => {
    const store = await overtaken()
    await settle(store.outbox)
    expect(await values(store)).toEqual([[2, 0]])
    expect(await store.outbox.stats()).toMatchObject({ pending: 1, dead: 0 })
  })

  test('takes the place of one that is dead, which nothing puts back then', async () => {
    const store = await openStore()
    await commit(store, valued(1))
    await store.outbox.bury([1], 'HTTP 400')
    await commit(store, valued(2))
    await store.outbox.delivered([2])
    expect(await store.deadItems.retry('all', AT_MS)).toBe(0)
    expect(await store.deadItems.retry([1], AT_MS)).toBe(0)
    expect(await store.outbox.stats()).toMatchObject({ pending: 0, dead: 0 })
  })

  test('is one of the same key in the same session, and no observation', async () => {
    const store = await openStore()
    const other = valued(3, { sessionKey: 'claude-code/s2' })
    await commit(store, valued(1), valued(2, { key: 'efficiency' }), other, observation('quality'))
    await commit(store, observation('quality'))
    expect(await store.outbox.stats()).toMatchObject({ pending: 5 })
  })
})

describe('the numbers without counting', () => {
  test('are those of before when a commit fails', async () => {
    const store = await storeWith('a')
    const broken = { ...observation('c'), costUsd: 1n as unknown as number }
    const emissions = [observation('b'), score('s'), broken]
    await expect(store.sessions.commit([], [], () => ({ ...nothing, emissions }))).rejects.toThrow(
      /BigInt/,
    )
    expect(await store.outbox.stats()).toMatchObject({ pending: 1, dead: 0 })
  })

  test('follow what another program changed', async () => {
    const store = await storeWith('a', 'b', 'c')
    await store.outbox.bury([1], 'x')
    withDatabase(store.dataDir, (database) =>
      database.exec('delete from outbox_exceptions; delete from outbox where id < 3'),
    )
    expect(await store.outbox.stats()).toMatchObject({ pending: 1, dead: 0 })
  })

  test('are there at the next start', async () => {
    const store = await storeWith('a', 'b', 'c')
    await store.outbox.bury([1], 'x')
    await store.close()
    const { outbox } = await openStore(store.dataDir)
    expect(await outbox.stats()).toMatchObject({ pending: 2, dead: 1 })
  })

  test('follow dead items that are put back and dropped, many at once', async () => {
    const names = Array.from({ length: 450 }, (_, n) => `n${n}`)
    const store = await storeWith(...names)
    await store.outbox.bury(
      names.map((_, n) => n + 1),
      'x',
    )
    expect(await store.deadItems.retry([1, 1, 9999], AT_MS + 9)).toBe(1)
    expect(await store.deadItems.drop([1, 2, 3])).toBe(2)
    expect(await store.outbox.stats()).toMatchObject({ pending: 1, dead: 447 })
    expect(await store.deadItems.retry('all', AT_MS)).toBe(447)
    expect(await store.outbox.stats()).toMatchObject({ pending: 448, dead: 0 })
    expect(
      store.rows(`select count(*) as n from outbox_exceptions where state = 'pending'`),
    ).toEqual([{ n: 448 }])
  })
})

describe('a pause that a destination asked for', () => {
  test('is there after a restart, for that destination alone', async () => {
    const store = await openStore()
    expect(await store.pause('here').untilMs()).toBe(0)
    await store.pause('here').set(AT_MS + 7)
    await store.pause('here').set(AT_MS + 5)
    await store.close()
    const again = await openStore(store.dataDir)
    expect(await again.pause('here').untilMs()).toBe(AT_MS + 5)
    expect(await again.pause('there').untilMs()).toBe(0)
    expect(JSON.stringify(again.rows('select * from pauses'))).not.toContain('here')
  })
})
