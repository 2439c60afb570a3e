/** What sessions used adds up, bucket by bucket. */
import { expect, test } from 'vitest'
import type { SessionUsage } from '../../../src/domain/session-store.ts'
import type { ModelUsage, Usage } from '../../../src/domain/usage.ts'
import { nothing, row } from './arrivals.ts'
import { openStore } from './open-store.ts'

const calls: ModelUsage = {
  bucketMs: 900_000,
  model: 'opus',
  isSubagent: false,
  dimensions: {},
  calls: 2,
  errors: 1,
  costUsd: 0.5,
  estimatedUsd: 0,
  metricsUsd: 0,
  unpricedCalls: 0,
  inputTokens: 1,
  outputTokens: 2,
  cacheReadTokens: 3,
  cacheCreationTokens: 4,
  durationMs: 5,
}

const usage: Usage = {
  models: [calls, { ...calls, isSubagent: true, calls: 7 }],
  tools: [{ bucketMs: 900_000, tool: 'Bash', results: 2, failures: 1, refusals: 1, durationMs: 9 }],
  activity: [{ bucketMs: 900_000, measure: 'lines_of_code', facet: 'added', value: 10 }],
}

const named = {
  querySource: 'sdk',
  skill: 'greet',
  effort: 'high',
  costSource: 'agent',
} as const

test('increments of one bucket and name add up; others stand apart', async () => {
  const store = await openStore()
  const used = (sessionId: string) => ({
    ...nothing,
    usage: [{ session: row(sessionId), usage, isMoved: false }],
  })
  await store.sessions.commit([], [], () => used('s1'))
  await store.sessions.commit([], [], () => used('s1'))
  await store.sessions.commit([], [], () => used('s2'))
  expect(store.rows('select * from model_usage where session_ref = 1')).toEqual([
    {
      session_ref: 1,
      bucket_ms: 900_000,
      model: 'opus',
      is_subagent: 0,
      dimensions_ref: expect.any(Number) as unknown,
      calls: 4,
      errors: 2,
      cost_usd: 1,
      estimated_usd: 0,
      metrics_usd: 0,
      unpriced_calls: 0,
      input_tokens: 2,
      output_tokens: 4,
      cache_read_tokens: 6,
      cache_creation_tokens: 8,
      duration_ms: 10,
    },
    expect.objectContaining({ is_subagent: 1, calls: 14, cost_usd: 1 }),
  ])
  expect(store.rows('select * from tool_usage where session_ref = 1')).toEqual([
    {
      session_ref: 1,
      bucket_ms: 900_000,
      tool: 'Bash',
      results: 4,
      failures: 2,
      refusals: 2,
      duration_ms: 18,
    },
  ])
  expect(store.rows('select value from activity')).toEqual([{ value: 20 }, { value: 10 }])
})

test('a set of dimensions is stored once, and keeps rows of one model apart', async () => {
  const store = await openStore()
  const models = [calls, { ...calls, dimensions: named }, { ...calls, dimensions: { ...named } }]
  const used = (sessionId: string) => ({
    ...nothing,
    usage: [{ session: row(sessionId), usage: { ...usage, models }, isMoved: false }],
  })
  await store.sessions.commit([], [], () => used('s1'))
  await store.sessions.commit([], [], () => used('s2'))
  const rows = store.rows(`select s.session_id, d.key, u.calls
    from model_usage u join usage_dimensions d on d.id = u.dimensions_ref
    join sessions s on s.id = u.session_ref order by 1, 2`)
  const key = '{"querySource":"sdk","skill":"greet","effort":"high","costSource":"agent"}'
  expect(rows).toEqual(
    ['s1', 's2'].flatMap((session_id) => [
      { session_id, key, calls: 4 },
      { session_id, key: '{}', calls: 2 },
    ]),
  )
  const sets = "select count(*) as sets from usage_dimensions where key ->> 'skill' = 'greet'"
  expect(store.rows(sets)).toEqual([{ sets: 1 }])
})

test('a set that a failed commit had made is made again', async () => {
  const store = await openStore()
  const session = row('s1')
  const models = [{ ...calls, dimensions: named }]
  const used = { session, usage: { ...usage, models }, isMoved: false }
  const broken = {
    ...used,
    usage: {
      ...usage,
      get models(): never {
        throw new Error('no disk')
      },
    },
  }
  const commit = (all: readonly SessionUsage[]) =>
    store.sessions.commit([], [], () => ({ ...nothing, usage: all }))
  await expect(commit([used, broken])).rejects.toThrow('no disk')
  await commit([used])
  expect(
    store.rows(`select d.key ->> 'skill' as skill from model_usage u
      join usage_dimensions d on d.id = u.dimensions_ref`),
  ).toEqual([{ skill: 'greet' }])
})
