/** What a store deletes: on request, by age, and for lack of space. */
import { wordsOf } from '../../../src/domain/search-words.ts'
import { randomBytes } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import {
  arrival,
  AT_MS,
  base,
  nothing,
  observation,
  other,
  row,
} from '../../unit/storage/arrivals.ts'
import {
  ALL,
  createRig,
  engines,
  exporter,
  idsIn,
  type Rig,
  type RigOptions,
  sessionKeys,
  waitingFor,
} from './engines.ts'
import { BUCKET, used } from './usage.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const KEY = 'claude-code/s1'
const keyOf = (id: string) => `claude-code/${id}`

/** A session with something in every part of a store. */
async function fill(rig: Rig, id: string, { records = 3, isOpen = false, text = 'hi' } = {}) {
  const session = row(id, {
    userId: `user of ${id}`,
    lastMs: rig.clock.now(),
    deadlineMs: isOpen ? rig.clock.now() + 10 * DAY_MS : undefined,
  })
  const prompt = {
    ...base,
    sessionId: id,
    kind: 'prompt',
    dedupKey: 'p',
    prompt: { text },
  } as const
  const arrivals = [
    arrival(prompt, { attributes: { text } }),
    ...Array.from({ length: records - 1 }, (_, n) => other(`k${n}`, id)),
  ]
  await rig.commit(
    {
      sessions: [session],
      usage: [used(session, { models: [{ costUsd: 1 }], tools: [{}] })],
      controls: [{ sessionKey: session.key, control: { kind: 'tick', atMs: AT_MS } }],
    },
    arrivals,
  )
}

/** Everything that still tells of a session. */
async function tracesOf({ reader, store }: Rig, key: string): Promise<readonly unknown[]> {
  const id = wordsOf(key.split('/')[1] ?? key)
  return [
    ...(await reader.records.after(0, 1000)).filter(({ sessionKey }) => sessionKey === key),
    ...(await reader.search.find({ words: id, isPrefix: false })),
    ...[...(await reader.waiting.keys())].filter((waiting) => waiting === key),
    ...(await store.sessions.openSessions(1000)).filter((open) => open === key),
    ...(await reader.inputs.slice(key, 0, 10)).inputs,
  ]
}

async function upkeep(rig: Rig): Promise<void> {
  rig.store.upkeep.start()
  await rig.clock.advance(MINUTE_MS)
}

describe.each(engines)('taking a session out of $name', (engine) => {
  test('leaves nothing of it, and its neighbours as they were', async () => {
    const rig = await createRig(engine)
    await fill(rig, 's1', { records: 2500, isOpen: true })
    await fill(rig, 's2', { isOpen: true })
    await rig.emit(observation('a'), observation('b', { sessionKey: keyOf('s2') }))
    const neighbour = await tracesOf(rig, keyOf('s2'))
    expect(neighbour.length).toBeGreaterThan(4)
    const removal = await rig.store.sessions.remove(KEY)
    expect(await removal?.deleteRows()).toBe(2500)
    expect(await tracesOf(rig, KEY)).toEqual([])
    expect(await tracesOf(rig, keyOf('s2'))).toEqual(neighbour)
    expect(await waitingFor(rig)).toEqual(['b'])
    const slice = await rig.reader.usage.reader(ALL)({ fromMs: BUCKET, toMs: BUCKET + 1 })
    expect(slice.models).toMatchObject([{ calls: 1, costUsd: 1 }])
    expect(await rig.store.sessions.remove(KEY)).toBeUndefined()
    const { reader } = await rig.reopen()
    expect(await reader.details.find(KEY)).toBeUndefined()
  })

  test('is done at once; its rows go while others commit, and it may begin anew', async () => {
    const rig = await createRig(engine)
    await fill(rig, 's1', { records: 6000 })
    const removal = await rig.store.sessions.remove(KEY)
    expect(await rig.reader.details.find(KEY)).toBeUndefined()
    expect(await sessionKeys(rig)).toEqual([])
    const state = { isDone: false }
    const deleted = removal?.deleteRows().finally(() => {
      state.isDone = true
    })
    const fresh: string[] = []
    let commits = 0
    while (!state.isDone) {
      await rig.store.sessions.commit([other(`k${commits}`)], [KEY], (arrivals, states) => {
        fresh.push(...arrivals.map(({ item }) => item.dedupKey), ...states.keys())
        return nothing
      })
      commits += 1
      await setImmediate()
    }
    expect(await deleted).toBe(6000)
    // PostgreSQL deletes over another connection: how many commits fit beside it is up to the machine.
    expect(commits).toBeGreaterThan(engine.name === 'SQLite' ? 1 : 0)
    expect(fresh).toEqual(Array.from({ length: commits }, (_, n) => `k${n}`))
    expect(await rig.reader.records.countOf(KEY)).toBe(commits)
  })

  test('goes on in the next process where this one ends in the middle', async () => {
    const rig = await createRig(engine)
    await fill(rig, 's1', { records: 6000, text: 'x'.repeat(4_000_000) })
    await fill(rig, 's2')
    const { usedBytes = 0 } = await rig.store.size()
    await rig.store.sessions.remove(KEY)
    const again = await rig.reopen()
    again.store.upkeep.start()
    await vi.waitUntil(async () => {
      await again.clock.advance(MINUTE_MS)
      return ((await again.store.size()).usedBytes ?? usedBytes) < usedBytes / 4
    })
    expect(await tracesOf(again, KEY)).toEqual([])
    await fill(again, 's1')
    expect(await again.reader.records.countOf(KEY)).toBe(3)
    expect(await sessionKeys(again)).toEqual([keyOf('s2'), KEY])
  })

  test('is told to whoever listens', async () => {
    const rig = await createRig(engine)
    await fill(rig, 's1')
    let told = 0
    rig.store.onDeleted(() => {
      told += 1
    })
    await rig.store.sessions.remove('claude-code/nobody')
    expect(told).toBe(0)
    await rig.store.sessions.remove(KEY)
    expect(told).toBe(1)
  })

  test('takes those of a user, or all, one after the other', async () => {
    const rig = await createRig(engine)
    for (const id of ['s1', 's2', 's3', 's4']) await fill(rig, id)
    const question = {
      fromMs: undefined,
      toMs: undefined,
      state: 'any',
      order: 'last',
      direction: 'desc',
    } as const
    const removeAll = async (filter: { readonly user?: string }) => {
      const sessions = await rig.reader.lists.page(
        { ...question, filter: { ...ALL, ...filter } },
        undefined,
        100,
      )
      for (const { key } of sessions) await (await rig.store.sessions.remove(key))?.deleteRows()
    }
    await removeAll({ user: 'user of s2' })
    expect(await sessionKeys(rig)).toEqual(['s1', 's3', 's4'].map(keyOf))
    await removeAll({})
    expect(await sessionKeys(rig)).toEqual([])
    expect(await rig.reader.records.after(0, 100)).toEqual([])
    expect(await rig.reader.usage.bounds(Number.MAX_SAFE_INTEGER)).toBeUndefined()
    expect(await rig.reader.details.hasAny()).toBe(true)
  })
})

describe.each(engines)('retention in $name', (engine) => {
  /** Of closed sessions of a week, an open one, and one of which something waits. */
  async function afterAWeek(options: RigOptions = {}) {
    const rig = await createRig(engine, { retentionMs: 7 * DAY_MS, ...options })
    await fill(rig, 'closed')
    await fill(rig, 'open', { isOpen: true })
    await fill(rig, 'waits')
    await rig.emit(observation('a', { sessionKey: keyOf('waits') }))
    await rig.clock.jump(5 * DAY_MS)
    await fill(rig, 'young')
    const told = { times: 0 }
    rig.store.onDeleted(() => {
      told.times += 1
    })
    await upkeep(rig)
    expect(await sessionKeys(rig)).toHaveLength(4)
    await rig.clock.jump(3 * DAY_MS)
    await rig.clock.advance(MINUTE_MS)
    return { rig, told }
  }

  test('deletes closed sessions by age, once nothing of that age waits; open ones stay', async () => {
    const { rig, told } = await afterAWeek()
    expect(await sessionKeys(rig)).toHaveLength(4)
    expect(told.times).toBe(0)
    const lane = rig.store.outbox('langfuse', 'observation')
    await lane.delivered(await idsIn(lane))
    await rig.clock.jump(DAY_MS)
    await rig.clock.advance(MINUTE_MS)
    expect(await sessionKeys(rig)).toEqual(['open', 'young'].map(keyOf))
    expect(await tracesOf(rig, keyOf('closed'))).toEqual([])
    expect(told.times).toBeGreaterThan(0)
  })

  test('does not wait for an exporter that delivers nothing at present', async () => {
    const { rig } = await afterAWeek({ exporters: [exporter('langfuse', { isActive: false })] })
    expect(await sessionKeys(rig)).toEqual(['open', 'young'].map(keyOf))
    expect(await waitingFor(rig)).toEqual([])
  })

  test('of 0 keeps everything', async () => {
    const rig = await createRig(engine)
    await fill(rig, 'closed')
    await rig.clock.jump(1000 * DAY_MS)
    await upkeep(rig)
    expect(await sessionKeys(rig)).toEqual([keyOf('closed')])
  })
})

describe.each(engines)('the bounds of the outbox in $name', (engine) => {
  test('give up what has waited for too long, where a person can put it back', async () => {
    const rig = await createRig(engine, { outbox: { maxAgeMs: DAY_MS, maxBytes: 0 } })
    await rig.emit(observation('old'))
    await rig.clock.jump(DAY_MS / 2)
    await rig.emit(observation('new'))
    await upkeep(rig)
    expect(await waitingFor(rig)).toEqual(['old', 'new'])
    await rig.clock.jump(DAY_MS / 2)
    await rig.clock.advance(MINUTE_MS)
    expect(await waitingFor(rig)).toEqual(['new'])
    expect(await rig.store.deadItems.list(10)).toMatchObject([{ reason: expect.any(String) }])
    expect(await rig.store.deadItems.retry('all', rig.clock.now())).toBe(1)
    expect(await waitingFor(rig)).toEqual(['old', 'new'])
  })

  test('drop what is beyond the size, dead items first, then the oldest, and count it', async () => {
    const text = 'x'.repeat(10_000)
    const rig = await createRig(engine, { outbox: { maxAgeMs: 0, maxBytes: 35_000 } })
    await rig.emit(...['a', 'b', 'c', 'd', 'e'].map((key) => observation(key, { input: text })))
    const lane = rig.store.outbox('langfuse', 'observation')
    await lane.bury((await idsIn(lane)).slice(3, 4), 'HTTP 400')
    await upkeep(rig)
    expect(await waitingFor(rig)).toEqual(['b', 'c', 'e'])
    expect(await rig.store.deadItems.count()).toBe(0)
    const again = await rig.reopen()
    expect(await again.store.upkeep.dropped()).toBe(2)
    expect((await again.store.outboxCounts()).bytes).toBeLessThanOrEqual(35_000)
  })
})

describe.each(engines)('the bound on the size of $name', (engine) => {
  const MB = 1024 * 1024
  /** Nothing that an engine could make smaller. */
  const text = randomBytes(200_000).toString('base64')
  /** After as many rounds as it takes. */
  async function until(rig: Rig, holds: () => Promise<boolean>): Promise<void> {
    await vi.waitUntil(async () => {
      await rig.clock.advance(MINUTE_MS)
      return holds()
    })
  }

  test('deletes the closed sessions written longest ago, and counts them', async () => {
    const rig = await createRig(engine, { maxBytes: 8 * MB })
    rig.store.upkeep.start()
    await fill(rig, 'open', { isOpen: true, text })
    for (let n = 100; n < 160; n += 1) await fill(rig, `s${n}`, { text })
    await until(rig, async () => (await rig.store.size()).droppedSessions > 15)
    await until(rig, async () => (await rig.store.size()).state === 'within')
    const left = await sessionKeys(rig)
    expect(left[0]).toBe(keyOf('open'))
    expect(left.at(-1)).toBe(keyOf('s159'))
    expect(left.length).toBeGreaterThan(5)
    expect(left.length).toBeLessThan(50)
    expect(left.slice(1)).toEqual(left.slice(1).toSorted())
    const { droppedSessions, usedBytes, maxBytes } = await rig.store.size()
    expect(droppedSessions).toBe(61 - left.length)
    expect(usedBytes).toBeGreaterThan(MB)
    expect(maxBytes).toBe(8 * MB)
    expect(await rig.store.databaseBytes()).toBeGreaterThan(MB)
    const again = await rig.reopen()
    expect((await again.store.size()).droppedSessions).toBe(droppedSessions)
  })

  test('is told where nothing may go', async () => {
    const rig = await createRig(engine, { maxBytes: 3 * MB })
    rig.store.upkeep.start()
    for (let n = 0; n < 30; n += 1) await fill(rig, `open${n}`, { isOpen: true, text })
    await until(rig, async () => (await rig.store.size()).state === 'full')
    expect(await sessionKeys(rig)).toHaveLength(30)
    expect(rig.warnings.length).toBeGreaterThan(0)
  })
})

describe.each(engines)('the state of $name', (engine) => {
  test('is tried on request, and shown by what was tried last', async () => {
    const rig = await createRig(engine)
    expect(await rig.store.check()).toEqual({ ok: true, value: undefined })
    expect(rig.store.storage()).toEqual({
      isWritable: true,
      lastCommitMs: AT_MS,
      failure: undefined,
    })
    expect(rig.store.instance).toMatch(/^[0-9a-f-]{36}$/)
    const again = await rig.reopen()
    expect(again.store.instance).toBe(rig.store.instance)
  })
})
