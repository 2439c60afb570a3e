/** The outbox: each exporter gets each item once, in order, whatever becomes of the others. */
import { describe, expect, test } from 'vitest'
import type { ForwardedRequest } from '../../../src/domain/forwarded-request.ts'
import type { OutgoingItem } from '../../../src/domain/outbox.ts'
import { AT_MS, observation, score } from '../../unit/storage/arrivals.ts'
import {
  createRig,
  dueIn,
  engines,
  EVER_MS,
  exporter,
  idsIn,
  type Rig,
  waitingFor,
} from './engines.ts'

const KEY = 'claude-code/s1'
const lane = ({ store }: Rig, name = 'langfuse') => store.outbox(name, 'observation')
const scores = ({ store }: Rig, name = 'langfuse') => store.outbox(name, 'score')
/** A score with that value: the newest of a name is the one that counts. */
const scored = (value: number, key = 'quality') => ({ ...score(key), value })

async function valuesIn({ store }: Rig): Promise<unknown[]> {
  const items = await store.outbox('langfuse', 'score').due(EVER_MS, 100, 1e9)
  return items.map(({ emission }) => emission.kind === 'score' && emission.value)
}

describe.each(engines)('the outbox of $name', (engine) => {
  test('gives items as they were emitted, the oldest first, by kind', async () => {
    const rig = await createRig(engine)
    const full = observation('a', {
      input: [{ role: 'user', content: 'ü “” \u0000' }],
      costUsd: 0.1,
      metadata: { n: 1, list: [true, null] },
    })
    await rig.emit(full, scored(0.5), observation('b'))
    await rig.emit(observation('c'))
    const [first, ...more] = await lane(rig).due(EVER_MS, 10, 1e9)
    expect(first).toMatchObject({ emission: full, attempts: 0 })
    expect(more.map(({ emission }) => emission.key)).toEqual(['b', 'c'])
    expect(await valuesIn(rig)).toEqual([0.5])
  })

  test('gives no more than was asked for, in number and bytes, and one item at least', async () => {
    const rig = await createRig(engine)
    await rig.emit(...[1, 2, 3, 4].map((n) => observation(`${n}`, { input: 'x'.repeat(1000) })))
    const keys = async (maxItems: number, maxBytes: number) =>
      (await lane(rig).due(EVER_MS, maxItems, maxBytes)).map(({ emission }) => emission.key)
    expect(await keys(2, 1e9)).toEqual(['1', '2'])
    expect(await keys(10, 1)).toEqual(['1'])
    expect(await keys(10, 3500)).toEqual(['1', '2'])
  })

  test('has a cursor for each exporter and kind; an item goes when all have it', async () => {
    const rig = await createRig(engine, { exporters: [exporter('one'), exporter('two')] })
    await rig.emit(observation('a'), observation('b'), scored(1))
    await lane(rig, 'one').delivered(await idsIn(lane(rig, 'one')))
    expect(await waitingFor(rig, 'one')).toEqual([])
    expect(await waitingFor(rig, 'two')).toEqual(['a', 'b'])
    expect(await waitingFor(rig, 'one', 'score')).toEqual(['quality'])
    await rig.emit(observation('c'))
    const again = await rig.reopen()
    expect(await waitingFor(again, 'one')).toEqual(['c'])
    expect(await waitingFor(again, 'two')).toEqual(['a', 'b', 'c'])
    expect(await again.store.outboxCounts()).toMatchObject({ pending: 6, dead: 0 })
    for (const name of ['one', 'two']) {
      await lane(again, name).delivered(await idsIn(lane(again, name)))
      await scores(again, name).delivered(await idsIn(scores(again, name)))
    }
    expect(await again.store.outboxCounts()).toMatchObject({ pending: 0, dead: 0, bytes: 0 })
  })

  test('lets items be delivered in any order', async () => {
    const rig = await createRig(engine)
    await rig.emit(observation('a'), observation('b'), observation('c'))
    const [a, b, c] = await idsIn(lane(rig))
    await lane(rig).delivered([c ?? 0])
    expect(await waitingFor(rig)).toEqual(['a', 'b'])
    await lane(rig).delivered([a ?? 0])
    const again = await rig.reopen()
    expect(await waitingFor(again)).toEqual(['b'])
    await lane(again).delivered([b ?? 0])
    expect(await again.store.outboxCounts()).toMatchObject({ pending: 0, bytes: 0 })
  })

  test('keeps for a new exporter what comes from now on, and for a former one nothing', async () => {
    const rig = await createRig(engine, { exporters: [exporter('old')] })
    await rig.emit(observation('a'))
    const changed = await rig.reopen({ exporters: [exporter('new')] })
    expect(changed.warnings).toMatchObject([{ exporter: 'old', pending: 1 }])
    await changed.emit(observation('b'))
    expect(await waitingFor(changed, 'new')).toEqual(['b'])
    const back = await changed.reopen({ exporters: [exporter('new'), exporter('old')] })
    expect(await waitingFor(back, 'new')).toEqual(['b'])
    expect(await waitingFor(back, 'old')).toEqual([])
  })

  test('counts tries, and puts off until a time that outlives a restart', async () => {
    const rig = await createRig(engine)
    await rig.emit(observation('a'), observation('b'))
    const [a = 0, b = 0] = await idsIn(lane(rig))
    await lane(rig).retryLater([a], AT_MS + 500, 'HTTP 503')
    await lane(rig).retryLater([a, b], AT_MS + 700, 'HTTP 503')
    await lane(rig).retryLater([b], AT_MS + 600, 'HTTP 429')
    const again = await rig.reopen()
    expect(await dueIn(lane(again), AT_MS + 599)).toEqual([])
    expect(await lane(again).nextDueMs()).toBe(AT_MS + 600)
    expect(await dueIn(lane(again), AT_MS + 600)).toEqual([['b', 2]])
    expect(await dueIn(lane(again), AT_MS + 700)).toEqual([
      ['a', 2],
      ['b', 2],
    ])
    await again.emit(observation('c'))
    expect(await dueIn(lane(again), AT_MS)).toEqual([['c', 0]])
    expect(await lane(again).stats()).toEqual({ pending: 3, dead: 0, oldestPendingMs: AT_MS })
  })

  test('says when nothing waits', async () => {
    const rig = await createRig(engine)
    expect(await lane(rig).nextDueMs()).toBeUndefined()
    expect(await lane(rig).stats()).toEqual({ pending: 0, dead: 0, oldestPendingMs: undefined })
    await rig.emit(observation('a'))
    expect(await lane(rig).nextDueMs()).toBeLessThanOrEqual(AT_MS)
  })

  test('ignores marks on what is gone, or of another kind', async () => {
    const rig = await createRig(engine)
    await rig.emit(observation('a'), observation('b'), scored(1))
    const [a = 0] = await idsIn(lane(rig))
    await scores(rig).delivered([a, 9999])
    await scores(rig).bury([a], 'no')
    expect(await waitingFor(rig)).toEqual(['a', 'b'])
    await lane(rig).delivered([a])
    await lane(rig).retryLater([a], EVER_MS, 'no')
    await lane(rig).bury([a, 9999], 'no')
    expect(await waitingFor(rig)).toEqual(['b'])
    expect(await rig.store.outboxCounts()).toMatchObject({ pending: 2, dead: 0 })
  })

  test('knows what waits of which session', async () => {
    const rig = await createRig(engine, { exporters: [exporter('one'), exporter('two')] })
    await rig.emit(observation('a'), observation('b', { sessionKey: 'claude-code/s2' }))
    await rig.clock.advance(50)
    await rig.emit(observation('c'))
    await lane(rig, 'one').delivered((await idsIn(lane(rig, 'one'))).slice(0, 1))
    expect(await rig.reader.waiting.keys()).toEqual(new Set([KEY, 'claude-code/s2']))
    expect(await rig.reader.waiting.counts()).toMatchObject({
      pending: 5,
      dead: 0,
      oldestPendingMs: AT_MS,
      exporters: expect.arrayContaining([
        { name: 'one', pending: 2, dead: 0, oldestPendingMs: AT_MS },
        { name: 'two', pending: 3, dead: 0, oldestPendingMs: AT_MS },
      ]),
    })
    for (const name of ['one', 'two']) {
      const waiting = await idsIn(lane(rig, name))
      await lane(rig, name).retryLater(waiting.slice(0, -1), EVER_MS, 'HTTP 503')
      await lane(rig, name).bury(waiting.slice(-1), 'HTTP 400')
    }
    expect(await rig.reader.waiting.keys()).toEqual(new Set([KEY, 'claude-code/s2']))
    expect(await rig.reader.waiting.counts()).toMatchObject({ pending: 3, dead: 2 })
  })

  test('remembers for how long a destination is to be left alone', async () => {
    const rig = await createRig(engine)
    expect(await rig.store.pause('https://one.example').untilMs()).toBe(0)
    await rig.store.pause('https://one.example').set(AT_MS + 5)
    await rig.store.pause('https://one.example').set(AT_MS + 9)
    const { store } = await rig.reopen()
    expect(await store.pause('https://one.example').untilMs()).toBe(AT_MS + 9)
    expect(await store.pause('https://two.example').untilMs()).toBe(0)
  })
})

describe.each(engines)('a newer score in $name', (engine) => {
  test('takes the place of one that waits, of the same session alone', async () => {
    const rig = await createRig(engine)
    const elsewhere = { ...scored(0.9), sessionKey: 'claude-code/s2', sessionId: 's2' }
    await rig.emit(scored(0.1), scored(0.2, 'efficiency'), elsewhere)
    await rig.emit(scored(0.3))
    expect(new Set(await valuesIn(rig))).toEqual(new Set([0.2, 0.3, 0.9]))
    expect(await rig.store.outboxCounts()).toMatchObject({ pending: 3 })
  })

  test('of one commit is the last of it', async () => {
    const rig = await createRig(engine)
    await rig.emit(scored(0.1), scored(0.2), scored(0.3))
    expect(await valuesIn(rig)).toEqual([0.3])
  })

  test('is not touched by what is said of the older one', async () => {
    const rig = await createRig(engine)
    await rig.emit(scored(0.1))
    const [older = 0] = await idsIn(scores(rig))
    await scores(rig).retryLater([older], AT_MS + 5, 'HTTP 503')
    await rig.emit(scored(0.2))
    expect(await dueIn(scores(rig), AT_MS)).toEqual([['quality', 0]])
    await scores(rig).delivered([older])
    await scores(rig).bury([older], 'HTTP 400')
    await scores(rig).retryLater([older], EVER_MS, 'HTTP 503')
    expect(await valuesIn(rig)).toEqual([0.2])
    expect(await rig.store.outboxCounts()).toMatchObject({ pending: 1, dead: 0 })
  })

  test('also takes the place of one that was given up, for every exporter', async () => {
    const rig = await createRig(engine, { exporters: [exporter('langfuse'), exporter('two')] })
    await rig.emit(scored(0.1))
    await scores(rig).bury(await idsIn(scores(rig)), 'HTTP 400')
    await rig.emit(scored(0.2))
    expect(await rig.store.outboxCounts()).toMatchObject({ pending: 2, dead: 0 })
    expect(await rig.store.deadItems.list(10)).toEqual([])
  })

  test('waits again for whoever had the older one', async () => {
    const rig = await createRig(engine)
    await rig.emit(scored(0.1))
    await scores(rig).delivered(await idsIn(scores(rig)))
    await rig.emit(scored(0.2))
    expect(await valuesIn(rig)).toEqual([0.2])
  })
})

describe.each(engines)('dead items in $name', (engine) => {
  async function withDead() {
    const rig = await createRig(engine, { exporters: [exporter('langfuse'), exporter('two')] })
    await rig.emit(observation('a'), observation('b'), observation('c'))
    const [a = 0, b = 0, c = 0] = await idsIn(lane(rig))
    await lane(rig).retryLater([b], AT_MS, 'HTTP 503')
    await lane(rig).bury([a, b], 'HTTP 400')
    return { rig, a, b, c }
  }

  test('wait for a person, with their reason, over a restart', async () => {
    const { rig, a, b } = await withDead()
    const again = await rig.reopen()
    expect(await waitingFor(again)).toEqual(['c'])
    expect(await waitingFor(again, 'two')).toEqual(['a', 'b', 'c'])
    const { deadItems } = again.store
    const item = { exporter: 'langfuse', sessionKey: KEY, kind: 'observation', createdMs: AT_MS }
    expect(await deadItems.list(10)).toMatchObject([
      { ...item, id: a, attempts: 0, reason: 'HTTP 400', bytes: expect.any(Number) },
      { ...item, id: b, attempts: 1 },
    ])
    expect(await again.reader.deadItems.list(1)).toMatchObject([{ id: a }])
    expect(await deadItems.count()).toBe(2)
    expect(await again.store.outboxCounts()).toMatchObject({ pending: 4, dead: 2 })
  })

  test('can be put back as if they were new, where they are dead', async () => {
    const { rig, a, b, c } = await withDead()
    expect(await rig.store.deadItems.retry([b, c, 9999], AT_MS + 7)).toBe(1)
    expect(await dueIn(lane(rig), AT_MS)).toEqual([
      ['b', 0],
      ['c', 0],
    ])
    expect((await rig.store.deadItems.list(10)).map(({ id }) => id)).toEqual([a])
    expect(await rig.store.deadItems.retry('all', AT_MS + 8)).toBe(1)
    expect(await waitingFor(rig)).toEqual(['a', 'b', 'c'])
    expect(await rig.store.outboxCounts()).toMatchObject({ pending: 6, dead: 0 })
  })

  test('can be dropped, which takes nothing from another exporter', async () => {
    const { rig, a, c } = await withDead()
    expect(await rig.store.deadItems.drop([a, c, 9999])).toBe(1)
    expect(await rig.store.deadItems.drop('all')).toBe(1)
    expect(await rig.store.deadItems.count()).toBe(0)
    expect(await waitingFor(rig)).toEqual(['c'])
    expect(await waitingFor(rig, 'two')).toEqual(['a', 'b', 'c'])
  })

  test('are as many as anybody likes', async () => {
    const rig = await createRig(engine)
    const many = Array.from({ length: 700 }, (_, n) => observation(`o${n}`))
    await rig.emit(...many)
    await lane(rig).bury(await idsIn(lane(rig)), 'HTTP 400')
    expect(await rig.store.deadItems.retry('all', AT_MS)).toBe(700)
    await lane(rig).bury(await idsIn(lane(rig)), 'HTTP 400')
    expect(await rig.store.deadItems.drop('all')).toBe(700)
    expect(await rig.store.outboxCounts()).toMatchObject({ pending: 0, dead: 0, bytes: 0 })
  })
})

describe.each(engines)('requests to forward in $name', (engine) => {
  const forward = [exporter('langfuse'), exporter('forward', { kinds: ['records'] })]
  const outbox = ({ store }: Rig) => store.outbox('forward', 'records')
  const requestOf = (names: readonly string[]): ForwardedRequest => ({
    kind: 'records',
    sessionKey: '',
    key: '',
    signal: 'logs',
    encoding: 'json',
    items: names.length,
    request: { names },
  })
  const keep = ({ store }: Rig, ...names: readonly string[]): Promise<boolean> =>
    store.forwarded.keep(
      names.map((name) => ({ digest: `digest of ${name}`, item: name })),
      requestOf,
    )
  const waiting = async (rig: Rig): Promise<readonly OutgoingItem[]> =>
    (await outbox(rig).due(EVER_MS, 100, 1e9)).map(({ emission }) => emission)

  test('hold each item once, also after a restart', async () => {
    const rig = await createRig(engine, { exporters: forward })
    expect(await keep(rig, 'a', 'b')).toBe(true)
    expect(await keep(rig, 'b', 'c')).toBe(true)
    const again = await rig.reopen()
    expect(await keep(again, 'a', 'c')).toBe(false)
    expect(await waiting(again)).toEqual([requestOf(['a', 'b']), requestOf(['c'])])
    await outbox(again).delivered(await idsIn(outbox(again)))
    expect(await again.store.outboxCounts()).toMatchObject({ pending: 0, bytes: 0 })
  })

  test('are not known when they could not be kept', async () => {
    const rig = await createRig(engine, { exporters: forward })
    const failing = rig.store.forwarded.keep([{ digest: 'digest of a', item: 'a' }], () => {
      throw new Error('no request')
    })
    await expect(failing).rejects.toThrow('no request')
    expect(await keep(rig, 'a')).toBe(true)
    expect(await waiting(rig)).toEqual([requestOf(['a'])])
  })
})
