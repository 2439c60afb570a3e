/** One outbox for several exporters: an item is stored once, and each gets it once. */
import { describe, expect, test } from 'vitest'
import type { ItemKind, Outbox, OutboxReader } from '../../../src/domain/outbox.ts'
import { openReader } from '../../../src/storage/beside.ts'
import { openStore } from '../../../src/storage/open-store.ts'
import type { Store } from '../../../src/storage/store.ts'
import { createManualClock } from '../manual-clock.ts'
import { AT_MS, nothing, observation, plainStates, score, type State } from './arrivals.ts'
import { temporaryFolder, withDatabase } from './open-store.ts'

const MANY = 1_000_000
const DAY_MS = 86_400_000

const reader = (
  exporter: string,
  isActive = true,
  kinds: readonly ItemKind[] = ['observation', 'score'],
): OutboxReader => ({ exporter, kinds, isActive })

async function open(
  readers: readonly OutboxReader[],
  { dataDir = temporaryFolder(), maxBytes = 0, maxAgeMs = 0, warnings = [] as object[] } = {},
) {
  const clock = createManualClock(AT_MS)
  const opened = await openStore<State>({
    dataDir,
    clock,
    states: plainStates(),
    retentionMs: 0,
    outbox: { maxAgeMs, maxBytes },
    exporters: readers,
    log: { warn: (fields) => warnings.push(fields), error: () => {} },
  })
  if (!opened.ok) throw new Error(opened.error.message)
  return { dataDir, clock, store: opened.value, warnings }
}

async function commit(store: Store<State>, ...keys: readonly string[]): Promise<void> {
  const emissions = keys.map((key) => observation(key))
  await store.sessions.commit([], [], () => ({ ...nothing, emissions }))
}

async function due(outbox: Outbox): Promise<unknown[]> {
  const items = await outbox.due(Number.MAX_SAFE_INTEGER, 100, MANY)
  return items.map(({ emission, attempts }) => [emission.key, attempts])
}

const items = (dataDir: string) =>
  withDatabase(dataDir, (database) => database.prepare('select id from outbox').all().length)

describe('two exporters', () => {
  test('each have their own progress, and an item goes when both have it', async () => {
    const { store, dataDir } = await open([reader('a'), reader('b')])
    const [a, b] = [store.outbox('a', 'observation'), store.outbox('b', 'observation')]
    await commit(store, 'x', 'y', 'z')
    await a.delivered([1, 2])
    await b.retryLater([1], AT_MS + 5, 'HTTP 503')
    expect([await due(a), await due(b)]).toEqual([
      [['z', 0]],
      [
        ['x', 1],
        ['y', 0],
        ['z', 0],
      ],
    ])
    expect(items(dataDir)).toBe(3)
    await b.delivered([1, 2, 3])
    expect(items(dataDir)).toBe(1)
    await a.delivered([3])
    expect(items(dataDir)).toBe(0)
    expect(await store.outboxCounts()).toMatchObject({ pending: 0, dead: 0, bytes: 0 })
    await store.close()
  })

  test('are counted apart, and a dead item is dead for one', async () => {
    const { store, clock } = await open([reader('a'), reader('b')])
    const [a, b] = [store.outbox('a', 'observation'), store.outbox('b', 'observation')]
    await commit(store, 'x', 'y')
    await a.bury([1], 'HTTP 400')
    await b.delivered([1, 2])
    expect(await a.stats()).toMatchObject({ pending: 1, dead: 1 })
    expect(await b.stats()).toMatchObject({ pending: 0, dead: 0 })
    expect(await store.deadItems.list(10)).toMatchObject([
      { id: 1, exporter: 'a', reason: 'HTTP 400' },
    ])
    expect(await store.deadItems.retry([1], clock.now())).toBe(1)
    expect([await due(a), await due(b)]).toEqual([
      [
        ['x', 0],
        ['y', 0],
      ],
      [],
    ])
    await a.bury([1, 2], 'HTTP 400')
    expect(await store.deadItems.drop('all')).toBe(2)
    expect(await store.outboxCounts()).toMatchObject({ pending: 0, dead: 0, bytes: 0 })
    await store.close()
  })

  test('have their dead items counted by reason, the most frequent first', async () => {
    const { store, dataDir } = await open([reader('a'), reader('b')])
    const [a, b] = [store.outbox('a', 'observation'), store.outbox('b', 'observation')]
    await commit(store, 'x', 'y', 'z')
    await a.bury([1], 'HTTP 413')
    await a.bury([2, 3], 'HTTP 400')
    await b.bury([1, 2, 3], 'HTTP 400')
    const opened = await openReader({ dataDir })
    if (!opened.ok) throw new Error(JSON.stringify(opened.error))
    const reasons = await opened.value.deadItems.reasons(2)
    expect(reasons.map(({ exporter, reason, count }) => [exporter, reason, count])).toEqual([
      ['b', 'HTTP 400', 3],
      ['a', 'HTTP 400', 2],
    ])
    expect(reasons.every(({ oldestMs }) => oldestMs > 0)).toBe(true)
    await opened.value.close()
    await store.close()
  })

  test('both get the newer of a score, whichever has the older', async () => {
    const { store } = await open([reader('a'), reader('b')])
    const [a, b] = [store.outbox('a', 'score'), store.outbox('b', 'score')]
    const valued = (value: number) => ({ ...score('quality'), value })
    const put = (value: number) =>
      store.sessions.commit([], [], () => ({ ...nothing, emissions: [valued(value)] }))
    await put(1)
    await a.delivered([1])
    await b.retryLater([1], AT_MS, 'HTTP 500')
    await put(2)
    await b.bury([1], 'HTTP 400')
    for (const lane of [a, b]) {
      const found = await lane.due(Number.MAX_SAFE_INTEGER, 10, MANY)
      expect(found.map(({ id, attempts }) => [id, attempts])).toEqual([[2, 0]])
      expect(await lane.stats()).toMatchObject({ pending: 1, dead: 0 })
    }
    await store.close()
  })

  test('expire for the one that waits alone, and room is made for both', async () => {
    const { store, clock } = await open([reader('a'), reader('b')], { maxAgeMs: DAY_MS })
    const [a, b] = [store.outbox('a', 'observation'), store.outbox('b', 'observation')]
    await commit(store, 'x', 'y')
    await a.delivered([1, 2])
    store.upkeep.start()
    await clock.advance(DAY_MS + 120_000)
    expect(await a.stats()).toMatchObject({ pending: 0, dead: 0 })
    expect(await b.stats()).toMatchObject({ pending: 0, dead: 2 })
    await store.close()
  })

  test('beyond the size, dead items go first, then the oldest for everybody', async () => {
    const size = Buffer.byteLength(JSON.stringify(observation('a')))
    const bounds = { maxBytes: 2 * size }
    const { store, clock } = await open([reader('a'), reader('b')], bounds)
    const [a, b] = [store.outbox('a', 'observation'), store.outbox('b', 'observation')]
    await commit(store, 'w', 'x', 'y', 'z')
    await a.bury([4], 'HTTP 400')
    store.upkeep.start()
    await clock.advance(120_000)
    // The dead item of `a` is still needed by `b`, so dropping it frees nothing.
    expect(await due(a)).toEqual([['y', 0]])
    expect(await due(b)).toEqual([
      ['y', 0],
      ['z', 0],
    ])
    expect(await store.outboxCounts()).toMatchObject({ pending: 3, dead: 0, bytes: 2 * size })
    await store.close()
  })
})

describe('an item that is skipped in its turn', () => {
  test('is not lost, and keeps its place', async () => {
    const { store } = await open([reader('a')])
    const a = store.outbox('a', 'observation')
    await commit(store, 'x', 'y', 'z')
    await a.delivered([2])
    expect(await due(a)).toEqual([
      ['x', 0],
      ['z', 0],
    ])
    expect(await a.stats()).toMatchObject({ pending: 2, dead: 0 })
    expect(await a.nextDueMs()).toBe(0)
    await store.close()
  })

  test('delivered twice counts once, and what is of another kind is left alone', async () => {
    const { store } = await open([reader('a')])
    const [spans, scores] = [store.outbox('a', 'observation'), store.outbox('a', 'score')]
    const emissions = [observation('x'), score('quality')]
    await store.sessions.commit([], [], () => ({ ...nothing, emissions }))
    await scores.delivered([1])
    await scores.retryLater([1], AT_MS, 'x')
    expect(await due(spans)).toEqual([['x', 0]])
    await spans.delivered([1])
    await spans.delivered([1])
    await spans.retryLater([1], AT_MS, 'x')
    await spans.bury([1], 'x')
    expect(await store.outboxCounts()).toMatchObject({ pending: 1, dead: 0 })
    await store.close()
  })
})

describe('an exporter that is', () => {
  test('new gets what is committed from then on', async () => {
    const { store, dataDir } = await open([reader('a')])
    await commit(store, 'x')
    await store.close()
    const again = await open([reader('a'), reader('b')], { dataDir })
    await commit(again.store, 'y')
    expect(await due(again.store.outbox('b', 'observation'))).toEqual([['y', 0]])
    expect(await again.store.outbox('b', 'observation').stats()).toMatchObject({ pending: 1 })
    expect(await due(again.store.outbox('a', 'observation'))).toEqual([
      ['x', 0],
      ['y', 0],
    ])
    await again.store.close()
  })

  test('taken out keeps nothing any more, and that is said', async () => {
    const { store, dataDir } = await open([reader('a'), reader('b')])
    await commit(store, 'x', 'y', 'z')
    await store.outbox('a', 'observation').delivered([1, 2])
    await store.outbox('b', 'observation').bury([1], 'HTTP 400')
    await store.close()
    const again = await open([reader('a')], { dataDir })
    expect(again.warnings).toMatchObject([
      { exporter: 'b', kind: 'observation', pending: 2, dead: 1 },
    ])
    again.store.upkeep.start()
    await again.clock.advance(1_000)
    expect(items(dataDir)).toBe(1)
    expect(await due(again.store.outbox('a', 'observation'))).toEqual([['z', 0]])
    expect(await again.store.outboxCounts()).toMatchObject({ pending: 1, dead: 0 })
    await again.store.close()
  })
})

describe('what is forwarded', () => {
  const records = reader('forward', true, ['records'])
  const keep = (store: Store<State>, ...digests: readonly string[]) =>
    store.forwarded.keep(
      digests.map((digest) => ({ digest, item: { name: digest } })),
      (fresh) => ({
        kind: 'records',
        sessionKey: '',
        key: '',
        signal: 'logs',
        encoding: 'json',
        items: fresh.length,
        request: { fresh },
      }),
    )

  test('waits once, however often it comes', async () => {
    const { store } = await open([reader('a'), records])
    expect(await keep(store, 'x', 'y')).toBe(true)
    expect(await keep(store, 'y', 'z')).toBe(true)
    expect(await keep(store, 'x', 'z')).toBe(false)
    const due = await store.outbox('forward', 'records').due(AT_MS, 10, MANY)
    expect(due.map(({ emission }) => emission)).toMatchObject([
      { items: 2, request: { fresh: [{ name: 'x' }, { name: 'y' }] } },
      { items: 1, request: { fresh: [{ name: 'z' }] } },
    ])
    expect(await store.outbox('a', 'observation').stats()).toMatchObject({ pending: 0 })
    await store.close()
  })

  test('is known after a restart', async () => {
    const { store, dataDir } = await open([records])
    await keep(store, 'x')
    await store.close()
    const again = await open([records], { dataDir })
    expect(await keep(again.store, 'x')).toBe(false)
    expect(await again.store.outbox('forward', 'records').stats()).toMatchObject({ pending: 1 })
    await again.store.close()
  })

  test('is not kept in part when it cannot be kept whole', async () => {
    const { store } = await open([records])
    await expect(
      store.forwarded.keep([{ digest: 'x', item: {} }], () => {
        throw new Error('cannot be written')
      }),
    ).rejects.toThrow('cannot be written')
    expect(await keep(store, 'x')).toBe(true)
    await store.close()
  })
})
