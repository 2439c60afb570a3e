/** A database of an older program: brought up to date with all that is in it. */
import Database from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { expect, test } from 'vitest'
import { initial } from '../../../src/storage/sqlite/migrations/0001-initial.ts'
import { bucketOf } from '../../../src/domain/usage.ts'
import { migrations } from '../../../src/storage/sqlite/migrations/migrations.ts'
import type { SessionState } from '../../../src/sessions/state.ts'
import { arrives, closing, run, sample } from '../sessions/events.ts'
import { AT_MS, base, nothing, observation, other, score } from './arrivals.ts'
import { databaseBefore, schemaOf } from './older-database.ts'
import { openDatabase } from '../../../src/storage/sqlite/open-database.ts'
import { databaseIn, openStore, temporaryFolder, withDatabase } from './open-store.ts'

/** A file as the first released schema left it, with a record, a session and two items. */
async function oldDatabase(): Promise<string> {
  const dataDir = temporaryFolder()
  const database = new Database(databaseIn(dataDir))
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database }) })
  const provider = { getMigrations: async () => ({ '0001-initial': initial }) }
  const { error } = await new Migrator({ db, provider }).migrateToLatest()
  if (error !== undefined) throw new Error('the first migration failed', { cause: error })
  database.exec(`
    insert into sessions (session_key, agent, session_id, updated_ms, deadline_ms, state_version, state)
      values ('claude-code/s1', 'claude-code', 's1', ${AT_MS}, ${AT_MS + 5}, 1, '{"seen":["a"]}');
    insert into origins (hash, scope_name, scope_version, resource) values ('h', 's', '1', '{"team":"red"}');
    insert into events
      (session_ref, dedup_key, signal, name, time_ms, received_ms, origin_ref, attributes) values
      (1, 'a', 'log', 'something', ${AT_MS}, ${AT_MS}, 1, '{"n":1}'),
      (1, 'm', 'metric', 'commits', ${AT_MS}, ${AT_MS}, 1, '{}'),
      (1, 's', 'trace', 'llm', ${AT_MS}, ${AT_MS}, 1, '{"spanId":"1"}'),
      (1, 'h', 'hook', 'Stop', ${AT_MS}, ${AT_MS}, 1, '{"session_id":"s1"}');
    insert into prompts (event_id, session_ref, time_ms, prompt_id, text)
      values (1, 1, ${AT_MS}, 'p1', 'hello');
    insert into metric_points
      (event_id, session_ref, time_ms, name, measure, series_key, temporality, value)
      values (2, 1, ${AT_MS}, 'commits', 'commits', 'k', 'delta', 2);
    insert into model_calls (event_id, session_ref, time_ms, model, success, is_main, subagent_id,
      cost_usd, input_tokens, duration_ms) values
      (1, 1, ${AT_MS}, 'opus', 1, 1, null, 0.5, 7, 9), (2, 1, ${AT_MS}, 'opus', 0, 1, null, null, null, 3),
      (3, 1, ${AT_MS}, 'opus', 1, 0, 'a', 0.25, 1, 1);
    insert into tool_calls (event_id, session_ref, time_ms, tool, success, duration_ms)
      values (1, 1, ${AT_MS}, 'Bash', 0, 5);
    insert into tool_decisions (event_id, session_ref, time_ms, tool, accepted, source)
      values (2, 1, ${AT_MS}, 'Bash', 0, 'user_reject')`)
  const put = database.prepare(`
    insert into outbox (session_key, kind, state, attempts, not_before_ms, created_ms,
      payload_version, bytes, payload) values ('claude-code/s1', 'observation', 'pending', 0, 0,
      ${AT_MS}, ?, 10, ?)`)
  put.run(1, JSON.stringify(observation('kept')))
  put.run(99, '{"written":"by another program"}')
  await db.destroy()
  return dataDir
}

test('a migration that fails leaves the database as it was', async () => {
  const dataDir = await oldDatabase()
  const before = schemaOf(dataDir)
  withDatabase(dataDir, (database) => database.exec('create table plan_windows (in_the_way)'))
  await expect(openDatabase(databaseIn(dataDir))).rejects.toThrow(
    'table "plan_windows" already exists',
  )
  withDatabase(dataDir, (database) => database.exec('drop table plan_windows'))
  expect(schemaOf(dataDir)).toEqual(before)
  const opened = await openDatabase(databaseIn(dataDir))
  expect(opened.ok).toBe(true)
  if (opened.ok) opened.value.close()
  const names = Object.keys(migrations).map((name) => ({ name }))
  expect(schemaOf(dataDir)).toEqual(expect.arrayContaining(names))
})

test('an alert that waited for the webhook is in its queue, and budgets count what was spent', async () => {
  const dataDir = await databaseBefore('0022')
  const database = new Database(databaseIn(dataDir))
  database.exec(`
    insert into sessions (session_key, agent, session_id, updated_ms, user_id, project, cost_usd)
      values ('claude-code/s1', 'claude-code', 's1', ${AT_MS}, 'ada', 'web', 2);
    insert into model_usage (session_ref, bucket_ms, model, is_subagent, dimensions_ref, calls, errors,
      cost_usd) select 1, ${bucketOf(AT_MS)}, 'opus', 0, min(id), 1, 0, 2 from usage_dimensions;
    insert into budget_alerts (id, scope, subject, date, threshold, limit_usd, spent_usd, created_ms,
      webhook_attempts, webhook_not_before_ms) values
      ('a', 'user', 'ada', '2026-11-18', 80, 2, 1.7, ${AT_MS}, 3, ${AT_MS + 9}),
      ('b', 'user', 'ada', '2026-11-18', 100, 2, 2, ${AT_MS}, 0, null)`)
  database.close()
  const store = await openStore(dataDir)
  await store.alerts.adopt(['webhook', 'mail'])
  await store.alerts.adopt(['webhook', 'mail'])
  for (const channel of ['webhook', 'mail']) {
    const queue = store.alerts.queue(channel)
    const alert = {
      kind: 'budget',
      scope: 'user',
      subject: 'ada',
      date: '2026-11-18',
      threshold: 80,
    }
    expect(await queue.next()).toMatchObject({ id: 'a', alert: { ...alert, spentUsd: 1.7 } })
    await queue.settle('a')
    expect(await queue.next()).toBeUndefined()
  }
  expect(await store.budgets.list()).toEqual([])
  const day = { fromMs: bucketOf(AT_MS), toMs: AT_MS }
  expect(await store.brake.spending(day)).toMatchObject([
    { userId: 'ada', project: 'web', agent: 'claude-code', model: 'opus', costUsd: 2 },
  ])
})

test('sessions of before keys belong to the team and the user that they name', async () => {
  const dataDir = temporaryFolder()
  const database = new Database(databaseIn(dataDir))
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database }) })
  const before = Object.fromEntries(
    Object.entries(migrations).filter(([name]) => name < '0014-access'),
  )
  const provider = { getMigrations: async () => before }
  const { error } = await new Migrator({ db, provider }).migrateToLatest()
  expect(error).toBeUndefined()
  database.exec(`
    insert into sessions (session_key, agent, session_id, updated_ms, team, user_id) values
      ('claude-code/s1', 'claude-code', 's1', ${AT_MS}, 'red', 'ada'),
      ('claude-code/s2', 'claude-code', 's2', ${AT_MS}, null, null);
    insert into outbox (id, session_key, kind, score_key, created_ms, payload_version, bytes, payload)
      values (1, 'claude-code/s1', 'score', 'quality', ${AT_MS}, 1, 2, '{}')`)
  await db.destroy()
  const store = await openStore(dataDir)
  expect(store.rows('select owner_team, owner_user, route from sessions order by id')).toEqual([
    { owner_team: 'red', owner_user: 'ada', route: null },
    { owner_team: null, owner_user: null, route: null },
  ])
  expect(store.rows('select id, destination from outbox')).toEqual([{ id: 1, destination: '' }])
})

test('a database of the first schema is brought up to date, whole', async () => {
  const store = await openStore(await oldDatabase())
  const applied = store.rows('select name from kysely_migration order by name')
  expect(applied).toEqual(Object.keys(migrations).map((name) => ({ name })))

  expect(
    store.rows('select cost_usd, estimated_usd, metrics_usd, unpriced_calls from model_usage'),
  ).toEqual([
    { cost_usd: 0.5, estimated_usd: null, metrics_usd: null, unpriced_calls: 0 },
    { cost_usd: 0.25, estimated_usd: null, metrics_usd: null, unpriced_calls: 0 },
  ])
  expect(store.rows('select * from bare_ids')).toEqual([{ until_ms: AT_MS }])

  let fresh: readonly string[] = []
  let state: unknown
  await store.sessions.commit([other('a'), other('b')], ['claude-code/s1'], (arrivals, stored) => {
    fresh = arrivals.map(({ item }) => item.dedupKey)
    state = stored.get('claude-code/s1')
    return nothing
  })
  expect(fresh).toEqual(['b'])
  expect(state).toEqual({ seen: ['a'] })
})

test('an item of another payload version is put aside with the reason, its neighbour is not', async () => {
  const store = await openStore(await oldDatabase())
  const due = await store.outbox.due(AT_MS, 10, 1_000_000)
  expect(due.map(({ emission }) => emission)).toEqual([observation('kept')])
  expect(await store.outbox.stats()).toMatchObject({ pending: 1, dead: 1 })
  expect(store.rows(`select reason from outbox_exceptions where state = 'dead'`)).toEqual([
    { reason: expect.stringMatching(/version 99, written by a newer .* reads 1\. Update it/) },
  ])
})

test('records and what was used are carried over into the tables of today', async () => {
  const store = await openStore(await oldDatabase())
  const batches = store.rows('select signal, records, body from record_batches order by id')
  const record = { timeMs: AT_MS, attributes: {} }
  const expected = [
    { ...record, eventName: 'something', body: 'something', attributes: { n: 1 } },
    {
      ...record,
      name: 'commits',
      unit: '',
      temporality: 'delta',
      startNanos: '0',
      timeNanos: `${AT_MS}000000`,
      value: 2,
    },
    { spanId: '1', name: 'llm' },
    { body: { session_id: 's1' }, labels: {} },
  ]
  expect(batches.map((row) => JSON.parse((row as { body: string }).body) as unknown)).toEqual(
    expected.map((each) => [each]),
  )

  const ids = { session_ref: 1, bucket_ms: bucketOf(AT_MS) }
  const calls = { ...ids, model: 'opus', output_tokens: 0 }
  expect(store.rows('select * from model_usage')).toMatchObject([
    {
      ...calls,
      is_subagent: 0,
      calls: 1,
      errors: 1,
      cost_usd: 0.5,
      input_tokens: 7,
      duration_ms: 9,
    },
    { ...calls, is_subagent: 1, calls: 1, errors: 0, cost_usd: 0.25, input_tokens: 1 },
  ])
  expect(store.rows('select * from tool_usage')).toEqual([
    { ...ids, tool: 'Bash', results: 1, failures: 1, refusals: 1, duration_ms: 5 },
  ])
  expect(store.rows('select * from activity')).toEqual([
    { ...ids, measure: 'commits', facet: '', value: 2 },
    { ...ids, measure: 'prompts', facet: '', value: 1 },
  ])
  expect(store.rows('select key, value from session_attributes')).toEqual([
    { key: 'team', value: 'red' },
  ])
  expect(store.rows('select title, first_prompt_ms from sessions')).toEqual([
    { title: 'hello', first_prompt_ms: AT_MS },
  ])
})

test('claims of before ranks stay where they are until their sessions are read again', async () => {
  const dataDir = await databaseBefore('0017-transcript-ranks')
  const database = new Database(databaseIn(dataDir))
  database.exec(`
    insert into sessions (id, session_key, agent, session_id, updated_ms, first_ms, last_ms)
      values (1, 'claude-code/s1', 'claude-code', 's1', ${AT_MS}, ${AT_MS}, ${AT_MS});
    insert into transcript_sessions (session_ref, is_joined) values (1, 0);
    insert into transcript_claims (claim, session_ref) values ('c', 1)`)
  database.close()
  const store = await openStore(dataDir)
  expect(store.rows('select * from transcript_sessions')).toEqual([
    { session_ref: 1, is_joined: 0, begun_ms: null, ended_ms: null },
  ])
  expect(store.rows('select * from transcript_claims')).toEqual([
    { claim: 'c', session_ref: 1, is_partial: 0 },
  ])
})

/** A file as the schema before marks on empty sessions left it, with states of its time. */
async function databaseBeforeMarks(states: Readonly<Record<string, string>>): Promise<string> {
  const dataDir = temporaryFolder()
  const database = new Database(databaseIn(dataDir))
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database }) })
  const before = Object.entries(migrations).filter(([name]) => name < '0007')
  const provider = { getMigrations: async () => Object.fromEntries(before) }
  const { error } = await new Migrator({ db, provider }).migrateToLatest()
  if (error !== undefined) throw new Error('the migrations before failed', { cause: error })
  const addSession = database.prepare(
    `insert into sessions (session_key, agent, session_id, updated_ms, last_ms, prompts, model_calls,
      tool_results, errors) values (?, 'claude-code', ?, ${AT_MS}, ${AT_MS}, ?, 0, 0, 0)`,
  )
  const addState = database.prepare(`insert into session_states values (?, 1, ?)`)
  for (const [id, state] of Object.entries(states)) {
    const { lastInsertRowid } = addSession.run(id, id, id === 'prompted' ? 1 : 0)
    if (state !== '') addState.run(lastInsertRowid, state)
  }
  await db.destroy()
  return dataDir
}

test('a session without a project has its folder as one, and others keep theirs', async () => {
  const dataDir = await databaseBefore('0018-folders-as-projects')
  const database = new Database(databaseIn(dataDir))
  const put = database.prepare(`
    insert into sessions (session_key, agent, session_id, project, updated_ms)
      values ('claude-code/' || @id, 'claude-code', @id, @project, 0)`)
  for (const [id, project] of [
    ['in a folder', null],
    ['with a project', 'shop'],
    ['nowhere', null],
  ] as const) {
    put.run({ id, project })
  }
  database.exec(`insert into session_attributes (session_ref, key, value)
    select id, 'folder', 'my-app' from sessions where session_id <> 'nowhere'`)
  database.close()
  const store = await openStore(dataDir)
  expect(store.rows('select session_id as id, project from sessions order by sessions.id')).toEqual(
    [
      { id: 'in a folder', project: 'my-app' },
      { id: 'with a project', project: 'shop' },
      { id: 'nowhere', project: null },
    ],
  )
})

test('sessions in which nothing happened are marked, and no others', async () => {
  const started = run([
    arrives({ ...base, kind: 'other', dedupKey: 'a', name: 'plugin_loaded' }),
    arrives(sample(1, 'session_start', 1)),
    arrives(sample(1, 'active_time_s', 1)),
    closing(2),
  ]).state
  const text = (change: (state: SessionState) => void) => {
    const state = structuredClone(started)
    Reflect.deleteProperty(state, 'eventful')
    change(state)
    return JSON.stringify(state)
  }
  const dataDir = await databaseBeforeMarks({
    empty: text(() => {}),
    // Written before hooks were known.
    oldest: text(({ totals }) => {
      Reflect.deleteProperty(totals, 'hooks')
    }),
    prompted: text(() => {}),
    turn: text((state) => {
      state.turnCount = 1
    }),
    hook: text(({ totals }) => {
      totals.hooks.Stop = 1
    }),
    metrics: text(({ totals }) => {
      totals.metrics.tokens.output = 5
    }),
    unreadable: '{"turnCount":0',
    strange: '{"seen":[]}',
    stateless: '',
  })
  const store = await openStore(dataDir)
  expect(store.rows('select session_id as id from sessions where is_empty = 1')).toEqual([
    { id: 'empty' },
    { id: 'oldest' },
  ])
})

test('of the scores that wait under one key the newest stays, known by its key', async () => {
  const dataDir = await oldDatabase()
  const database = new Database(databaseIn(dataDir))
  const put = database.prepare(`
    insert into outbox (session_key, kind, state, attempts, not_before_ms, created_ms,
      payload_version, bytes, payload) values (?, 'score', ?, 3, ${AT_MS}, ${AT_MS}, 1, 10, ?)`)
  const older = JSON.stringify({ ...score('quality'), value: 1 })
  put.run('claude-code/s1', 'pending', older)
  put.run('claude-code/s2', 'pending', older)
  put.run('claude-code/s1', 'dead', older)
  put.run('claude-code/s1', 'pending', JSON.stringify({ ...score('quality'), value: 2 }))
  put.run('claude-code/s1', 'pending', '{"kind":"score"')
  database.close()

  const store = await openStore(dataDir)
  expect(
    store.rows(`select session_key, score_key, json_valid(payload) as whole,
      case when json_valid(payload) then json_extract(payload, '$.value') end as value
      from outbox where kind = 'score' order by id`),
  ).toEqual([
    { session_key: 'claude-code/s2', score_key: 'quality', whole: 1, value: 1 },
    { session_key: 'claude-code/s1', score_key: 'quality', whole: 1, value: 2 },
    { session_key: 'claude-code/s1', score_key: null, whole: 0, value: null },
  ])
  const emissions = [{ ...score('quality'), value: 3 }]
  await store.sessions.commit([], [], () => ({ ...nothing, emissions }))
  const due = await store.outbox.due(AT_MS, 10, 1_000_000)
  const values = due.map(({ emission }) => emission.kind === 'score' && emission.value)
  expect(values).toEqual([false, 1, 3])
})

test('what was tried, put off or given up for Langfuse is as it was, and is still in order', async () => {
  const dataDir = await oldDatabase()
  const database = new Database(databaseIn(dataDir))
  const put = database.prepare(`
    insert into outbox (session_key, kind, state, attempts, not_before_ms, created_ms, reason,
      payload_version, bytes, payload) values ('claude-code/s1', 'observation', ?, ?, ?, ${AT_MS}, ?,
      1, 10, ?)`)
  const payload = (key: string) => JSON.stringify(observation(key))
  put.run('pending', 0, 0, null, payload('untried'))
  put.run('pending', 2, AT_MS + 50, 'HTTP 503', payload('put off'))
  put.run('dead', 1, 0, 'HTTP 400', payload('dead'))
  put.run('pending', 0, 0, null, payload('last'))
  database.close()

  const store = await openStore(dataDir)
  const keysAt = async (nowMs: number) => {
    const due = await store.outbox.due(nowMs, 10, 1_000_000)
    return due.map(({ emission, attempts }) => [emission.key, attempts])
  }
  expect(await keysAt(AT_MS + 49)).toEqual([
    ['kept', 0],
    ['untried', 0],
    ['last', 0],
  ])
  expect(await keysAt(AT_MS + 50)).toEqual([
    ['kept', 0],
    ['untried', 0],
    ['put off', 2],
    ['last', 0],
  ])
  expect(await store.deadItems.list(10)).toMatchObject([
    { exporter: 'langfuse', reason: expect.stringMatching(/version 99/) },
    { exporter: 'langfuse', attempts: 1, reason: 'HTTP 400' },
  ])
  expect(await store.outbox.stats()).toMatchObject({ pending: 4, dead: 2 })
  expect(await store.deadItems.retry('all', AT_MS)).toBe(2)
  expect(await keysAt(AT_MS)).toContainEqual(['dead', 0])
})
