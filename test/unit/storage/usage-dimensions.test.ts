/** Usage of before calls were told apart by what they were made for: split by what records say. */
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { databaseBefore } from './older-database.ts'
import { databaseIn, openStore } from './open-store.ts'

const BUCKET_MS = 900_000
const AT_MS = 1_795_229_558_000
const bucket = Math.floor(AT_MS / BUCKET_MS) * BUCKET_MS

interface OldRow {
  readonly model?: string
  readonly isSubagent?: boolean
  readonly calls: number
  readonly errors?: number
  readonly costUsd: number
  readonly estimatedUsd?: number
  readonly unpricedCalls?: number
}

/** Of each call; the cost differs. */
const TOKENS = { input_tokens: 1, output_tokens: 2, cache_read_tokens: 3, cache_creation_tokens: 4 }
const DURATION_MS = 5

/** A file of the schema before, with one session: what it used, and its records. */
async function oldStore(
  rows: readonly OldRow[],
  records: readonly object[],
  { agent = 'claude-code', signal = 'log', body = JSON.stringify(records) } = {},
) {
  const dataDir = await databaseBefore('0011-usage-dimensions')
  const database = new Database(databaseIn(dataDir))
  database
    .prepare(
      `insert into sessions (id, session_key, agent, session_id, updated_ms) values (1, ?, ?, 's1', ?)`,
    )
    .run(`${agent}/s1`, agent, AT_MS)
  database.exec(`insert into origins (id, hash, scope_name, scope_version, resource)
    values (1, 'h', 's', '1', '{}')`)
  database
    .prepare(
      `insert into record_batches (id, session_ref, origin_ref, signal, received_ms, records, body)
       values (?, 1, 1, ?, ?, 1, ?)`,
    )
    .run(1, signal, AT_MS, body)
  const insert = database.prepare(`insert into model_usage (session_ref, bucket_ms, model,
      is_subagent, calls, errors, cost_usd, estimated_usd, unpriced_calls, input_tokens,
      output_tokens, cache_read_tokens, cache_creation_tokens, duration_ms)
    values (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  for (const row of rows) {
    const { model = 'opus', isSubagent = false, calls, errors = 0, costUsd } = row
    const { estimatedUsd = null, unpricedCalls = 0 } = row
    const amounts = [...Object.values(TOKENS), DURATION_MS].map((each) => each * calls)
    const subagent = isSubagent ? 1 : 0
    const key = [bucket, model, subagent, calls, errors, costUsd, estimatedUsd, unpricedCalls]
    insert.run(...key, ...amounts)
  }
  database.close()
  return openStore(dataDir)
}

function request(attributes: object, costUsd: number | string = 0.01) {
  return {
    timeMs: AT_MS,
    eventName: 'api_request',
    body: 'claude_code.api_request',
    attributes: {
      'event.name': 'api_request',
      model: 'opus[1m]',
      cost_usd: costUsd,
      ...TOKENS,
      duration_ms: DURATION_MS,
      ...attributes,
    },
  }
}

function dimensionsIn(store: Awaited<ReturnType<typeof openStore>>) {
  return store.rows(`select model, is_subagent, calls, errors, cost_usd, input_tokens, duration_ms,
      d.key ->> 'querySource' as query_source, d.key ->> 'subagentType' as subagent_type,
      d.key ->> 'skill' as skill, d.key ->> 'effort' as effort,
      d.key ->> 'costSource' as cost_source
    from model_usage join usage_dimensions d on d.id = dimensions_ref
    order by is_subagent, calls, skill, errors`)
}

const nothing = { query_source: null, subagent_type: null, skill: null, effort: null }

test('a row is split by what the records of its calls say, and adds up to what it was', async () => {
  const store = await oldStore(
    [
      { calls: 3, errors: 1, costUsd: 0.03 },
      { calls: 2, costUsd: 0.3, isSubagent: true },
    ],
    [
      request({ query_source: 'sdk', effort: 'high' }),
      request({ query_source: 'sdk', effort: 'high' }, '0.01'),
      request({ query_source: 'sdk', 'skill.name': 'greet' }),
      request({ agent_id: 'a1' }, 0.1),
      request({ agent_id: 'a2', 'agent.name': 'Plan' }, 0.2),
      {
        timeMs: AT_MS,
        eventName: 'subagent_completed',
        attributes: { agent_id: 'a1', agent_type: 'Explore' },
      },
    ],
  )
  const main = { model: 'opus', is_subagent: 0, errors: 0, ...nothing }
  const agent = { ...main, is_subagent: 1, calls: 1, input_tokens: 1, duration_ms: 5 }
  const sdk = { query_source: 'sdk', cost_source: 'agent' }
  expect(dimensionsIn(store)).toEqual([
    {
      ...main,
      calls: 0,
      errors: 1,
      cost_usd: 0,
      input_tokens: 0,
      duration_ms: 0,
      cost_source: null,
    },
    { ...main, ...sdk, calls: 1, cost_usd: 0.01, input_tokens: 1, duration_ms: 5, skill: 'greet' },
    { ...main, ...sdk, calls: 2, cost_usd: 0.02, input_tokens: 2, duration_ms: 10, effort: 'high' },
    { ...agent, cost_usd: 0.1, subagent_type: 'Explore', cost_source: 'agent' },
    { ...agent, cost_usd: 0.2, subagent_type: 'Plan', cost_source: 'agent' },
  ])
})

test.each([
  ['a record of it is gone', [{ calls: 2, costUsd: 0.02 }], [request({ query_source: 'sdk' })]],
  ['it cost something else', [{ calls: 1, costUsd: 0.02 }], [request({ query_source: 'sdk' })]],
  [
    'a record does not say its cost',
    [{ calls: 1, costUsd: 0.01 }],
    [request({ query_source: 'sdk', cost_usd: undefined })],
  ],
  [
    'a name is longer than names are kept',
    [{ calls: 1, costUsd: 0.01 }],
    [request({ query_source: 's'.repeat(300) })],
  ],
])('a row stays whole where %s', async (_, rows, records) => {
  const store = await oldStore(rows, records)
  const [{ calls, costUsd: cost_usd } = { calls: 0, costUsd: 0 }] = rows
  expect(dimensionsIn(store)).toMatchObject([{ ...nothing, calls, cost_usd, cost_source: 'agent' }])
})

test.each([
  ['was estimated', { calls: 1, costUsd: 0.01, estimatedUsd: 0.01 }],
  ['is not known of all calls', { calls: 1, costUsd: 0.01, unpricedCalls: 1 }],
])('who says the cost is not known where it %s', async (_, row) => {
  const store = await oldStore([row], [request({ query_source: 'sdk' })])
  expect(dimensionsIn(store)).toMatchObject([{ ...nothing, calls: 1, cost_source: null }])
})

test.each([
  ['of another agent', { agent: 'codex' }],
  ['that nobody can read', { body: '[{"eventName":"api_request",' }],
  ['that are no list', { body: '{"eventName":"api_request"}' }],
])('records %s change nothing', async (_, how) => {
  const row = { calls: 1, costUsd: 0.01, isSubagent: true }
  const store = await oldStore([row], [request({ query_source: 'sdk', agent_id: 'a1' })], how)
  expect(dimensionsIn(store)).toMatchObject([
    { ...nothing, calls: 1, subagent_type: 'unknown', cost_source: 'agent' },
  ])
})
