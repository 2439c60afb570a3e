/** The search: the same words find the same sessions in both engines. */
import { describe, expect, test } from 'vitest'
import type { AgentEvent } from '../../../src/domain/agent-event.ts'
import { searchTermsOf } from '../../../src/domain/search-words.ts'
import type { StoredBatch } from '../../../src/domain/telemetry-record.ts'
import { visibleReader } from '../../../src/reports/visible-reader.ts'
import type { StoreReader } from '../../../src/storage/store-reader.ts'
import { arrival, base, plainStates, row } from '../../unit/storage/arrivals.ts'
import { createRig, engines, type Rig, type RigOptions, type StorageEngine } from './engines.ts'

const MINUTE_MS = 60_000

const prompt = (sessionId: string, text: string, dedupKey = 'p') =>
  arrival(
    { ...base, sessionId, kind: 'prompt', dedupKey, prompt: { text } },
    { attributes: { text } },
  )

const tool = (sessionId: string, name: string, input: object, more: object = {}) =>
  arrival({
    ...base,
    sessionId,
    kind: 'tool_result',
    dedupKey: `t-${name}`,
    tool: name,
    success: true,
    input: JSON.stringify(input),
    ...more,
  })

/** States whose stored records are prompts, as these tests write them. */
const options: RigOptions = {
  states: {
    ...plainStates(),
    itemsOf: ({ sessionKey, records }: StoredBatch): AgentEvent[] =>
      (
        records as unknown as readonly { readonly attributes: { readonly text?: string } }[]
      ).flatMap(({ attributes: { text } }, n) => {
        if (text === 'damaged') throw new Error('nobody can read this')
        const sessionId = sessionKey.split('/')[1] ?? ''
        const dedupKey = `p${n}`
        return text === undefined
          ? []
          : [{ ...base, sessionId, kind: 'prompt', dedupKey, prompt: { text } }]
      }),
  },
}

async function filled(engine: StorageEngine): Promise<Rig> {
  const rig = await createRig(engine, options)
  const sessions = [
    row('a1b2c3d4-0000-4000-8000-000000000001', {
      title: 'Mend 100% of it',
      userId: 'ada@example.com',
      project: 'web',
      team: 'red',
      labels: { branch: 'feature/SHOP-7' },
    }),
    row('two', { title: 'Zweite Sitzung' }),
    row('three', { team: 'red' }),
    row('four', { isEmpty: true }),
  ]
  const long = Array.from({ length: 3000 }, (_, n) => `filler${n}`).join(' ')
  await rig.commit({ sessions }, [
    prompt('two', 'Why does the Café test fail? See “src/app.ts” and ÄRGER 修复登录错误 🚀'),
    tool('two', 'mcp__github__create_issue', { title: 'broken build', body: 'not searched' }),
    tool('two', 'Edit', { file_path: '/home/ada/project with spaces/lib/über-uns.tsx' }),
    tool('two', 'Bash', { command: 'npm run build' }, { error: 'spawn E2BIG', success: false }),
    arrival({
      ...base,
      sessionId: 'two',
      kind: 'model_error',
      dedupKey: 'e',
      model: 'claude-opus-5-5',
      message: 'Overloaded',
      statusCode: 529,
      isMain: true,
    }),
    prompt('three', `${long} the needle in the haystack`),
    prompt('three', 'one text ends here', 'p2'),
    prompt('three', 'another begins', 'p3'),
  ])
  return rig
}

async function find(reader: StoreReader, query: string): Promise<string> {
  const terms = searchTermsOf(query)
  const found = await Promise.all(terms.map((term) => reader.search.find(term)))
  const [first = [], ...others] = found
  const ids = first.filter((id) => others.every((ids) => ids.includes(id)))
  const sessions = await reader.lists.byIds(ids)
  return sessions
    .map(({ sessionId }) => (sessionId.startsWith('a1') ? 'one' : sessionId))
    .sort()
    .join(' ')
}

async function upkeep(rig: Rig): Promise<void> {
  rig.store.upkeep.start()
  await rig.clock.advance(MINUTE_MS)
}

describe.each(engines)('searching in $name', (engine) => {
  test('finds titles, prompts, tools, files, models, errors, attributes and ids', async () => {
    const { reader } = await filled(engine)
    const answers = await Promise.all(
      [
        ['mend', 'one'],
        ['MEND it', 'one'],
        ['100%', 'one'],
        ['a1b2c3d4', 'one'],
        ['a1b2c3d4-0000-4000-8000-000000000001', 'one'],
        ['ada@exam', 'one'],
        ['web', 'one'],
        ['red', 'one three'],
        ['branch=feature/SHOP-7', 'one'],
        ['shop', 'one'],
        ['claude-code', 'four one three two'],
        ['sitz', 'two'],
        ['cafe', 'two'],
        ['CAFÉ', 'two'],
        ['arger', 'two'],
        ['src/app.ts', 'two'],
        ['"src/app.ts"', 'two'],
        ['app.ts', 'two'],
        ['src/ts', ''],
        ['登录', 'two'],
        ['登错', ''],
        ['🚀', 'two'],
        ['mcp__github__', 'two'],
        ['github', 'two'],
        ['create_issue broken', 'two'],
        ['über-uns.tsx', 'two'],
        ['"project with spaces"', 'two'],
        ['npm run', 'two'],
        ['E2BIG', 'two'],
        ['529 overloaded', 'two'],
        ['opus', 'two'],
        ['claude-opus-5-5', 'two'],
        ['searched', ''],
        ['needle', 'three'],
        ['"the needle in the haystack"', 'three'],
        ['"filler232 filler233 filler234 filler235"', 'three'],
        ['"filler1 filler3"', ''],
        // Words of several texts, but no phrase over their ends.
        ['ends begins', 'three'],
        ['"here another"', ''],
        ['red needle', 'three'],
        ['mend needle', ''],
        ['mendx', ''],
      ].map(async ([query = '', expected]) => [query, expected, await find(reader, query)]),
    )
    for (const [query, expected, found] of answers)
      expect(`${query}: ${found}`).toBe(`${query}: ${expected}`)
  })

  test.each([
    'a AND b',
    'NEAR(mend it)',
    '"',
    '""" OR 1=1 --',
    "'); drop table search_texts; --",
    'words : mend',
    '{words}:mend',
    '^mend',
    'mend*',
    "mend':*",
    'a <-> b',
    '!mend & (it | x)',
    '\\',
    '\0',
    '\ud83d',
    '%_',
    '*',
    'ﷺ'.repeat(200),
    'x'.repeat(200),
  ])('takes %j as text', async (query) => {
    const { reader } = await filled(engine)
    expect(typeof (await find(reader, query))).toBe('string')
    expect(await find(reader, 'mend')).toBe('one')
  })

  test('shows an owner their own sessions alone', async () => {
    const { reader } = await filled(engine)
    const red = visibleReader(reader, { team: 'red' })
    expect(await find(red, 'claude-code')).toBe('one three')
    const term = { words: ['claude'], isPrefix: false }
    expect(await red.search.find(term)).toHaveLength(2)
    expect(await visibleReader(reader, { user: 'ada@example.com' }).search.find(term)).toHaveLength(
      1,
    )
    expect(await visibleReader(reader, { team: 'red', user: 'x' }).search.find(term)).toEqual([])
  })

  test('finds nothing of a session that was deleted, also where it begins anew', async () => {
    const rig = await filled(engine)
    const removal = await rig.store.sessions.remove('claude-code/two')
    expect(await find(rig.reader, 'cafe')).toBe('')
    await removal?.deleteRows()
    expect(await rig.reader.search.find({ words: ['cafe'], isPrefix: true })).toEqual([])
    await rig.commit({ sessions: [row('two')] }, [prompt('two', 'Cafe again')])
    expect(await find(rig.reader, 'cafe')).toBe('two')
    expect(await find(rig.reader, 'e2big')).toBe('')
    expect(await find(rig.reader, 'needle')).toBe('three')
  })

  test('finds what comes later, and after a commit that failed', async () => {
    const rig = await filled(engine)
    const sessions = [row('two')]
    await expect(
      rig.store.sessions.commit([prompt('two', 'never stored', 'x')], [], () => {
        throw new Error('the fold failed')
      }),
    ).rejects.toThrow('the fold failed')
    expect(await find(rig.reader, 'never')).toBe('')
    await rig.commit({ sessions }, [prompt('two', 'never stored', 'x')])
    expect(await find(rig.reader, 'never')).toBe('two')
    const again = await rig.reopen(options)
    await again.commit({ sessions: [row('two', { title: 'Renamed' })] }, [
      prompt('two', 'later', 'y'),
    ])
    expect(await find(again.reader, 'renamed later never')).toBe('two')
  })

  test('finds what takes the place of masked texts, and nothing of these', async () => {
    const rig = await filled(engine)
    const { store } = rig.store.scrub
    await store.replaceDerived('claude-code/two', () => ({
      session: {
        ...{ userId: null, title: 'Masked title', project: null, team: null },
        ...{ ownerTeam: null, ownerUser: null },
      },
    }))
    expect(await find(rig.reader, 'sitzung')).toBe('')
    expect(await find(rig.reader, 'masked')).toBe('two')
    const [batch] = await store.batchRows('claude-code/two', 0, 1)
    const masked = { timeMs: 0, attributes: { text: 'a [masked: github-token]' } }
    await store.writeBatch(batch?.id ?? 0, [masked] as never)
    expect(await find(rig.reader, 'cafe')).toBe('')
    expect(await find(rig.reader, 'masked title')).toBe('two')
    expect(await rig.reader.search.isCatchingUp()).toBe(true)
    await upkeep(rig)
    expect(await find(rig.reader, 'github-token')).toBe('two')
    expect(await find(rig.reader, 'cafe')).toBe('')
    expect(await rig.reader.search.isCatchingUp()).toBe(false)
  })

  test('reads records again in slices, whatever ends in between, and past what nobody can read', async () => {
    const rig = await createRig(engine, options)
    const sessions = ['x', 'y', 'z'].map((id) => row(id))
    for (let n = 0; n < 45; n += 1) {
      const text = n === 7 ? 'damaged' : `text${n}`
      await rig.commit({ sessions }, [
        prompt('y', text, `p${n}`),
        prompt('z', `${text} z`, `p${n}`),
      ])
    }
    for (const id of ['x', 'y', 'z']) {
      await rig.store.scrub.store.replaceDerived(`claude-code/${id}`, () => ({}))
    }
    expect(await find(rig.reader, 'text44')).toBe('')
    expect(await find(rig.reader, 'y')).toBe('y')
    const next = await rig.reopen(options)
    await next.commit({ sessions }, [prompt('y', 'meanwhile', 'm')])
    await upkeep(next)
    expect(await find(next.reader, 'text44')).toBe('y z')
    expect(await find(next.reader, 'text44 text0 meanwhile')).toBe('y')
    expect(await find(next.reader, 'text44 z')).toBe('z')
    expect(await next.reader.search.isCatchingUp()).toBe(false)
    expect(next.warnings).toMatchObject([{ sessionKey: 'claude-code/y' }])
  })
})
