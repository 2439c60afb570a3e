/** What `/health` tells while the store does well, and while it does not. */
import { expect, test } from 'vitest'
import type { Deliveries } from '../../../src/exporters/deliveries.ts'
import type { OutboxStats } from '../../../src/domain/outbox.ts'
import { createHealth } from '../../../src/app/health.ts'
import { createCounters } from '../../../src/observability/counters.ts'
import type { StorageState, Store } from '../../../src/storage/store.ts'
import { createManualClock } from '../manual-clock.ts'

const START_MS = Date.UTC(2026, 10, 21, 9)

function rig() {
  const clock = createManualClock(START_MS)
  let reads = 0
  const state = {
    storage: { isWritable: true, lastCommitMs: START_MS, failure: undefined } as StorageState,
    stats: (): OutboxStats => ({ pending: 7, dead: 2, oldestPendingMs: START_MS - 5000 }),
    probes: 0,
  }
  const store = {
    instance: 'an-id',
    outboxCounts: async () => {
      const { pending, dead } = state.stats()
      const counts = { pending, dead }
      return { ...counts, queues: [{ exporter: 'langfuse', kind: 'observation', ...counts }] }
    },
    outbox: () => ({
      stats: async () => {
        reads += 1
        return state.stats()
      },
    }),
    sessions: { countOpenSessions: async () => 3 },
    upkeep: { dropped: () => 4 },
    check: async () => {
      state.probes += 1
    },
    storage: () => state.storage,
    size: async () => ({
      usedBytes: 900,
      maxBytes: 1000,
      state: 'within',
      waitingSessions: 0,
      droppedSessions: 5,
    }),
  } as unknown as Store<unknown>
  const delivery = {
    status: () => [{ name: 'langfuse', state: 'connected', lastDeliveredMs: START_MS }],
  } as unknown as Deliveries
  const log = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} }
  const health = createHealth({ store, delivery, counters: createCounters(), clock, log })
  return { clock, state, health, reads: () => reads }
}

const figures = {
  sessions: 3,
  delivery: { pending: 7, dead: 2, dropped: 4, oldestPendingMs: 5000 },
  exporters: [{ name: 'langfuse', state: 'connected', pending: 7, dead: 2, oldestPendingMs: 5000 }],
  asOf: '2026-11-21T09:00:00.000Z',
}
const failure = { sinceMs: START_MS + 2000, message: 'database or disk is full' }

test('a store that takes records', async () => {
  const { health } = rig()
  expect(await health()).toMatchObject({
    ...figures,
    status: 'ok',
    instance: 'an-id',
    storage: {
      state: 'ok',
      lastCommitAt: '2026-11-21T09:00:00.000Z',
      failingSince: null,
      lastError: null,
      usedBytes: 900,
      maxBytes: 1000,
      size: 'within',
      droppedSessions: 5,
    },
  })
})

test('is asked as often as anybody likes: nothing is tried, and little is read', async () => {
  const { health, state, clock, reads } = rig()
  for (let n = 0; n < 100; n += 1) await health()
  expect([state.probes, reads()]).toEqual([0, 1])
  await clock.advance(1000)
  await health()
  expect([state.probes, reads()]).toEqual([0, 2])
})

test('a store that cannot be written says so at once, and why, with the figures there are', async () => {
  const { health, state } = rig()
  await health()
  state.storage = { isWritable: false, lastCommitMs: START_MS, failure }
  expect(await health()).toMatchObject({
    ...figures,
    status: 'unavailable',
    storage: {
      state: 'failing',
      failingSince: '2026-11-21T09:00:02.000Z',
      lastError: 'database or disk is full',
    },
  })
  state.storage = { isWritable: true, lastCommitMs: START_MS + 3000, failure: undefined }
  expect(await health()).toMatchObject({ status: 'ok', storage: { state: 'ok', lastError: null } })
})

test('figures that cannot be read any more are those of before, with their time', async () => {
  const { health, state, clock } = rig()
  await health()
  state.stats = () => {
    throw new Error('disk I/O error')
  }
  await clock.advance(60_000)
  expect(await health()).toMatchObject({
    sessions: 3,
    delivery: { pending: 7, dead: 2, dropped: 4, oldestPendingMs: 65_000 },
    asOf: figures.asOf,
  })
})

test('figures that were never read are unknown, not 0', async () => {
  const { health, state } = rig()
  state.stats = () => {
    throw new Error('disk I/O error')
  }
  expect(await health()).toMatchObject({
    sessions: null,
    delivery: { pending: null, dead: null, dropped: null, oldestPendingMs: null },
    asOf: null,
  })
})
