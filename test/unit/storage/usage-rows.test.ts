/** What sessions used adds up, bucket by bucket. */
import { expect, test } from 'vitest'
import type { ModelUsage, Usage } from '../../../src/domain/usage.ts'
import { nothing, row } from './arrivals.ts'
import { openStore } from './open-store.ts'

const calls: ModelUsage = {
  bucketMs: 900_000,
  model: 'opus',
  isSubagent: false,
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
