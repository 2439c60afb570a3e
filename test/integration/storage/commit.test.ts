/** A commit: everything of it, or nothing; each record once. */
import { describe, expect, test } from 'vitest'
import type { Fold, Outcome } from '../../../src/domain/session-store.ts'
import type { StoredInput, StoredInputs } from '../../../src/domain/stored-inputs.ts'
import { BUCKET_MS } from '../../../src/domain/usage.ts'
import {
  arrival,
  AT_MS,
  base,
  nothing,
  observation,
  other,
  plainStates,
  row,
  score,
  type State,
} from '../../unit/storage/arrivals.ts'
import { ALL, createRig, engines, inputsOf, type Rig, sessionKeys, waitingFor } from './engines.ts'
import { BUCKET, used } from './usage.ts'

const KEY = 'claude-code/s1'
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
const fresh = (keys: string[]): Fold<State> => {
  return (arrivals) => {
    keys.push(...arrivals.map(({ sessionKey, item }) => `${sessionKey} ${item.dedupKey}`))
    return nothing
  }
}

/** Everything that can be asked of a store. */
async function everything(rig: Rig) {
  const { store, reader } = rig
  return {
    sessions: await sessionKeys(rig),
    states: await Promise.all((await sessionKeys(rig)).map((key) => stateOf(rig, key))),
    records: await reader.records.newest(),
    batches: await reader.records.after(0, 1000),
    inputs: await inputsOf(rig, KEY),
    used: await reader.usage.bounds(Number.MAX_SAFE_INTEGER),
    open: await store.sessions.openSessions(100),
    waiting: await reader.waiting.counts(),
    outbox: await store.outboxCounts(),
    alert: await store.alerts.queue('webhook').next(),
  }
}

async function stateOf({ reader }: Rig, key: string): Promise<unknown> {
  const session = await reader.details.find(key)
  return session && (await reader.details.state(session.id))
}

const session = row('s1', {
  state: { seen: ['a'] },
  deadlineMs: AT_MS + 5,
  firstMs: AT_MS - 10,
  lastMs: AT_MS + 3,
  userId: 'ada@example.com',
  title: 'Mend it',
  project: 'acme/shop',
  team: 'red',
  labels: { branch: 'main' },
  costUsd: 0.25,
  inputTokens: 7,
  modelCalls: 2,
})

const whole: Outcome<State> = {
  sessions: [session],
  usage: [used(session, { models: [{ costUsd: 0.25 }] })],
  emissions: [observation('o'), score('q')],
  controls: [{ sessionKey: KEY, control: { kind: 'tick', atMs: AT_MS } }],
}

describe.each(engines)('a commit to $name', (engine) => {
  test('stores all that the fold decided', async () => {
    const rig = await createRig(engine)
    const { store, reader } = rig
    const { outcome, alerts } = await rig.commit(whole, [other('a'), other('b')])
    expect(outcome).toEqual(whole)
    expect(alerts).toEqual([])
    const found = await reader.details.find(KEY)
    const { state: _, labels, firstPromptMs: _p, firstCommitMs: _c, ...facts } = session
    const owner = { team: session.team, user: session.userId }
    expect(found).toEqual({ ...facts, owner, id: expect.any(Number) })
    expect(await reader.details.attributes(found?.id ?? 0)).toMatchObject(labels)
    expect(await stateOf(rig, KEY)).toEqual({ version: 1, text: '{"seen":["a"]}' })
    expect(await reader.records.countOf(KEY)).toBe(2)
    expect(await store.sessions.nextDeadline()).toBe(AT_MS + 5)
    expect(await waitingFor(rig)).toEqual(['o'])
    expect(await waitingFor(rig, 'langfuse', 'score')).toEqual(['q'])
    const slice = await reader.usage.reader(ALL)({ fromMs: BUCKET, toMs: BUCKET + 1 })
    expect(slice.models).toMatchObject([{ session: found?.id, model: 'opus', costUsd: 0.25 }])
    expect((await inputsOf(rig, KEY)).map(({ kind }) => kind)).toEqual([
      'policy',
      'records',
      'control',
    ])
    expect(store.storage()).toMatchObject({ isWritable: true, lastCommitMs: AT_MS })
  })

  const cannotBeJson = { seen: [1n as unknown as string] }
  const broken: readonly (readonly [string, RegExp, () => Outcome<State>])[] = [
    [
      'the fold throws',
      /told to fail/,
      () => {
        throw new Error('told to fail')
      },
    ],
    [
      'a state cannot be written',
      /BigInt/,
      () => ({ ...whole, sessions: [session, row('s2', { state: cannotBeJson })] }),
    ],
    [
      'an emission cannot be written',
      /BigInt/,
      () => ({
        ...whole,
        emissions: [observation('o'), observation('p', { input: 1n as unknown as string })],
      }),
    ],
  ]
  test.each(broken)('when %s leaves nothing, and can be tried again', async (_, error, outcome) => {
    const rig = await createRig(engine)
    await rig.commit({ sessions: [row('before')], emissions: [observation('before')] }, [
      other('before', 'before'),
    ])
    const before = await everything(rig)
    const arrivals = [other('a'), other('b', 's2')]
    await expect(rig.store.sessions.commit(arrivals, [KEY], outcome)).rejects.toThrow(error)
    expect(await everything(rig)).toEqual(before)
    const keys: string[] = []
    await rig.store.sessions.commit(arrivals, [], (arrived, states) => ({
      ...fresh(keys)(arrived, states),
      ...whole,
    }))
    expect(keys).toEqual([`${KEY} a`, 'claude-code/s2 b'])
    expect(await rig.store.outboxCounts()).toMatchObject({ pending: 3 })
    expect(await rig.reader.records.countOf(KEY)).toBe(1)
  })

  test('knows each record of a session once: within it, after it, and after a restart', async () => {
    const rig = await createRig(engine)
    const first: string[] = []
    const again: string[] = []
    await rig.store.sessions.commit(
      [other('a'), other('a'), other('b'), other('a', 's2')],
      [],
      fresh(first),
    )
    expect(first).toEqual([`${KEY} a`, `${KEY} b`, 'claude-code/s2 a'])
    await rig.store.sessions.commit([other('b'), other('c')], [], fresh(again))
    expect(again).toEqual([`${KEY} c`])
    const reopened = await rig.reopen()
    const last: string[] = []
    await reopened.store.sessions.commit([other('a'), other('c'), other('d')], [], fresh(last))
    expect(last).toEqual([`${KEY} d`])
    expect(await reopened.reader.records.countOf(KEY)).toBe(4)
  })

  test('of nothing but known records changes nothing', async () => {
    const rig = await createRig(engine)
    await rig.commit({}, [other('a')])
    const before = await everything(rig)
    await rig.commit({}, [other('a')])
    expect(await everything(rig)).toEqual(before)
  })

  test('keeps a record as it came, with its origin, under a position of its own', async () => {
    const rig = await createRig(engine)
    const attributes = { a: [1, { b: null }], c: true, text: 'ü\u0000 “”' }
    const origin = { resource: { host: 'here' }, scopeName: 'a scope', scopeVersion: '2' }
    const sent = arrival({ ...base, kind: 'other' }, { attributes, origin })
    await rig.commit({ sessions: [row('s1')] }, [sent, other('b')])
    const batches = await rig.reader.records.batches(KEY, 0, 10)
    expect(batches).toMatchObject([
      { id: 1, origin, signal: 'log', receivedMs: AT_MS + 1, records: [{ attributes }] },
      { id: 2, records: [{}] },
    ])
  })
})

describe.each(engines)('states in $name', (engine) => {
  /** The states that a fold is given. */
  async function given({ store }: Rig, keys: readonly string[], held?: Map<string, State>) {
    const states: [string, State][] = []
    const fold: Fold<State> = (_, stored) => {
      states.push(...stored)
      return nothing
    }
    await store.sessions.commit([], keys, fold, held && ((key) => held.get(key)))
    return states
  }

  test('are given to the fold that names them, as they were saved last', async () => {
    const rig = await createRig(engine)
    const sessions = [row('s1', { state: { seen: ['a'] } }), row('s2', { state: { seen: ['b'] } })]
    await rig.commit({ sessions })
    await rig.commit({ sessions: [row('s1', { state: { seen: ['a', 'c'] } })] })
    expect(await given(rig, [KEY, 'claude-code/nobody'])).toEqual([[KEY, { seen: ['a', 'c'] }]])
    const reopened = await rig.reopen()
    expect(await given(reopened, ['claude-code/s2', KEY])).toEqual([
      ['claude-code/s2', { seen: ['b'] }],
      [KEY, { seen: ['a', 'c'] }],
    ])
  })

  test('need not be read where the caller holds what it committed last', async () => {
    let reads = 0
    const plain = plainStates<State>()
    const states = {
      ...plain,
      read: (...[stored]: Parameters<typeof plain.read>) => {
        reads += 1
        return plain.read(stored)
      },
    }
    const rig = await createRig(engine, { states })
    const held = new Map<string, State>([[KEY, { seen: ['a'] }]])
    const sessions = [row('s1', { state: { seen: ['a'] } }), row('s2', { state: { seen: ['b'] } })]
    const { outcome } = await rig.commit({ sessions })
    for (const { key, state } of outcome.sessions) if (key === KEY) held.set(key, state)
    const found = await given(rig, [KEY, 'claude-code/s2'], held)
    expect(new Map(found)).toEqual(
      new Map([
        [KEY, { seen: ['a'] }],
        ['claude-code/s2', { seen: ['b'] }],
      ]),
    )
    expect(reads).toBe(1)
  })

  test('are void once their session is deleted, whatever the caller holds', async () => {
    const rig = await createRig(engine)
    const held = new Map<string, State>([[KEY, { seen: ['a'] }]])
    await rig.commit({ sessions: [row('s1', { state: { seen: ['a'] } })] })
    expect(await given(rig, [KEY], held)).toEqual([[KEY, { seen: ['a'] }]])
    const removal = await rig.store.sessions.remove(KEY)
    expect(await given(rig, [KEY], held)).toEqual([])
    await removal?.deleteRows()
    expect(await given(rig, [KEY], held)).toEqual([])
  })

  test('that cannot be read are told again from what is stored; without that the session ends', async () => {
    const told = async (stored: StoredInputs, key: string): Promise<State | undefined> => {
      const { inputs } = await stored.slice(key, 0, 10)
      const records = inputs.flatMap((input: StoredInput) =>
        input.kind === 'records' ? input.batch.records.length : [],
      )
      return records.length === 0 ? undefined : { seen: [`of ${sum(records)} records`] }
    }
    const rig = await createRig(engine)
    const sessions = [row('s1', { deadlineMs: 5 }), row('empty', { deadlineMs: 6 })]
    await rig.commit({ sessions }, [other('a'), other('b')])
    const newer = {
      ...plainStates<State>(2),
      rebuild: (key: string, i: StoredInputs) => told(i, key),
    }
    const reopened = await rig.reopen({ states: newer })
    expect(await given(reopened, [KEY, 'claude-code/empty'])).toEqual([
      [KEY, { seen: ['of 2 records'] }],
    ])
    expect(await reopened.store.sessions.openSessions(10)).toEqual([KEY])
    expect(reopened.warnings).toHaveLength(2)
  })
})

describe.each(engines)('usage in $name', (engine) => {
  const slices = ({ reader }: Rig) => reader.usage.reader(ALL)

  test('adds up by quarter of an hour, session, model and who called it; money exactly', async () => {
    const rig = await createRig(engine)
    for (let n = 0; n < 10; n += 1) {
      await rig.commit({
        sessions: [session],
        usage: [
          used(session, {
            models: [
              { costUsd: 0.1, inputTokens: 3 },
              { costUsd: 0.2, isSubagent: true },
              // Its binary form is no whole number of billionths.
              { model: 'haiku', costUsd: 0.067, unpricedCalls: 1 },
              { bucketMs: BUCKET + BUCKET_MS, costUsd: 5 },
            ],
            tools: [
              { failures: 1, durationMs: 2 },
              { tool: 'Read', refusals: 1 },
            ],
            activity: [{ bucketMs: BUCKET, measure: 'commits', facet: '', value: 1.5 }],
          }),
        ],
      })
    }
    const one = await slices(rig)({ fromMs: BUCKET, toMs: BUCKET + BUCKET_MS })
    expect(one.models.toSorted((a, b) => a.model.localeCompare(b.model))).toMatchObject([
      { model: 'haiku', calls: 10, costUsd: 0.67, unpricedCalls: 10 },
      { model: 'opus', calls: 20, costUsd: 3, inputTokens: 30 },
    ])
    expect(one.tools.toSorted((a, b) => a.tool.localeCompare(b.tool))).toEqual([
      { tool: 'Bash', results: 10, failures: 10, refusals: 0, durationMs: 20 },
      { tool: 'Read', results: 10, failures: 0, refusals: 10, durationMs: 0 },
    ])
    expect(one.activity).toEqual([{ measure: 'commits', facet: '', value: 15 }])
    expect(one.sessions).toMatchObject([
      { agent: 'claude-code', project: 'acme/shop', team: 'red' },
    ])
    const both = await slices(rig)({ fromMs: BUCKET, toMs: BUCKET + 2 * BUCKET_MS })
    expect(both.models.find(({ model }) => model === 'opus')).toMatchObject({ costUsd: 53 })
    const buckets = await rig.reader.usage.buckets(ALL, { fromMs: BUCKET, toMs: BUCKET + 1 })
    const costs = buckets.map(
      ({ model, isSubagent, costUsd }) => `${model} ${isSubagent} ${costUsd}`,
    )
    expect(costs.toSorted((a, b) => a.localeCompare(b))).toEqual([
      'haiku false 0.67',
      'opus false 1',
      'opus true 2',
    ])
  })

  test('is found from its first quarter of an hour to its last', async () => {
    const rig = await createRig(engine)
    expect(await rig.reader.usage.bounds(AT_MS)).toBeUndefined()
    const later = BUCKET + 8 * BUCKET_MS
    await rig.commit({
      sessions: [session],
      usage: [
        used(session, {
          models: [{}],
          activity: [{ bucketMs: later, measure: 'prompts', facet: '', value: 1 }],
        }),
      ],
    })
    expect(await rig.reader.usage.bounds(later + 1)).toEqual({
      fromMs: BUCKET,
      toMs: later + BUCKET_MS,
    })
    expect(await rig.reader.usage.bounds(later)).toEqual({
      fromMs: BUCKET,
      toMs: BUCKET + BUCKET_MS,
    })
    expect(await rig.reader.usage.nextBucket(BUCKET + 1)).toBe(later)
    expect(await rig.reader.usage.nextBucket(later + 1)).toBeUndefined()
  })

  test('is that of the sessions that are asked for', async () => {
    const rig = await createRig(engine)
    const other = row('s2', { project: 'acme/other' })
    await rig.commit({
      sessions: [session, other],
      usage: [
        used(session, { models: [{ costUsd: 1 }] }),
        used(other, { models: [{ costUsd: 2, model: 'haiku' }] }),
      ],
    })
    const span = { fromMs: BUCKET, toMs: BUCKET + 1 }
    const costs = async (filter: Parameters<typeof rig.reader.usage.reader>[0]) =>
      (await rig.reader.usage.reader(filter)(span)).models.map(({ costUsd }) => costUsd)
    expect(await costs({ ...ALL, project: 'acme/other' })).toEqual([2])
    expect(await costs({ ...ALL, model: 'opus' })).toEqual([1])
    expect(await costs({ ...ALL, user: 'ada@example.com' })).toEqual([1])
    expect(await costs({ attributes: [{ key: 'branch', value: 'main' }] })).toEqual([1])
    expect(new Set(await costs(ALL))).toEqual(new Set([1, 2]))
  })
})

describe.each(engines)('deadlines in $name', (engine) => {
  const sessions = [
    row('late', { deadlineMs: 300, lastMs: 10 }),
    row('closed', { closeReason: 'idle', lastMs: 1 }),
    row('early', { deadlineMs: 100, lastMs: 30 }),
    row('middle', { deadlineMs: 200.5, lastMs: 20 }),
  ]

  test('fall due the most overdue first, and outlive a restart', async () => {
    const rig = await createRig(engine)
    expect(await rig.store.sessions.nextDeadline()).toBeUndefined()
    await rig.commit({ sessions })
    const { store } = await rig.reopen()
    expect(await store.sessions.nextDeadline()).toBe(100)
    expect(await store.sessions.dueSessions(99, 10)).toEqual([])
    expect(await store.sessions.dueSessions(1000, 2)).toEqual([
      'claude-code/early',
      'claude-code/middle',
    ])
    expect(await store.sessions.countOpenSessions()).toBe(3)
    expect(await store.sessions.openSessions(2)).toEqual(['claude-code/late', 'claude-code/middle'])
  })

  test('move with their session, and go when it closes', async () => {
    const rig = await createRig(engine)
    await rig.commit({ sessions })
    await rig.commit({ sessions: [row('early', { deadlineMs: 250 }), row('middle')] })
    expect(await rig.store.sessions.nextDeadline()).toBe(250)
    expect(await rig.store.sessions.dueSessions(1000, 10)).toEqual([
      'claude-code/early',
      'claude-code/late',
    ])
    expect(await rig.store.sessions.countOpenSessions()).toBe(2)
  })
})

describe.each(engines)('what happened to a session, in $name', (engine) => {
  test('is there in one order, with the policy before what came under it', async () => {
    const first = await createRig(engine)
    const tick = { kind: 'tick', atMs: AT_MS } as const
    const close = { kind: 'close', reason: 'idle', atMs: AT_MS + 1 } as const
    const controls = [{ sessionKey: KEY, control: tick }]
    await first.commit({ sessions: [session], controls }, [other('a')])
    const rig = await first.reopen({ states: { ...plainStates<State>(), policy: '{"n":2}' } })
    await rig.commit({ sessions: [session] }, [other('b'), other('x', 's2')])
    await rig.commit({
      sessions: [session],
      controls: [{ sessionKey: KEY, control: close }],
    })
    const shown = (input: StoredInput) => {
      if (input.kind === 'records') return input.batch.records.length
      return input.kind === 'control' ? input.control : { policy: input.recorded }
    }
    const expected = [{ policy: {} }, 1, tick, { policy: { n: 2 } }, 1, close]
    for (const size of [1, 2, 10]) {
      expect((await inputsOf(rig, KEY, size)).map(shown)).toEqual(expected)
    }
  })
})

describe.each(engines)('a read while a commit to $name is under way', (engine) => {
  test('has all of it or nothing', async () => {
    const rig = await createRig(engine)
    await rig.commit({ sessions: [row('before')] }, [other('a', 'before')])
    const keys = ['s1', 's2', 's3']
    const sessions = keys.map((id) => row(id))
    const reads: Promise<readonly string[]>[] = []
    const read = async () =>
      (await rig.reader.records.after(0, 100)).map(({ sessionKey }) => sessionKey)
    const committed = rig.store.sessions.commit(
      keys.map((id) => other('a', id)),
      [],
      () => {
        reads.push(read(), sessionKeys(rig))
        return { ...nothing, sessions, emissions: keys.map((id) => observation(id)) }
      },
    )
    reads.push(read(), sessionKeys(rig))
    await committed
    reads.push(read(), sessionKeys(rig))
    const seen = await Promise.all(reads)
    expect(seen).toHaveLength(6)
    for (const found of seen) expect([1, 4]).toContain(found.length)
    for (const found of seen.slice(-2)) expect(found).toHaveLength(4)
  })
})
