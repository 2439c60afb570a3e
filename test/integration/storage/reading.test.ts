/** Questions about what was committed: lists, searches, menus, records. */
import type { Owner } from '../../../src/domain/access.ts'
import { describe, expect, test } from 'vitest'
import { SESSION_SORTS } from '../../../src/api/contract/session-list.ts'
import { DOCTOR_SESSION_PREFIX } from '../../../src/domain/identity.ts'
import { positionOf, type StoredBatch } from '../../../src/domain/telemetry-record.ts'
import type { SessionPlace, SessionQuestion } from '../../../src/storage/store-reader.ts'
import { arrival, AT_MS, base, other, row } from '../../unit/storage/arrivals.ts'
import { ALL, createRig, engines, type Rig, type StorageEngine } from './engines.ts'
import { BUCKET, used } from './usage.ts'

const everywhere: SessionQuestion = {
  filter: ALL,
  fromMs: undefined,
  toMs: undefined,
  state: 'any',
  order: 'last',
  direction: 'desc',
}

/** Names by the bytes of UTF-8. */
function comparePlaces(a: SessionPlace['value'], b: SessionPlace['value']): number {
  return typeof a === 'number'
    ? a - Number(b)
    : Buffer.compare(Buffer.from(a), Buffer.from(String(b)))
}

const prompt = (sessionId: string, text: string) =>
  arrival({ ...base, sessionId, kind: 'prompt', dedupKey: 'p', prompt: { text } })

async function filled(engine: StorageEngine): Promise<Rig> {
  const rig = await createRig(engine)
  const sessions = [
    row('a', {
      firstMs: AT_MS,
      lastMs: AT_MS + 30,
      costUsd: 2,
      errors: 1,
      prompts: 3,
      toolResults: 1,
      inputTokens: 5,
      title: 'Mend 100% of it',
      userId: 'ada',
      project: 'web',
      labels: { branch: 'main' },
    }),
    row('b', {
      firstMs: AT_MS + 5,
      lastMs: AT_MS + 10,
      costUsd: 3,
      outputTokens: 4,
      prompts: 2,
      modelCalls: 1,
      toolResults: 9,
      project: 'web',
      team: 'red',
      deadlineMs: AT_MS + 99,
      labels: { branch: 'main', 'user.id': 'grace' },
    }),
    row('c', {
      firstMs: AT_MS + 9,
      lastMs: AT_MS + 20,
      costUsd: 1,
      errors: 7,
      modelCalls: 2,
      closeReason: 'idle',
    }),
    row('empty', { isEmpty: true, firstMs: AT_MS + 1, lastMs: AT_MS + 1 }),
    row(`${DOCTOR_SESSION_PREFIX}1`, { lastMs: AT_MS + 50 }),
  ]
  await rig.commit(
    { sessions, usage: sessions.slice(0, 2).map((one) => used(one, { models: [{}] })) },
    [
      prompt('c', 'an Underscore_ and 50% “quotes”'),
      ...sessions.map(({ sessionId }) => other('k', sessionId)),
    ],
  )
  return rig
}

describe.each(engines)('lists of sessions in $name', (engine) => {
  const idsOf = async ({ reader }: Rig, change: Partial<SessionQuestion>) => {
    const page = await reader.lists.page({ ...everywhere, ...change }, undefined, 100)
    return page.map(({ sessionId }) => sessionId).join('')
  }

  test.each<readonly [Partial<SessionQuestion>, string]>([
    [{ order: 'last' }, 'acb'],
    [{ order: 'last', direction: 'asc' }, 'bca'],
    [{ order: 'first' }, 'cba'],
    [{ order: 'cost' }, 'bac'],
    [{ order: 'tokens' }, 'abc'],
    [{ order: 'duration' }, 'acb'],
    [{ order: 'errors' }, 'cab'],
    [{ order: 'prompts' }, 'abc'],
    [{ order: 'calls' }, 'cba'],
    [{ order: 'tools' }, 'bac'],
    // By the title; what has none is called by its id.
    [{ order: 'title' }, 'acb'],
    [{ order: 'project' }, 'bac'],
    [{ state: 'open' }, 'b'],
    [{ state: 'closed' }, 'ac'],
    [{ fromMs: AT_MS + 15 }, 'ac'],
    [{ toMs: AT_MS + 9 }, 'ab'],
    [{ filter: { ...ALL, project: 'web' } }, 'ab'],
    [{ filter: { ...ALL, team: 'red' } }, 'b'],
    [{ filter: { ...ALL, user: 'ada' } }, 'a'],
    [{ filter: { ...ALL, user: 'grace' } }, 'b'],
    [{ filter: { ...ALL, agent: 'codex' } }, ''],
    [{ filter: { ...ALL, model: 'opus' } }, 'ab'],
    [{ filter: { attributes: [{ key: 'branch', value: 'main' }] } }, 'ab'],
    [{ filter: { ...ALL, withEmpty: true } }, 'acbempty'],
  ])('%j gives %s', async (change, expected) => {
    expect(await idsOf(await filled(engine), change)).toBe(expected)
  })

  test('count what a question finds', async () => {
    const rig = await filled(engine)
    const count = (change: Partial<SessionQuestion>) =>
      rig.reader.lists.count({ ...everywhere, ...change })
    expect(await count({})).toBe(3)
    expect(await count({ state: 'open' })).toBe(1)
    expect(await count({ filter: { ...ALL, project: 'web' }, fromMs: AT_MS + 15 })).toBe(1)
    expect(await count({ filter: { ...ALL, owner: { team: 'red' } } })).toBe(1)
    expect(await count({ filter: { ...ALL, ids: [] } })).toBe(0)
  })

  test.each(SESSION_SORTS)('by %s go on behind a place, each session once', async (order) => {
    const rig = await createRig(engine)
    const names = ['Ärger', 'b\0c', 'B', 'a', 'ab', '', '漢字', '😀', 'x'.repeat(300)]
    const many = Array.from({ length: 25 }, (_, n) =>
      row(`s${n}`, {
        costUsd: n % 3,
        prompts: n % 2,
        ...(n % 4 > 0 && { title: names[n % 9], userId: names[n % 5], project: names[n % 3] }),
      }),
    )
    await rig.commit({ sessions: many })
    for (const direction of ['asc', 'desc'] as const) {
      const found: string[] = []
      const places: SessionPlace['value'][] = []
      let place: SessionPlace | undefined
      for (;;) {
        const question = { ...everywhere, order, direction }
        const page = await rig.reader.lists.page(question, place, 4)
        const last = page.at(-1)
        if (last === undefined) break
        found.push(...page.map(({ key }) => key))
        places.push(...page.map((session) => session.place))
        place = { value: last.place, id: last.id }
      }
      expect(found).toHaveLength(25)
      expect(new Set(found).size).toBe(25)
      const inOrder = places.toSorted(comparePlaces)
      expect(places).toEqual(direction === 'asc' ? inOrder : inOrder.reverse())
    }
  })

  test('name sessions by number and by key', async () => {
    const rig = await filled(engine)
    const [a, , b] = await rig.reader.lists.page(everywhere, undefined, 3)
    const found = await rig.reader.lists.byIds([b?.id ?? 0, a?.id ?? 0, 9999])
    expect(found.map(({ key }) => key).toSorted()).toEqual(['claude-code/a', 'claude-code/b'])
    expect(await idsOf(rig, { filter: { ...ALL, ids: [b?.id ?? 0] } })).toBe('b')
    expect(await idsOf(rig, { filter: { ...ALL, ids: [] } })).toBe('')
    const names = await rig.reader.lists.names(['claude-code/a', 'claude-code/b', 'nobody'])
    expect(new Map([...names].map(([key, { title }]) => [key, title]))).toEqual(
      new Map([
        ['claude-code/a', 'Mend 100% of it'],
        ['claude-code/b', undefined],
      ]),
    )
  })
})

describe.each(engines)('menus and figures in $name', (engine) => {
  test('tell sessions apart, in slices of their numbers', async () => {
    const { reader } = await filled(engine)
    const range = { fromMs: undefined, toMs: undefined }
    const endId = await reader.facets.endId()
    const found = []
    for (let fromId = 0; fromId < endId; fromId += 2) {
      found.push(...(await reader.facets.sessions(ALL, { ...range, fromId, toId: fromId + 2 })))
    }
    const none = { team: undefined, userId: undefined }
    expect(found.toSorted((x, y) => x.costUsd - y.costUsd)).toEqual([
      { ...none, agent: 'claude-code', project: undefined, costUsd: 1 },
      { ...none, agent: 'claude-code', project: 'web', userId: 'ada', costUsd: 2 },
      { ...none, agent: 'claude-code', project: 'web', team: 'red', costUsd: 3 },
    ])
    expect(await reader.facets.models(10)).toEqual(['opus'])
    expect(await reader.facets.attributeKeys(10)).toEqual(
      expect.arrayContaining(['branch', 'user.id']),
    )
    expect(await reader.facets.attributeKeys(1)).toHaveLength(1)
  })

  test('tell attributes of sessions, of an owner alone where one is named', async () => {
    const { reader } = await filled(engine)
    const sessions = await reader.lists.page(everywhere, undefined, 100)
    const names = new Map(sessions.map(({ id, sessionId }) => [id, sessionId]))
    const told = async (...asked: readonly [readonly string[], Owner?]) => {
      const found = await reader.usage.attributes([...names.keys()], ...asked)
      return found.map(({ session, key, value }) => [names.get(session), key, value].join()).sort()
    }
    const branches = ['a,branch,main', 'b,branch,main']
    expect(await told(['branch', 'nothing'])).toEqual(branches)
    expect(await told(['branch', 'user.id'])).toEqual([...branches, 'b,user.id,grace'])
    expect(await told(['branch'], { team: 'red', user: undefined })).toEqual(['b,branch,main'])
    expect(await told([])).toEqual([])
    expect(await reader.usage.attributes([], ['branch'])).toEqual([])
  })

  test('tell what sessions worked on, each stretch as it is known last', async () => {
    const rig = await createRig(engine)
    const [one, two] = [row('a', { team: 'red' }), row('b')]
    const commit = { name: '1a2b3c4', isHash: true, atMs: AT_MS, turn: 'p1' }
    const pullRequest = { name: 'https://x.example/a/b/pull/1', isUrl: true, atMs: AT_MS }
    const first = [
      { segment: 0, branch: 'main' },
      { segment: 1, branch: 'x\0\ud800' },
    ]
    await rig.commit({ sessions: [one, two], usage: [used(one, { work: first })] })
    await rig.commit({
      sessions: [one],
      usage: [used(one, { work: [{ segment: 0, branch: 'feature', commit }] })],
    })
    await rig.commit({
      sessions: [two],
      usage: [
        used(two, {
          work: [
            { segment: 3, pullRequest },
            { segment: 3, pullRequest },
          ],
        }),
      ],
    })
    const sessions = await rig.reader.lists.page(everywhere, undefined, 100)
    const ids = sessions.map(({ id }) => id).sort((a, b) => a - b)
    const [a = 0, b = 0] = ids
    const own = [
      { session: a, segment: 0, branch: 'feature', commit },
      { session: a, segment: 1, branch: expect.stringMatching(/^x/) },
    ]
    const { usage } = rig.reader
    expect(await usage.work(ids)).toEqual([...own, { session: b, segment: 3, pullRequest }])
    expect(await usage.work([a])).toEqual(own)
    expect(await usage.work([])).toEqual([])
    expect(await usage.work(ids, { team: 'red', user: undefined })).toEqual(own)
    expect(await usage.pullRequests()).toEqual([{ session: b, segment: 3, pullRequest }])
    expect(await usage.pullRequests({ team: 'red', user: undefined })).toEqual([])
    await (await rig.store.sessions.remove(two.key))?.deleteRows()
    expect(await usage.pullRequests()).toEqual([])
    expect(await usage.work([b])).toEqual([])
  })

  test('sum up a day for budgets, and list the sessions that are dear', async () => {
    const rig = await createRig(engine)
    const sessions = [
      row('a', { userId: 'ada', team: 'red', costUsd: 0.3, deadlineMs: AT_MS + 5 }),
      row('b', { userId: 'ada', costUsd: 2, closeReason: 'idle' }),
      row('c', { team: 'red', costUsd: 0.1, closeReason: 'idle' }),
    ]
    const usage = sessions.map((one) => used(one, { models: [{ costUsd: one.costUsd }] }))
    await rig.commit({ sessions, usage })
    const day = { fromMs: BUCKET, toMs: BUCKET + 1 }
    const spent = await rig.reader.budgets.spending(day)
    expect(spent.toSorted((x, y) => y.costUsd - x.costUsd)).toMatchObject([
      { userId: 'ada', team: undefined, agent: 'claude-code', model: 'opus', costUsd: 2 },
      { userId: 'ada', team: 'red', costUsd: 0.3, bucketMs: 0 },
      { userId: undefined, team: 'red', costUsd: 0.1 },
    ])
    const owned = await rig.reader.budgets.spending(day, { team: 'red' })
    expect(owned.map(({ costUsd }) => costUsd).toSorted((x, y) => x - y)).toEqual([0.1, 0.3])
    expect(await rig.reader.budgets.spending({ fromMs: 0, toMs: BUCKET })).toEqual([])
    const dear = await rig.reader.budgets.sessions({ sinceMs: 0, leastUsd: 1, limit: 10 })
    expect(dear.map(({ key, costUsd }) => [key, costUsd])).toEqual([
      ['claude-code/b', 2],
      ['claude-code/a', 0.3],
    ])
    expect(await rig.reader.budgets.sessions({ sinceMs: 0, leastUsd: 1, limit: 1 })).toHaveLength(1)
    const ofTeam = { sinceMs: 0, leastUsd: 0, limit: 10, of: 'team' } as const
    const inTeams = await rig.reader.budgets.sessions(ofTeam)
    expect(inTeams.map(({ key }) => key)).toEqual(['claude-code/a', 'claude-code/c'])
    expect(await rig.reader.budgets.sessions({ ...ofTeam, subject: 'blue' })).toEqual([])
  })

  test('take back what was told too soon', async () => {
    const rig = await createRig(engine)
    const one = row('a')
    const use = (sign: 1 | -1) =>
      used(one, {
        models: [{ calls: 0, costUsd: sign * 0.3, metricsUsd: sign * 0.2, inputTokens: sign * 5 }],
      })
    await rig.commit({ sessions: [one], usage: [use(1), use(1)] })
    await rig.commit({ sessions: [one], usage: [use(-1)] })
    const sums = await rig.reader.usage.reader(ALL)({ fromMs: BUCKET, toMs: BUCKET + 1 })
    expect(sums.models).toMatchObject([{ costUsd: 0.3, metricsUsd: 0.2, inputTokens: 5 }])
  })

  test('find the sessions whose cost metrics alone tell', async () => {
    const rig = await createRig(engine)
    await rig.commit({
      sessions: [
        row('a', { costUsd: 1, metricsUsd: 0.5 }),
        row('b', { costUsd: 1 }),
        row('c', { metricsUsd: 9, lastMs: AT_MS - 10 }),
      ],
    })
    const { eventGaps } = rig.reader
    expect(await eventGaps.since(AT_MS)).toEqual({ sessions: 1, metricsUsd: 0.5 })
    expect(await eventGaps.since(AT_MS - 10)).toEqual({ sessions: 2, metricsUsd: 9.5 })
    expect(await eventGaps.since(AT_MS + 1)).toEqual({ sessions: 0, metricsUsd: 0 })
  })

  test('say whether anything was ever stored', async () => {
    const rig = await createRig(engine)
    expect(await rig.reader.details.hasAny()).toBe(false)
    await rig.commit({}, [other('a')])
    expect(await rig.reader.details.hasAny()).toBe(true)
  })
})

describe.each(engines)('records in $name', (engine) => {
  const named = (key: string, sessionId: string, signal: 'log' | 'metric' = 'log') => {
    const one = arrival({ ...base, kind: 'other', dedupKey: key, name: key, sessionId })
    return { ...one, stored: { ...one.stored, signal } as typeof one.stored }
  }
  const nameOf = (record: StoredBatch['records'][number]) =>
    'eventName' in record ? record.eventName : '?'
  const shown = (batches: readonly StoredBatch[]) =>
    batches.flatMap(({ records }) => records.map(nameOf))

  /** Five records, and where they are: engines may leave out positions between two commits. */
  async function written() {
    const rig = await createRig(engine)
    await rig.commit({ sessions: [row('s1'), row('s2')] }, [named('a', 's1'), named('b', 's1')])
    await rig.commit({}, [named('c', 's2'), named('d', 's2', 'metric'), named('e', 's1')])
    const { records } = rig.reader
    const places = (await records.after(0, 100)).flatMap((batch) =>
      batch.records.map((record, index) => [nameOf(record), positionOf(batch, index)] as const),
    )
    const positions = new Map(places.toSorted(([, one], [, other]) => one - other))
    return { records, at: (name: string) => positions.get(name) ?? Number.NaN }
  }

  test('are read on from a position, of one session or of all', async () => {
    const { records, at } = await written()
    const all = ['a', 'b', 'c', 'd', 'e']
    expect(all.map(at)).toEqual(all.map(at).toSorted((a, b) => a - b))
    expect(await records.newest()).toBe(at('e'))
    for (const [index, position] of [0, ...all.map(at)].entries()) {
      const found: unknown[] = []
      for (let afterId: number = position; ; ) {
        const batches = await records.after(afterId, 1)
        const last = batches.at(-1)
        if (last === undefined) break
        found.push(...shown(batches))
        afterId = last.id
      }
      expect(found).toEqual(all.slice(index))
    }
    const behind = await records.batches('claude-code/s1', at('a'), 10)
    expect(shown(behind)).toEqual(['b', 'e'])
    expect(await records.batches('claude-code/nobody', 0, 10)).toEqual([])
  })

  test('are read back from a position, of some signals', async () => {
    const { records, at } = await written()
    const back = async (signals: readonly ('log' | 'metric')[], from: number) => {
      const found: unknown[] = []
      for (let beforeId: number | undefined = from; beforeId !== undefined; ) {
        const slice = await records.before(beforeId, signals, 1)
        found.unshift(...shown(slice.batches))
        beforeId = slice.beforeId
      }
      return found
    }
    expect(await back(['log'], at('e') + 1)).toEqual(['a', 'b', 'c', 'e'])
    expect(await back(['metric'], at('e') + 1)).toEqual(['d'])
    expect(await back(['log', 'metric'], at('d'))).toEqual(['a', 'b', 'c'])
    expect(await back(['log'], at('b'))).toEqual(['a'])
  })

  test('are read one by one, and counted', async () => {
    const { records, at } = await written()
    const recordAt = async (key: string, position: number) => {
      const batch = await records.at(key, position)
      return batch && shown([batch])
    }
    expect(await recordAt('claude-code/s1', at('b'))).toEqual(['b'])
    expect(await recordAt('claude-code/s1', at('c'))).toBeUndefined()
    expect(await recordAt('claude-code/s2', at('c'))).toEqual(['c'])
    expect(await recordAt('claude-code/s1', at('e') + 1)).toBeUndefined()
    expect(await records.countOf('claude-code/s1')).toBe(3)
    expect(await records.countOf('claude-code/nobody')).toBeUndefined()
    expect(await records.firstOf('claude-code/s2')).toBe(at('c'))
    expect(await records.firstOf('claude-code/nobody')).toBeUndefined()
    expect(await records.signalsOf('claude-code/s2')).toEqual(
      new Map([
        ['log', at('c')],
        ['metric', at('d')],
      ]),
    )
    expect(await records.signalsOf('claude-code/nobody')).toEqual(new Map())
  })

  test('of a large batch come in parts, each of them once', async () => {
    const rig = await createRig(engine)
    const text = 'ü'.repeat(100_000)
    const large = Array.from({ length: 60 }, (_, n) =>
      arrival({ ...base, kind: 'other', dedupKey: `${n}`, name: `${n}` }, { attributes: { text } }),
    )
    await rig.commit({ sessions: [row('s1')] }, large)
    const found: unknown[] = []
    let reads = 0
    for (let afterId = 0; ; reads += 1) {
      const batches = await rig.reader.records.batches('claude-code/s1', afterId, 100)
      const last = batches.at(-1)
      if (last === undefined) break
      expect(batches.flatMap(({ records }) => records).length).toBeLessThan(60)
      found.push(...shown(batches))
      afterId = last.id
    }
    expect(found).toEqual(large.map(({ item }) => item.name))
    expect(reads).toBeGreaterThan(1)
  })
})
