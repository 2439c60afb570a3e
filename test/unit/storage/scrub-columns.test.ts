/** Which texts of the store `scrub` masks, and the keys of scores among them. */
import { describe, expect, test } from 'vitest'
import { createStoredMasker } from '../../../src/processors/stored-masker.ts'
import { findSecretsBeside, scrubBeside } from '../../../src/reports/scrub.ts'
import { nothing, score } from './arrivals.ts'
import { openStore, withDatabase } from './open-store.ts'

/** Columns that may hold what somebody sent: `scrub` reads them, and writes them. */
const MASKED = new Set([
  ...['session_key', 'session_id', 'user_id', 'title', 'project', 'team'].map(
    (column) => `sessions.${column}`,
  ),
  ...['sessions.owner_team', 'sessions.owner_user'],
  'session_states.state',
  ...['scope_name', 'scope_version', 'resource'].map((column) => `origins.${column}`),
  'record_batches.body',
  'session_controls.detail',
  'seen.dedup_key',
  ...['key', 'value'].map((column) => `session_attributes.${column}`),
  ...['dedup_key', 'prompt_id', 'command', 'text'].map((column) => `prompts.${column}`),
  'model_usage.model',
  'tool_usage.tool',
  'activity.facet',
  'work_segments.work',
  'usage_dimensions.key',
  ...['session_key', 'score_key', 'payload'].map((column) => `outbox.${column}`),
  'outbox_exceptions.reason',
  'budget_alerts.subject',
  'alerts.subject',
  'audit_log.target',
  ...['message', 'name', 'record'].map((column) => `quarantine.${column}`),
  'transcript_files.state',
  'span_traces.facts',
  'span_trace_parts.body',
  // Rows of deleted sessions are deleted before anything else.
  'deletions.session_key',
])

/** Columns whose texts are the program's own: constants, hashes, names of exporters, settings. */
const OWN = new Set([
  ...['sessions.agent', 'sessions.close_reason', 'origins.hash', 'record_batches.signal'],
  ...['session_controls.kind', 'policies.policy', 'seen.detail', 'activity.measure'],
  ...['outbox.kind', 'outbox_positions.exporter', 'outbox_positions.kind'],
  ...['outbox_exceptions.exporter', 'outbox_exceptions.kind', 'outbox_exceptions.state'],
  ...['budget_alerts.id', 'budget_alerts.scope', 'budget_alerts.date'],
  // Names of windows are of a list.
  'plan_windows.name',
  ...['id', 'channel', 'kind', 'topic', 'body'].map((column) => `alerts.${column}`),
  // What an operator wrote.
  ...['name', 'subject_kind', 'subject', 'time_window'].map((column) => `budgets.${column}`),
  ...['ids.name', 'totals.name', 'pauses.destination', 'forwarded.digest'],
  ...['quarantine.hash', 'quarantine.signal', 'quarantine.reason', 'quarantine.owner'],
  ...['sessions.route', 'outbox.destination', 'span_traces.owner', 'span_traces.trace_id'],
  ...['api_keys.id', 'api_keys.name', 'api_keys.body'],
  ...['audit_log.actor', 'audit_log.action', 'audit_log.outcome'],
  ...['transcript_claims.claim', 'transcript_files.path_hash', 'transcript_files.head'],
  ...['alike', 'join_id', 'join_key', 'telemetry_key'].map(
    (column) => `transcript_joins.${column}`,
  ),
  // Masked before they are stored; what scrub is for was sent by agents.
  ...['scope', 'subject', 'created_by'].map((column) => `budget_overrides.${column}`),
])

test('every text column is one that scrub masks, or one of the program', async () => {
  const store = await openStore()
  const columns = store.rows(
    `select m.name || '.' || c.name as name
     from sqlite_master m join pragma_table_info(m.name) c
     where m.type = 'table' and m.name not like 'sqlite_%' and m.name not like 'kysely_%'
       and lower(c.type) = 'text'`,
  ) as { readonly name: string }[]
  const names = columns.map(({ name }) => name)
  expect([...names].sort()).toEqual([...MASKED, ...OWN].sort())
})

const TOKEN = 'ghp_9fK2mQ7xT4vB8nL1cR6wZ3yH5jD0sA9gPq2E'
const SCORES = 'select id, score_key, payload from outbox order by id'
const masker = createStoredMasker({
  mode: 'on',
  attributes: new Set(),
  userRules: [],
  content: new Set(),
})

async function storeWith(...keys: string[]) {
  const store = await openStore()
  const emissions = keys.map((key) => score(key))
  await store.sessions.commit([], [], () => ({ ...nothing, emissions }))
  return store
}

interface Row {
  readonly id: number
  readonly score_key: string
  readonly payload: string
}

test('a trace is forgotten that knows a session by a secret', async () => {
  const store = await openStore()
  const deps = { store: store.scrub.store, masker }
  for (const [traceId, name] of [
    ['clean', 'session'],
    ['facts', TOKEN],
    ['part', TOKEN],
  ] as const) {
    await store.traces.change(
      '',
      [{ traceId, isBegun: true }],
      () => undefined,
      ([trace]) => [
        {
          ref: trace?.ref ?? 0,
          facts: traceId === 'part' ? '{}' : JSON.stringify({ sessionId: name }),
          part: JSON.stringify({ spans: [['s', traceId === 'facts' ? {} : { sessionId: name }]] }),
          ...{ spans: 1, isWhole: false },
        },
      ],
    )
  }
  expect((await findSecretsBeside(deps)).isChanged).toBe(true)
  await scrubBeside(deps)
  expect(store.rows('select trace_id from span_traces')).toEqual([{ trace_id: 'clean' }])
  expect(store.rows('select body from span_trace_parts')).toHaveLength(1)
  expect((await findSecretsBeside(deps)).isChanged).toBe(false)
})

describe('the key of a score', () => {
  test('is masked with its payload', async () => {
    const store = await storeWith(`cost ${TOKEN}`, 'other')
    const deps = { store: store.scrub.store, masker }
    expect((await scrubBeside(deps)).isChanged).toBe(true)
    const rows = store.rows(SCORES) as Row[]
    expect(rows.map((row) => row.score_key)).toEqual(['cost [masked: github-token]', 'other'])
    for (const row of rows) expect(JSON.parse(row.payload)).toMatchObject({ key: row.score_key })
    expect((await findSecretsBeside(deps)).isChanged).toBe(false)
  })

  test('is masked where the payload was before', async () => {
    const store = await storeWith('cost')
    withDatabase(store.dataDir, (database) =>
      database.prepare('update outbox set score_key = ?').run(TOKEN),
    )
    const deps = { store: store.scrub.store, masker }
    expect((await findSecretsBeside(deps)).isChanged).toBe(true)
    await scrubBeside(deps)
    expect((store.rows(SCORES) as Row[]).map((row) => row.score_key)).toEqual(['cost'])
    expect((await findSecretsBeside(deps)).isChanged).toBe(false)
  })

  test('is that of the newer score where two become one', async () => {
    const other = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`
    const store = await storeWith(TOKEN, other, 'last')
    await scrubBeside({ store: store.scrub.store, masker })
    const rows = store.rows(SCORES) as Row[]
    expect(rows.map(({ id, score_key }) => [id, score_key])).toEqual([
      [2, '[masked: github-token]'],
      [3, 'last'],
    ])
    expect(await store.outbox.stats()).toMatchObject({ pending: 2, dead: 0 })
  })

  test('counts for nothing beside a payload that is damaged', async () => {
    const store = await storeWith(TOKEN)
    withDatabase(store.dataDir, (database) =>
      database.prepare('update outbox set payload = ?').run(`{"key": "${TOKEN}`),
    )
    await scrubBeside({ store: store.scrub.store, masker })
    expect(JSON.stringify(store.rows('select * from outbox'))).not.toContain(TOKEN)
  })
})
