/** Usage of before MCP tools and slash commands were counted: split by what records say. */
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { databaseBefore } from './older-database.ts'
import { databaseIn, openStore } from './open-store.ts'

const AT_MS = 1_795_229_558_000
const BUCKET_MS = Math.floor(AT_MS / 900_000) * 900_000
const TOKENS = { input_tokens: 1, output_tokens: 2, cache_read_tokens: 3, cache_creation_tokens: 4 }

function request(attributes: object) {
  const usual = {
    model: 'opus[1m]',
    cost_usd: 0.01,
    ...TOKENS,
    duration_ms: 5,
    query_source: 'sdk',
  }
  return { timeMs: AT_MS, eventName: 'api_request', attributes: { ...usual, ...attributes } }
}

const command = {
  timeMs: AT_MS,
  eventName: 'user_prompt',
  attributes: { 'event.name': 'user_prompt', 'prompt.id': 'p1', command_name: 'review' },
}

interface OldRow {
  readonly set: object
  readonly calls: number
  readonly costUsd: number
  readonly errors?: number
  readonly isSubagent?: boolean
}

async function split(rows: readonly OldRow[], records: readonly object[], agent = 'claude-code') {
  const dataDir = await databaseBefore('0021-tools-and-commands')
  const database = new Database(databaseIn(dataDir))
  database
    .prepare(
      `insert into sessions (id, session_key, agent, session_id, updated_ms) values (1, ?, ?, 's1', ?)`,
    )
    .run(`${agent}/s1`, agent, AT_MS)
  database.exec(`insert into origins (id, hash, scope_name, scope_version, resource)
    values (1, 'h', 's', '1', '{}')`)
  database
    .prepare(`insert into record_batches (id, session_ref, origin_ref, signal, received_ms, records, body)
      values (1, 1, 1, 'log', ?, ?, ?)`)
    .run(AT_MS, records.length, JSON.stringify(records))
  for (const [index, { set, calls, costUsd, errors = 0, isSubagent = false }] of rows.entries()) {
    const ref = index + 100
    database
      .prepare('insert into usage_dimensions (id, key) values (?, ?)')
      .run(ref, JSON.stringify(set))
    const amounts = [...Object.values(TOKENS), 5].map((each) => each * calls)
    database
      .prepare(`insert into model_usage (session_ref, bucket_ms, model, is_subagent, dimensions_ref,
          calls, errors, cost_usd, input_tokens, output_tokens, cache_read_tokens,
          cache_creation_tokens, duration_ms) values (1, ?, 'opus', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
      .run(BUCKET_MS, isSubagent ? 1 : 0, ref, calls, errors, costUsd, ...amounts)
  }
  database.close()
  const store = await openStore(dataDir)
  return store.rows(`select d.key, calls, errors, cost_usd, input_tokens from model_usage
    join usage_dimensions d on d.id = dimensions_ref order by d.key`)
}

const SDK = { querySource: 'sdk', costSource: 'agent' }
const DEMO = { querySource: 'sdk', mcpServer: 'demo', costSource: 'agent' }

test('a row is split by what the records of its calls say, and adds up to what it was', async () => {
  const rows = await split(
    [
      { set: SDK, calls: 2, costUsd: 0.02, errors: 1 },
      { set: DEMO, calls: 1, costUsd: 0.01 },
    ],
    [
      command,
      request({}),
      request({ 'prompt.id': 'p1' }),
      request({ 'prompt.id': 'p2', 'mcp_server.name': 'demo', 'mcp_tool.name': 'add' }),
    ],
  )
  expect(rows).toEqual([
    {
      key: '{"querySource":"sdk","command":"review","costSource":"agent"}',
      ...{ calls: 1, errors: 0, cost_usd: 0.01, input_tokens: 1 },
    },
    {
      key: '{"querySource":"sdk","costSource":"agent"}',
      ...{ calls: 1, errors: 1, cost_usd: 0.01, input_tokens: 1 },
    },
    {
      key: '{"querySource":"sdk","mcpServer":"demo","mcpTool":"add","costSource":"agent"}',
      ...{ calls: 1, errors: 0, cost_usd: 0.01, input_tokens: 1 },
    },
  ])
})

test('of subagents, whose type the record does not say', async () => {
  const set = { subagentType: 'Plan', ...SDK }
  const row = {
    set: { querySource: 'sdk', subagentType: 'Plan', costSource: 'agent' },
    calls: 1,
    costUsd: 0.01,
    isSubagent: true,
  }
  expect(await split([row], [command, request({ agent_id: 'a1', 'prompt.id': 'p1' })])).toEqual([
    {
      key: '{"querySource":"sdk","subagentType":"Plan","command":"review","costSource":"agent"}',
      ...{ calls: 1, errors: 0, cost_usd: 0.01, input_tokens: 1 },
    },
  ])
  // Of two types, nobody knows whose it was.
  const other = { ...row, set: { ...set, subagentType: 'Explore' } }
  const both = [row, other]
  const records = [
    command,
    request({ agent_id: 'a1', 'prompt.id': 'p1' }),
    request({ agent_id: 'a2' }),
  ]
  expect(await split(both, records)).toMatchObject([{ calls: 1 }, { calls: 1 }])
})

test.each<[string, OldRow, readonly object[], string?]>([
  [
    'a record of it is gone',
    { set: SDK, calls: 2, costUsd: 0.02 },
    [request({ 'prompt.id': 'p1' })],
  ],
  [
    'it cost something else',
    { set: SDK, calls: 1, costUsd: 0.02 },
    [request({ 'prompt.id': 'p1' })],
  ],
  ['nothing is told', { set: SDK, calls: 1, costUsd: 0.01 }, [request({})]],
  [
    'it is of another agent',
    { set: SDK, calls: 1, costUsd: 0.01 },
    [request({ 'prompt.id': 'p1' })],
    'codex',
  ],
])('a row stays whole where %s', async (_, row, records, agent) => {
  const { calls, costUsd: cost_usd } = row
  expect(await split([row], [command, ...records], agent)).toMatchObject([
    { key: JSON.stringify(SDK), calls, cost_usd },
  ])
})
