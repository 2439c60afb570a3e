/** Moving a store to PostgreSQL: whatever it holds, and wherever it is interrupted. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { openMoveSource, openMoveTarget, openReader } from '../../../src/storage/beside.ts'
import {
  isEqual,
  type Moved,
  type MovePlace,
  type MoveSource,
  moveStore,
  type MoveTarget,
  type SourceRow,
} from '../../../src/storage/move.ts'
import type { Result } from '../../../src/domain/result.ts'
import { movedColumns } from '../../../src/storage/postgres/moved-rows.ts'
import { openPostgresReader } from '../../../src/storage/postgres/postgres-reader.ts'
import { askPostgres } from '../../postgres/postgres-server.ts'
import { newTestDatabase } from '../../postgres/database.ts'
import {
  arrival,
  AT_MS,
  base,
  nothing,
  observation,
  other,
  row,
  score,
} from '../../unit/storage/arrivals.ts'
import { openStore, withDatabase } from '../../unit/storage/open-store.ts'
import { used } from '../storage/usage.ts'
import { everyAnswer } from './every-answer.ts'

/** A store with something in every table, some of it as only earlier versions stored it. */
async function filledStore(): Promise<string> {
  const store = await openStore()
  const { sessions, outbox, deadItems, quarantine, dataDir } = store
  const commit = (
    names: readonly string[],
    change: Parameters<typeof row>[1],
    arrivals = names.map((name) => other(`k-${name}`, name)),
  ) => {
    const rows = names.map((name) => row(name, change))
    return sessions.commit(arrivals, [], () => ({
      ...nothing,
      sessions: rows,
      usage: rows.map((one) =>
        used(one, {
          models: [
            { costUsd: 0.1, inputTokens: 7, dimensions: { skill: 'a\0b' } },
            { model: 'haiku' },
          ],
          tools: [{ results: 2, failures: 1, durationMs: 5 }],
          activity: [{ bucketMs: 0, measure: 'active_time_s', facet: 'user', value: 0.1 }],
        }),
      ),
      emissions: rows.flatMap((one) => [
        observation(`o-${one.sessionId}`, { sessionKey: one.key }),
        { ...score(`s-${one.sessionId}`), sessionKey: one.key },
      ]),
    }))
  }
  const names = Array.from({ length: 30 }, (_, n) => `s${n}`)
  await commit(names, { costUsd: 0.1, title: 'NUL \0 and ü', labels: { ['ö'.repeat(400)]: 'v\0' } })
  await commit(['x'.repeat(900)], { userId: 'ada', deadlineMs: AT_MS + 5 })
  await commit(['s1'], { costUsd: 0.3, isEmpty: false }, [
    arrival({ ...base, kind: 'prompt', dedupKey: 'p', prompt: { text: 'why\0?' } }),
  ])
  const due = await outbox.due(AT_MS, 1000, 1e9)
  const ids = due.map(({ id }) => id)
  await outbox.delivered(ids.slice(0, 4))
  await outbox.retryLater(ids.slice(4, 8), AT_MS + 60_000, 'away')
  await outbox.bury(ids.slice(8, 11), 'refused\0')
  expect(await deadItems.count()).toBe(3)
  await quarantine.keep([
    {
      unplaced: {
        signal: 'log',
        record: {
          origin: { resource: {}, scopeName: 'unheard\0of', scopeVersion: '' },
          timeMs: AT_MS,
          observedMs: undefined,
          eventName: 'odd',
          body: null,
          attributes: {},
        },
      },
      receivedMs: AT_MS,
      rejection: { reason: 'unknown_agent', message: 'why' },
    },
  ])
  await store.traces.change(
    'team',
    [{ traceId: 't', isBegun: true }],
    () => undefined,
    (stored) =>
      stored.map(({ ref }) => ({
        ref,
        facts: '{}',
        part: '{"spans":[]}',
        spans: 1,
        isWhole: false,
      })),
  )
  await store.pause('https://somewhere.example').set(AT_MS + 5)
  await store.close()
  withDatabase(dataDir, (database) => {
    database.exec(
      `update sessions set cost_usd = 1e308, input_tokens = 9e999 where session_id = 's3'`,
    )
    database.exec(`update model_usage set cost_usd = 9e999, output_tokens = -1
      where session_ref = (select id from sessions where session_id = 's3')`)
    database.exec(`update model_usage set cost_usd = null where model = 'haiku'`)
    database.exec(`insert into budget_alerts (id, scope, subject, date, threshold, limit_usd, spent_usd,
      created_ms, webhook_attempts, webhook_not_before_ms)
      values ('a', 'day', '', '2026-11-26', 80, 1, 0.9, ${AT_MS}, 0, 0)`)
    database.exec(`insert into forwarded values ('digest', ${AT_MS})`)
    database.exec(`update totals set value = 3 where name = 'outbox_dropped'`)
  })
  return dataDir
}

interface Ends {
  readonly source: MoveSource
  readonly target: MoveTarget
}

async function withEnds<T>(
  dataDir: string,
  url: string,
  use: (ends: Ends) => Promise<T>,
): Promise<T> {
  const source = await openMoveSource(dataDir)
  if (!source.ok) throw new Error(source.error.message)
  try {
    const target = await openMoveTarget(url, source.value)
    if (!target.ok) throw new Error(target.error)
    try {
      return await use({ source: inSmallSteps(source.value), target: target.value })
    } finally {
      await target.value.close()
    }
  } finally {
    source.value.close()
  }
}

function inSmallSteps(source: MoveSource): MoveSource {
  return {
    ...source,
    endOf: (table, afterId) => {
      const end = source.endOf(table, afterId)
      return end === undefined ? undefined : Math.min(end, afterId + 9)
    },
  }
}

function move(dataDir: string, url: string, show?: (place: MovePlace) => void) {
  return withEnds(dataDir, url, ({ source, target }) => moveStore(source, target, show))
}

async function expectSame(dataDir: string, url: string): Promise<void> {
  const sqlite = await openReader({ dataDir })
  const postgres = await openPostgresReader({ url })
  if (!sqlite.ok || !postgres.ok) throw new Error('a store could not be opened')
  onTestFinished(() => sqlite.value.close())
  onTestFinished(() => postgres.value.close())
  const expected = await everyAnswer(sqlite.value, AT_MS)
  const found = await everyAnswer(postgres.value, AT_MS)
  expect([...found.keys()].map(told)).toEqual([...expected.keys()].map(told))
  for (const [question, answer] of expected) {
    // The bridge that is started over it indexes what records tell.
    if (question.startsWith('search ')) continue
    expect.soft(told(found.get(question)), question).toEqual(told(answer))
  }
}

/** What PostgreSQL makes of texts that it cannot hold: a NUL, and a key that is too long for an index. */
function told(answer: unknown): unknown {
  const text = JSON.stringify(answer, (_, value: unknown) =>
    value instanceof Set ? [...value].map(String).toSorted((a, b) => (a < b ? -1 : 1)) : value,
  )
  return text.replaceAll('\\u0000', '␀')
}

describe('a store with something in every table', () => {
  test('is moved, and every answer is the same', async () => {
    const { url } = await newTestDatabase()
    const dataDir = await filledStore()
    expect(figures(await move(dataDir, url))).toMatchObject({
      sessions: 31,
      'outbox langfuse: dead': 3,
      'outbox langfuse: pending': 56,
      'budget alerts': 1,
      quarantine: 1,
      forwarded: 1,
    })
    await expectSame(dataDir, url)
    const numbers = "select nextval('positions') || ' ' || nextval('outbox_id_seq')"
    const [position, item] = (await askPostgres(url, numbers)).split(' ').map(Number)
    expect(position).toBeGreaterThan(1024)
    expect(item).toBeGreaterThan(62)
    expect(await askPostgres(url, 'select count(*) from sessions where stored_bytes < 150')).toBe(
      '0',
    )
  })

  test('is moved wherever it was interrupted, within a step or behind it', async () => {
    const { url } = await newTestDatabase()
    const dataDir = await filledStore()
    const stages = new Set<string>()
    for (let attempts = 0; ; attempts += 1) {
      const moved = await withEnds(dataDir, url, ({ source, target }) => {
        return moveStore(
          source,
          attempts % 2 === 0 ? brokenWithin(target) : target,
          ({ stage }) => {
            stages.add(stage)
            if (stage !== 'done') throw new Interrupted()
          },
        )
      }).catch((error: unknown) => {
        if (error instanceof Interrupted) return undefined
        throw error
      })
      if (moved !== undefined) break
      expect(attempts).toBeLessThan(50)
      expect(await openPostgresReader({ url })).toMatchObject({
        error: expect.stringContaining('not finished'),
      })
    }
    expect([...stages]).toEqual(['sessions', 'outbox', 'others', 'verify', 'done'])
    await expectSame(dataDir, url)
  })

  test('begins anew when it was changed after an interruption', async () => {
    const { url } = await newTestDatabase()
    const dataDir = await filledStore()
    await expect(
      move(dataDir, url, ({ stage }) => {
        if (stage === 'outbox') throw new Interrupted()
      }),
    ).rejects.toThrow(Interrupted)
    const store = await openStore(dataDir)
    await store.sessions.commit([other('late', 's1')], [], () => ({
      ...nothing,
      sessions: [row('s1', { costUsd: 9, lastMs: AT_MS + 7 })],
    }))
    await store.close()
    expect(figures(await move(dataDir, url))).toMatchObject({ records: 33 })
    await expectSame(dataDir, url)
  })

  test('is not released while something is missing', async () => {
    const { url } = await newTestDatabase()
    const dataDir = await filledStore()
    await expect(
      move(dataDir, url, ({ stage }) => {
        if (stage === 'verify') throw new Interrupted()
      }),
    ).rejects.toThrow(Interrupted)
    await askPostgres(url, 'delete from prompts')
    const moved = await move(dataDir, url)
    expect(moved.ok).toBe(false)
    const { figures: found } = moved.ok ? moved.value : moved.error
    expect(found.filter((figure) => !isEqual(figure))).toEqual([
      { name: 'prompts', source: 1, target: 0 },
    ])
    expect(await openPostgresReader({ url })).toMatchObject({ ok: false })
  })

  test('is not mixed with another, nor moved twice', async () => {
    const { url } = await newTestDatabase()
    const dataDir = await filledStore()
    await move(dataDir, url)
    await askPostgres(url, 'delete from prompts')
    expect(await move(dataDir, url)).toEqual({
      ok: true,
      value: { figures: [], wasDone: true, leftBehind: [] },
    })
    await expect(move(await filledStore(), url)).rejects.toThrow('filled from another data folder')
    const used = await newTestDatabase()
    await move((await openAndClose()).dataDir, used.url)
    await askPostgres(used.url, 'delete from moves')
    await expect(move(dataDir, used.url)).resolves.toMatchObject({ ok: true })
    await askPostgres(used.url, 'delete from moves')
    await expect(move(dataDir, used.url)).rejects.toThrow('holds data of claude-telemetry already')
  })

  test.each([
    ['API keys', `insert into api_keys (id, name, created_ms, body) values ('k', 'prod', 1, '{}')`],
    [
      'audit entries',
      `insert into audit_log (at_ms, actor, action, outcome) values (1, 'a', 'read', 'ok')`,
    ],
    [
      'budgets',
      `insert into budgets (name, subject_kind, time_window, limit_usd) values ('b', 'everything', 'day', 1)`,
    ],
  ])('is not moved where there are %s, which would be lost', async (name, insertion) => {
    const { url } = await newTestDatabase()
    await move((await openAndClose()).dataDir, url)
    await askPostgres(url, 'delete from moves')
    await askPostgres(url, insertion)
    await expect(move(await filledStore(), url)).rejects.toThrow(`${name}: 1`)
  })

  test('is not moved where a bridge has joined', async () => {
    const { url } = await newTestDatabase()
    const dataDir = await filledStore()
    await expect(
      move(dataDir, url, ({ stage }) => {
        if (stage === 'sessions') throw new Interrupted()
      }),
    ).rejects.toThrow(Interrupted)
    await askPostgres(url, 'insert into replicas (seen_at) values (now())')
    await expect(move(dataDir, url)).rejects.toThrow('a bridge uses')
  })
})

test('every column of every table is moved, or is known to have no place there', async () => {
  const store = await openStore()
  const columns = store.rows(`select m.name as "table", c.name as "column"
    from sqlite_master m join pragma_table_info(m.name) c
    where m.type = 'table' and m.name not like 'sqlite_%' and m.name not like 'kysely_%'`)
  const wanted = (columns as { table: string; column: string }[])
    .filter(({ table }) => !NOT_MOVED.includes(table))
    .map(({ table, column }) => `${table}.${column}`)
  const read = new Set<string>()
  for (const [table, values] of Object.entries(movedColumns(() => 0))) {
    const row = new Proxy<SourceRow>(
      {},
      {
        get: (_, column) => {
          read.add(`${table}.${String(column)}`)
          return '{}'
        },
      },
    )
    for (const value of Object.values(values)) value(row)
  }
  expect(wanted.filter((column) => !read.has(column)).toSorted()).toEqual([
    // A batch and a control name their policy themselves.
    'policies.after_id',
  ])
})

/** How far exporters and blocks of numbers are, tries of the disk, sessions on their way out, the index. */
const NOT_MOVED = [
  ...['outbox_positions', 'outbox_exceptions', 'ids', 'probe', 'deletions'],
  // Made anew from what is moved.
  ...['search_backlog', 'search_index'],
  ...['data', 'idx', 'docsize', 'config'].map((name) => `search_index_${name}`),
]

test('a session that was taken out is not moved, with what waits of it', async () => {
  const { url } = await newTestDatabase()
  const store = await openStore()
  const [stays, goes] = [row('stays'), row('goes')]
  await store.sessions.commit([other('a', 'stays'), other('b', 'goes')], [], () => ({
    ...nothing,
    sessions: [stays, goes],
    emissions: [stays, goes].map(({ key }) => observation('o', { sessionKey: key })),
  }))
  await store.sessions.remove(goes.key)
  await store.close()
  expect(figures(await move(store.dataDir, url))).toMatchObject({
    sessions: 1,
    records: 1,
    'keys of records': 1,
    'outbox langfuse: pending': 1,
  })
  expect(await askPostgres(url, 'select session_key from outbox')).toBe(stays.key)
})

test('rows that become one, as their names differ in a NUL, are added up', async () => {
  const { url } = await newTestDatabase()
  const store = await openStore()
  const names = ['a\0', 'a␀', 'a', 'b\0\0', '\0', 'c\0\0d', 'c\0␀d', 'c␀␀d', 'long\0'.repeat(400)]
  const one = row('s', { labels: Object.fromEntries(names.map((name) => [name, name])) })
  const arrivals = names.flatMap((name) => [
    other(name, 's'),
    arrival({
      ...base,
      sessionId: 's',
      kind: 'prompt',
      dedupKey: `p${name}`,
      prompt: { text: '' },
    }),
  ])
  await store.sessions.commit(arrivals, [], () => ({
    ...nothing,
    sessions: [one],
    usage: [
      used(one, {
        models: names.map((model, n) => ({ model, calls: 1, costUsd: 2 ** n, inputTokens: n })),
        tools: names.map((tool) => ({ tool, results: 1, durationMs: 5 })),
        activity: names.map((facet) => {
          return { bucketMs: 0, measure: 'active_time_s' as const, facet, value: 0.5 }
        }),
      }),
    ],
  }))
  await store.close()
  const count = names.length
  expect(figures(await move(store.dataDir, url))).toMatchObject({
    'usage: model calls': count,
    'usage: cost, USD': 2 ** count - 1,
    'usage: tool results': count,
    'usage: activity': count / 2,
    'keys of records': 2 * (count - 3),
    attributes: count - 3,
    prompts: count - 3,
  })
  const models = 'select calls, cost_nanousd / 1000000000 from model_usage where model = '
  expect(await askPostgres(url, `${models}'a␀'`)).toBe('2|3')
  expect(await askPostgres(url, `${models}'c␀␀d'`)).toBe('3|224')
})

test('keys that are too long for an index are found as they were', async () => {
  const { url } = await newTestDatabase()
  const store = await openStore()
  const name = 'long'.repeat(1000)
  const one = row(name, { labels: { [name]: 'value' } })
  await store.sessions.commit([other(name, name)], [], () => ({ ...nothing, sessions: [one] }))
  await store.close()
  await move(store.dataDir, url)
  const reader = await openPostgresReader({ url })
  if (!reader.ok) throw new Error(reader.error)
  onTestFinished(() => reader.value.close())
  const { details, records, lists } = reader.value
  expect(await details.find(one.key)).toMatchObject({ sessionId: name })
  expect(await records.countOf(one.key)).toBe(1)
  const filter = { attributes: [{ key: name, value: 'value' }] }
  const asked = { filter, fromMs: undefined, toMs: undefined, state: 'any', order: 'last' } as const
  expect(await lists.page({ ...asked, direction: 'asc' }, undefined, 9)).toHaveLength(1)
})

class Interrupted extends Error {}

/** Fails behind the first rows of its next step. */
function brokenWithin(target: MoveTarget): MoveTarget {
  return {
    ...target,
    step: (next, range, work) =>
      target.step(next, range, ({ insert }) =>
        work({
          insert: async (table, rows) => {
            await insert(table, rows)
            throw new Interrupted()
          },
        }),
      ),
  }
}

function figures(moved: Result<Moved, Moved>): Readonly<Record<string, number>> {
  expect(moved.ok).toBe(true)
  const { figures: found } = moved.ok ? moved.value : moved.error
  expect(found.filter((figure) => !isEqual(figure))).toEqual([])
  return Object.fromEntries(found.map(({ name, target }) => [name, target]))
}

async function openAndClose() {
  const store = await openStore()
  await store.close()
  return store
}
