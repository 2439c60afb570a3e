/** One transaction from the duplicate filter to the outbox. */
import { describe, expect, test } from 'vitest'
import type { JsonValue } from '../../../src/domain/json-value.ts'
import type { Arrival, Fold } from '../../../src/domain/session-store.ts'
import {
  arrival,
  AT_MS,
  base,
  nothing,
  observation,
  other,
  row,
  type State,
  plainStates,
} from './arrivals.ts'
import { openStore, withDatabase } from './open-store.ts'

/** A fold that notes what it was given. */
function recorder(outcome = nothing) {
  const fresh: string[] = []
  const stored = new Map<string, State>()
  const fold: Fold<State> = (arrivals, states) => {
    fresh.push(...arrivals.map(({ sessionKey, item }) => `${sessionKey} ${item.dedupKey}`))
    for (const [key, state] of states) stored.set(key, state)
    return outcome
  }
  return { fold, fresh, stored }
}

const count = (table: string) => `select count(*) as n from ${table}`

describe('a commit', () => {
  test('stores the raw record, its origin and its session', async () => {
    const store = await openStore()
    await store.sessions.commit(
      [arrival({ ...base, kind: 'other' }, { attributes: { a: [1, { b: null }], c: true } })],
      [],
      () => nothing,
    )
    expect(
      store.rows(
        `select session_key, agent, sessions.session_id, signal, received_ms, records, body,
           scope_name, scope_version, resource, state
         from record_batches b join sessions on sessions.id = b.session_ref
         join origins on origins.id = origin_ref
         left join session_states on session_states.session_ref = sessions.id`,
      ),
    ).toEqual([
      {
        session_key: 'claude-code/s1',
        agent: 'claude-code',
        session_id: 's1',
        signal: 'log',
        received_ms: AT_MS + 1,
        records: 1,
        body: `[{"timeMs":${AT_MS},"eventName":"something","body":null,"attributes":{"a":[1,{"b":null}],"c":true}}]`,
        scope_name: 'com.anthropic.claude_code.events',
        scope_version: '2.1.329',
        resource: '{"service.name":"claude-code","service.version":"2.1.329"}',
        state: null,
      },
    ])
  })

  test('hands the outcome of the fold back and stores it', async () => {
    const store = await openStore()
    const session = row('s1', {
      state: { seen: ['k1'] },
      deadlineMs: AT_MS + 20,
      firstPromptMs: AT_MS + 1,
      userId: 'ada@example.com',
      title: 'Fix it',
      project: 'acme/shop',
      costUsd: 0.25,
      estimatedUsd: 0,
      metricsUsd: 0,
      unpricedCalls: 0,
      inputTokens: 1,
      outputTokens: 2,
      cacheReadTokens: 3,
      cacheCreationTokens: 4,
      prompts: 5,
      modelCalls: 6,
      toolResults: 7,
      errors: 8,
    })
    const outcome = { ...nothing, sessions: [session], emissions: [observation('a')] }
    const committed = await store.sessions.commit([other('k1')], [], () => outcome)
    expect(committed.outcome).toBe(outcome)
    expect(store.rows('select * from sessions')).toEqual([
      {
        id: 1,
        session_key: 'claude-code/s1',
        agent: 'claude-code',
        session_id: 's1',
        user_id: 'ada@example.com',
        title: 'Fix it',
        project: 'acme/shop',
        team: null,
        deadline_ms: AT_MS + 20,
        close_reason: null,
        first_ms: AT_MS,
        last_ms: AT_MS,
        first_prompt_ms: AT_MS + 1,
        first_commit_ms: null,
        updated_ms: AT_MS,
        cost_usd: 0.25,
        estimated_usd: 0,
        metrics_usd: 0,
        unpriced_calls: 0,
        input_tokens: 1,
        output_tokens: 2,
        cache_read_tokens: 3,
        cache_creation_tokens: 4,
        prompts: 5,
        model_calls: 6,
        tool_results: 7,
        errors: 8,
        is_empty: 0,
        owner_team: null,
        owner_user: 'ada@example.com',
        route: null,
      },
    ])
    expect(store.rows('select * from session_states')).toEqual([
      { session_ref: 1, version: 1, state: '{"seen":["k1"]}' },
    ])
    expect(await store.outbox.due(AT_MS, 10, 1_000)).toEqual([
      { id: 1, attempts: 0, emission: observation('a') },
    ])
  })

  test('without arrivals, for a tick, works as well', async () => {
    const store = await openStore()
    await store.sessions.commit([], [], () => ({ ...nothing, sessions: [row('s1')] }))
    const { fold, stored, fresh } = recorder()
    await store.sessions.commit([], ['claude-code/s1'], fold)
    expect(fresh).toEqual([])
    expect([...stored]).toEqual([['claude-code/s1', { seen: [] }]])
  })

  test('stores an origin once, however often it comes', async () => {
    const store = await openStore()
    const from = (version: string, dedupKey: string): Arrival => {
      const resource = { 'service.version': version }
      const own = { resource, scopeName: 'scope', scopeVersion: '1' }
      return arrival({ ...base, kind: 'other', dedupKey }, { origin: own })
    }
    await store.sessions.commit([from('1', 'a'), from('2', 'b')], [], () => nothing)
    await store.sessions.commit([from('1', 'c')], [], () => nothing)
    expect(
      store.rows('select resource from record_batches join origins on origins.id = origin_ref'),
    ).toEqual([
      { resource: '{"service.version":"1"}' },
      { resource: '{"service.version":"2"}' },
      { resource: '{"service.version":"1"}' },
    ])
    expect(store.rows(count('origins'))).toEqual([{ n: 2 }])
  })
})

describe('duplicates', () => {
  const metric = arrival({
    ...base,
    kind: 'metric',
    dedupKey: 'a',
    seriesKey: 'series',
    temporality: 'delta',
    measure: 'tokens',
    value: 1,
  })
  test.each<{ name: string; commits: Arrival[][]; fresh: string[] }>([
    {
      name: 'within one commit',
      commits: [[other('b'), other('a'), other('b'), other('c'), other('a')]],
      fresh: ['s1 b', 's1 a', 's1 c'],
    },
    {
      name: 'of an earlier commit',
      commits: [
        [other('a'), other('b')],
        [other('b'), other('c'), other('a')],
      ],
      fresh: ['s1 a', 's1 b', 's1 c'],
    },
    {
      name: 'only within their session',
      commits: [[other('a', 's1'), other('a', 's2')], [other('a', 's2')]],
      fresh: ['s1 a', 's2 a'],
    },
    { name: 'of metrics', commits: [[metric, metric], [metric]], fresh: ['s1 a'] },
  ])('are dropped $name', async ({ commits, fresh }) => {
    const store = await openStore()
    const seen = recorder()
    for (const arrivals of commits) await store.sessions.commit(arrivals, [], seen.fold)
    expect(seen.fresh).toEqual(fresh.map((key) => `claude-code/${key}`))
    expect(store.rows(count('seen'))).toEqual([{ n: fresh.length }])
    expect(store.rows('select sum(records) as n from record_batches')).toEqual([
      { n: fresh.length },
    ])
  })

  test('are recognised after the store was opened again', async () => {
    const first = await openStore()
    await first.sessions.commit([other('a')], [], () => nothing)
    await first.close()
    const { sessions } = await openStore(first.dataDir)
    const { fold, fresh } = recorder()
    await sessions.commit([other('a'), other('b')], [], fold)
    expect(fresh).toEqual(['claude-code/s1 b'])
  })
})

describe('a commit that fails', () => {
  const circular: Record<string, JsonValue> = {}
  circular.itself = circular
  const written = { ...nothing, sessions: [row('s1')], emissions: [observation('a')] }
  const failures: { name: string; fold: Fold<State>; error: RegExp }[] = [
    {
      name: 'in the fold',
      error: /the fold failed/,
      fold: () => {
        throw new Error('the fold failed')
      },
    },
    {
      name: 'at the last emission',
      error: /circular/,
      fold: () => ({
        ...written,
        emissions: [observation('a'), observation('b', { input: circular })],
      }),
    },
  ]
  test.each(failures)(
    '$name leaves nothing behind, and its records are fresh again',
    async (failing) => {
      const store = await openStore()
      await store.sessions.commit([other('before', 's0')], [], () => nothing)
      const tables = [
        'sessions',
        'origins',
        'record_batches',
        'seen',
        'session_attributes',
        'prompts',
        'outbox',
      ]
      const sizes = () => tables.map((table) => store.rows(count(table)))
      const before = sizes()

      const unknownOrigin = { resource: {}, scopeName: 'new', scopeVersion: '' }
      const prompt = arrival(
        { ...base, kind: 'prompt', prompt: { text: 'hello' } },
        { origin: unknownOrigin },
      )
      await expect(store.sessions.commit([prompt], [], failing.fold)).rejects.toThrow(failing.error)
      expect(sizes()).toEqual(before)

      const { fold, fresh } = recorder(written)
      await store.sessions.commit([other('between', 's2'), prompt], [], fold)
      expect(fresh).toEqual(['claude-code/s2 between', 'claude-code/s1 k1'])
      expect(
        store.rows(
          `select session_key, scope_name from record_batches
         join sessions on sessions.id = session_ref join origins on origins.id = origin_ref
         where session_key = 'claude-code/s1'`,
        ),
      ).toEqual([{ session_key: 'claude-code/s1', scope_name: 'new' }])
    },
  )
})

describe('stored states', () => {
  test('are given for the sessions asked for, where there is one', async () => {
    const store = await openStore()
    const sessions = [row('s1', { state: { seen: ['x'] } }), row('s2')]
    await store.sessions.commit([other('a', 's3')], [], () => ({ ...nothing, sessions }))
    const { fold, stored } = recorder()
    await store.sessions.commit([], ['claude-code/s1', 'claude-code/s3', 'claude-code/s4'], fold)
    expect([...stored]).toEqual([['claude-code/s1', { seen: ['x'] }]])
  })

  test('are replaced by the next fold', async () => {
    const store = await openStore()
    for (const seen of [['a'], ['a', 'b']]) {
      const sessions = [row('s1', { state: { seen } })]
      await store.sessions.commit([], [], () => ({ ...nothing, sessions }))
    }
    const { fold, stored } = recorder()
    await store.sessions.commit([], ['claude-code/s1'], fold)
    expect(stored.get('claude-code/s1')).toEqual({ seen: ['a', 'b'] })
  })

  const spoil = `update session_states set state = '{"se'
    where session_ref = (select id from sessions where session_id = 'bad')`
  test.each([
    { name: 'not JSON', spoil, version: 1, loaded: ['claude-code/good'] },
    { name: 'of another version', spoil: 'select 1', version: 2, loaded: [] },
  ])('that are $name are left out and their session closed', async (broken) => {
    const first = await openStore()
    const sessions = [row('bad', { deadlineMs: 5 }), row('good', { deadlineMs: 6 })]
    await first.sessions.commit([], [], () => ({ ...nothing, sessions }))
    await first.close()
    withDatabase(first.dataDir, (database) => database.exec(broken.spoil))

    const store = await openStore(first.dataDir, plainStates(broken.version))
    const { fold, stored } = recorder()
    await store.sessions.commit([], ['claude-code/bad', 'claude-code/good'], fold)
    expect([...stored.keys()]).toEqual(broken.loaded)
    expect(await store.sessions.openSessions(10)).toEqual(broken.loaded)
    expect(
      store.rows(`select close_reason, deadline_ms from sessions where session_id = 'bad'`),
    ).toEqual([{ close_reason: 'unreadable_state', deadline_ms: null }])
    expect(store.warnings).toContainEqual(
      expect.objectContaining({ sessionKey: 'claude-code/bad' }),
    )
  })
})
