/** Records as they are kept: together where they belong together, and whatever they say. */
import { describe, expect, test } from 'vitest'
import type { Attributes } from '../../../src/domain/json-value.ts'
import type { Arrival } from '../../../src/domain/session-store.ts'
import { arrival, AT_MS, base, nothing, observation, origin, other, row } from './arrivals.ts'
import { openStore, withDatabase } from './open-store.ts'

describe('a batch', () => {
  const elsewhere = { ...origin, scopeVersion: '3' }
  const later = (from: Arrival): Arrival => ({ ...from, arrivedMs: from.arrivedMs + 1 })
  test.each<{ name: string; arrivals: Arrival[]; sizes: number[] }>([
    { name: 'of one request', arrivals: [other('a'), other('b')], sizes: [2] },
    { name: 'of two requests', arrivals: [other('a'), later(other('b'))], sizes: [1, 1] },
    {
      name: 'of two sessions',
      arrivals: [other('a'), other('a', 's2'), other('b')],
      sizes: [2, 1],
    },
    {
      name: 'of two origins',
      arrivals: [
        other('a'),
        arrival({ ...base, kind: 'other', dedupKey: 'b' }, { origin: elsewhere }),
        other('c'),
        other('d'),
      ],
      sizes: [1, 1, 2],
    },
  ])('holds the records $name', async ({ arrivals, sizes }) => {
    const store = await openStore()
    await store.sessions.commit(arrivals, [], () => nothing)
    expect(store.rows('select records from record_batches order by id')).toEqual(
      sizes.map((records) => ({ records })),
    )
  })

  test('goes with its session', async () => {
    const store = await openStore()
    const arrivals = [other('k1'), other('k2', 's2'), other('k3')]
    const sessions = [row('s1'), row('s2')]
    await store.sessions.commit(arrivals, [], () => ({ ...nothing, sessions }))
    withDatabase(store.dataDir, (database) =>
      database.exec(`delete from sessions where session_id = 's1'`),
    )
    expect(store.rows('select dedup_key from seen')).toEqual([{ dedup_key: 'k2' }])
    expect(store.rows('select records from record_batches')).toEqual([{ records: 1 }])
    expect(store.rows('select count(*) as n from session_attributes')).toEqual([{ n: 2 }])
  })
})

describe('attributes of a session', () => {
  const attributes = 'select key, value from session_attributes order by key'

  test('are some hundred keys at most; those that are there stay up to date', async () => {
    const store = await openStore()
    const keep = (labels: Readonly<Record<string, string>>) =>
      store.sessions.commit([], [], () => ({ ...nothing, sessions: [row('s1', { labels })] }))
    for (let n = 0; n < 300; n += 1) await keep({ [`k${n}`]: 'v', n: String(n) })
    await keep({ k3: 'new', more: 'x' })
    expect(store.rows('select count(*) as n from session_attributes')).toEqual([{ n: 256 }])
    const known = `select key, value from session_attributes where key in ('k3', 'more', 'n')`
    expect(store.rows(`${known} order by key`)).toEqual([
      { key: 'k3', value: 'new' },
      { key: 'n', value: '299' },
    ])
  })

  test('are those of its row, each with the value it has now', async () => {
    const store = await openStore()
    const keep = (labels: Readonly<Record<string, string>>) =>
      store.sessions.commit([], [], () => ({ ...nothing, sessions: [row('s1', { labels })] }))
    for (const team of ['red', 'blue', 'red']) await keep({ branch: 'main', team })
    expect(store.rows(attributes)).toEqual([
      { key: 'branch', value: 'main' },
      { key: 'team', value: 'red' },
    ])
  })

  test('are written again after a rollback', async () => {
    const store = await openStore()
    const labels = { team: 'red' }
    const sessions = [row('s1', { labels })]
    const unwritable = row('s2', { title: {} as never })
    const failing = { ...nothing, sessions: [...sessions, unwritable] }
    const refused = store.sessions.commit([], [], () => failing)
    await expect(refused).rejects.toThrow('SQLite3 can only bind')
    await store.sessions.commit([], [], () => ({ ...nothing, sessions }))
    expect(store.rows(attributes)).toEqual([{ key: 'team', value: 'red' }])
  })
})

describe('a prompt', () => {
  test.each([
    {
      item: { promptId: 'p1', prompt: { text: 'hi', length: 2 }, command: 'init' },
      expected: { prompt_id: 'p1', command: 'init', length: 2, text: 'hi' },
    },
    {
      item: { prompt: {} },
      expected: { prompt_id: null, command: null, length: null, text: null },
    },
  ])('has a row to be found by: $expected.text', async ({ item, expected }) => {
    const store = await openStore()
    await store.sessions.commit([arrival({ ...base, kind: 'prompt', ...item })], [], () => nothing)
    expect(store.rows('select * from prompts')).toEqual([
      { session_ref: 1, dedup_key: 'k1', time_ms: AT_MS, ...expected },
    ])
  })
})

describe('odd values', () => {
  test.each([
    { name: 'NUL', text: 'a\0b', kept: 'a\0b' },
    { name: 'line separators', text: '\u2028\u2029\r\n', kept: '\u2028\u2029\r\n' },
    { name: 'astral characters', text: '👩‍💻𝄞', kept: '👩‍💻𝄞' },
    { name: 'half a surrogate pair', text: 'a\ud83db', kept: 'a\ufffdb' },
    { name: 'seventy thousand characters', text: 'ü'.repeat(70_010), kept: 'ü'.repeat(70_010) },
    { name: 'SQL', text: `'); drop table events; --`, kept: `'); drop table events; --` },
  ])('$name in text is stored', async ({ text, kept }) => {
    const store = await openStore()
    const attributes: Attributes = { prompt: text, ['__proto__']: text }
    const prompt = arrival(
      { ...base, kind: 'prompt', dedupKey: text, prompt: { text } },
      { attributes },
    )
    const outcome = {
      ...nothing,
      sessions: [row('s1', { state: { seen: [text] }, userId: text })],
      emissions: [observation(text, { input: text })],
    }
    await store.sessions.commit([prompt, prompt], [], () => outcome)

    expect(store.rows('select text from prompts')).toEqual([{ text: kept }])
    expect(store.rows('select dedup_key from seen')).toEqual([{ dedup_key: kept }])
    const [batch] = store.rows('select body from record_batches') as { body: string }[]
    expect(JSON.parse(batch?.body ?? '')).toEqual([expect.objectContaining({ attributes })])
    const due = await store.outbox.due(AT_MS, 10, 1)
    expect(due.map(({ emission }) => emission)).toEqual(outcome.emissions)
    let seen: readonly string[] | undefined
    await store.sessions.commit([], ['claude-code/s1'], (_, stored) => {
      seen = stored.get('claude-code/s1')?.seen
      return nothing
    })
    expect(seen).toEqual([text])
  })

  test.each([
    { value: Number.NaN, kept: null },
    { value: Number.POSITIVE_INFINITY, kept: Number.POSITIVE_INFINITY },
    { value: 1e300, kept: 1e300 },
    { value: -0.1, kept: -0.1 },
    { value: 2 ** 53, kept: 2 ** 53 },
  ])('the number $value does not make the commit fail', async ({ value, kept }) => {
    const store = await openStore()
    const arrivals = [arrival({ ...base, kind: 'other', timeMs: value }), other('neighbour')]
    const session = row('s1', { costUsd: value, firstMs: value })
    const activity = [{ bucketMs: AT_MS, measure: 'commits', facet: '', value } as const]
    const used = { models: [], tools: [], activity }
    const usage = [{ session, usage: used, isMoved: false }]
    await store.sessions.commit(arrivals, [], () => ({ ...nothing, sessions: [session], usage }))
    expect(store.rows('select value from activity')).toEqual([{ value: kept }])
    expect(store.rows('select cost_usd, first_ms from sessions')).toEqual([
      { cost_usd: kept, first_ms: kept },
    ])
    expect(store.rows('select count(*) as n from seen')).toEqual([{ n: 2 }])
  })
})
