/** What commands ask of the store beside the page: quarters of models, what waits, who is left out. */
import { beforeEach, expect, test } from 'vitest'
import { DOCTOR_SESSION_PREFIX } from '../../../src/domain/identity.ts'
import { openReader } from '../../../src/storage/beside.ts'
import type { StoreReader } from '../../../src/storage/store-reader.ts'
import { AT_MS, nothing, observation, row } from './arrivals.ts'
import { type OpenStore, openStore } from './open-store.ts'

const all = { attributes: [] }
const ever = { fromMs: 0, toMs: AT_MS * 2 }

let store: OpenStore
beforeEach(async () => {
  store = await openStore()
  const model = (isSubagent: boolean, costUsd: number) => ({
    bucketMs: AT_MS,
    model: 'opus',
    isSubagent,
    dimensions: {},
    calls: 1,
    errors: 0,
    costUsd,
    estimatedUsd: 0,
    metricsUsd: 0,
    unpricedCalls: 0,
    inputTokens: 10,
    outputTokens: 20,
    cacheReadTokens: 30,
    cacheCreationTokens: 40,
    durationMs: 50,
  })
  const sessions = [row('s1', { project: 'web' }), row('s2'), row(`${DOCTOR_SESSION_PREFIX}1`)]
  const usage = sessions.map((session, index) => ({
    session,
    isMoved: false,
    usage: { models: [model(false, index), model(true, 10)], tools: [], activity: [] },
  }))
  const emissions = [observation('a'), observation('b'), observation('c')]
  await store.sessions.commit([], [], () => ({ ...nothing, sessions, usage, emissions }))
  await store.outbox.bury([1], 'HTTP 400')
})

async function read<T>(use: (reader: StoreReader) => Promise<T>): Promise<T> {
  const reader = await openReader(store)
  if (!reader.ok) throw new Error(reader.error)
  try {
    return await use(reader.value)
  } finally {
    await reader.value.close()
  }
}

test.each([
  ['all but test records', all, ever, 4],
  ['of a project', { ...all, project: 'web' }, ever, 2],
  ['up to and without a moment', all, { fromMs: 0, toMs: AT_MS }, 0],
  ['from a moment on', all, { fromMs: AT_MS, toMs: AT_MS + 1 }, 4],
])('quarters of models: %s', async (_, filter, span, rows) => {
  const found = await read(({ usage }) => usage.buckets(filter, span))
  expect(found).toHaveLength(rows)
  expect(new Set(found.map(({ isSubagent }) => isSubagent)).size).toBe(rows === 0 ? 0 : 2)
})

test('what waits, and what does not any more', async () => {
  expect(await read(({ waiting }) => waiting.counts())).toMatchObject({ pending: 2, dead: 1 })
  expect(await read(({ waiting }) => waiting.keys())).toEqual(new Set(['claude-code/s1']))
})

test('nobody worked in the sessions of test records: they are in no list', async () => {
  const question = { filter: all, fromMs: undefined, toMs: undefined, state: 'any' } as const
  const reader = await openReader(store)
  if (!reader.ok) throw new Error(reader.error)
  const order = { order: 'last', direction: 'desc' } as const
  const page = await reader.value.lists.page({ ...question, ...order }, undefined, 10)
  await reader.value.close()
  expect(page.map(({ sessionId }) => sessionId).toSorted()).toEqual(['s1', 's2'])
})
