/** Transcripts in a commit: whose a copied line is, and what is one with telemetry; how far files were read. */
import { describe, expect, test } from 'vitest'
import type { Arrival } from '../../../src/domain/session-store.ts'
import { CONTINUES, telemetryKeyOf } from '../../../src/domain/transcript-join.ts'
import { AT_MS, base } from '../../unit/storage/arrivals.ts'
import { createRig, engines, type Rig, type StorageEngine } from './engines.ts'
import { entry, freshOf, marksOf, telemetry, transcriptStates } from './transcript-arrivals.ts'

const rigOf = (engine: StorageEngine) => createRig(engine, { states: transcriptStates })
describe.each(engines)('transcripts in $name', (engine) => {
  test('a line that several sessions have is of the first', async () => {
    const rig = await rigOf(engine)
    await freshOf(rig.store, entry('first', 'r1'))
    const fresh = await freshOf(rig.store, entry('fork', 'r1'), entry('fork', 'r2'))
    expect(fresh.map(({ item }) => item.name)).toEqual([CONTINUES, base.name])
    const again = await rig.reopen()
    expect(await freshOf(again.store, entry('first', 'r1'))).toEqual([])
    expect((await freshOf(again.store, entry('third', 'r2'))).map(({ item }) => item.name)).toEqual(
      [CONTINUES],
    )
  })

  test('telemetry that follows an entry knows it, and so do the stored records', async () => {
    const rig = await rigOf(engine)
    const [of] = marksOf(await freshOf(rig.store, entry('s1', 'r1')))
    expect(of?.joinKey).toEqual(expect.any(String))
    expect(of?.copyOf).toBeUndefined()
    const again = await rig.reopen()
    expect(
      marksOf(await freshOf(again.store, telemetry('s1', 'r1'), telemetry('s1', 'r2'))),
    ).toEqual([{ told: of?.joinKey }, { told: undefined }])
    const batches = await again.reader.records.batches('claude-code/s1', 0, 10)
    const records = batches.flatMap((batch) => batch.records)
    expect(records).toMatchObject([{ joinKey: of?.joinKey }, { transcriptKey: of?.joinKey }, {}])
  })

  test('an entry that follows telemetry is a copy of it, and each is joined once', async () => {
    const rig = await rigOf(engine)
    await freshOf(rig.store, telemetry('s1', 'r1'))
    const again = await rig.reopen()
    const [copy, alike] = marksOf(await freshOf(again.store, entry('s1', 'r1'), entry('s1', 'r9')))
    expect(copy?.copyOf).toBe(telemetryKeyOf({ dedupKey: 'event|r1' }))
    expect(alike?.copyOf).toBeUndefined()
  })

  test('both in one commit are joined as if they had come apart', async () => {
    const rig = await rigOf(engine)
    const [first, second] = marksOf(
      await freshOf(rig.store, entry('s1', 'r1'), telemetry('s1', 'r1')),
    )
    expect(second).toEqual({ told: first?.joinKey })
  })

  const none = { requestId: 'none' }
  const copiesOf = (arrivals: readonly Arrival[]) => marksOf(arrivals).map(({ copyOf }) => copyOf)
  const keyOf = (name: string) => telemetryKeyOf({ dedupKey: `event|${name}` })

  test.each(['one commit', 'a commit each'])(
    'what has no id is joined by its number, in %s',
    async (how) => {
      const { store } = await rigOf(engine)
      const before = [telemetry('s1', 't1', none), telemetry('s1', 'r2')]
      await freshOf(store, ...before, telemetry('s1', 't3', none))
      const entries = [
        entry('s1', 'r7'),
        entry('s1', 'e', none),
        entry('s1', 'r2'),
        entry('s1', 'f', none),
      ]
      const commits = how === 'one commit' ? [entries] : entries.map((one) => [one])
      const copies: unknown[] = []
      for (const of of commits) copies.push(...copiesOf(await freshOf(store, ...of)))
      expect(copies).toEqual([keyOf('t1'), keyOf('r2'), keyOf('t3'), undefined])
      const [late] = marksOf(await freshOf(store, telemetry('s1', 't4', none)))
      expect(late).toEqual({ told: expect.any(String) })
      expect(marksOf(await freshOf(store, telemetry('s1', 't5', none)))).toEqual([{}])
    },
  )

  describe.each(['one commit', 'a commit each'])(
    'a call that its last line amends, in %s',
    (how) => {
      const begun = entry('s1', 'e', { ...none, output: 1 })
      const end = entry('s1', 'e', { ...none, output: 7, amends: true })
      const told = telemetry('s1', 't', { ...none, output: 7 })
      const alike = telemetry('s1', 'alike', { ...none, output: 7 })
      const likeItsBeginning = telemetry('s1', 'less', { ...none, output: 1 })

      async function marksAfter(...arrivals: readonly Arrival[]) {
        const { store } = await rigOf(engine)
        if (how === 'one commit') return marksOf(await freshOf(store, ...arrivals))
        const marks: unknown[] = []
        for (const one of arrivals) marks.push(...marksOf(await freshOf(store, one)))
        return marks
      }
      const joinKey = expect.any(String)
      const byTranscript = { told: joinKey }
      const unmarked = { joinKey, copyOf: undefined }

      test('is what telemetry told before', async () => {
        const copy = { joinKey, copyOf: keyOf('t') }
        expect(await marksAfter(told, begun, end, alike, likeItsBeginning)).toEqual([
          ...[{}, unmarked, copy, {}, {}],
        ])
      })

      test.each([
        { what: 'the first of it', before: [] },
        { what: 'not the first', before: [telemetry('s1', 'other', none)] },
      ])('is what telemetry tells later, $what', async ({ before }) => {
        const marks = await marksAfter(...before, begun, end, told, likeItsBeginning)
        expect(marks).toEqual([...before.map(() => ({})), unmarked, unmarked, byTranscript, {}])
      })
    },
  )

  test('of calls with one id those that are alike are one', async () => {
    const { store } = await rigOf(engine)
    const relayed = (model: string) => ({ requestId: 'relay', model })
    await freshOf(
      store,
      telemetry('s1', 'a', relayed('opus')),
      telemetry('s1', 'b', relayed('haiku')),
    )
    const both = [entry('s1', 'c', relayed('haiku')), entry('s1', 'd', relayed('opus'))]
    expect(copiesOf(await freshOf(store, ...both))).toEqual([keyOf('b'), keyOf('a')])
    expect(copiesOf(await freshOf(store, entry('s1', 'e', relayed('opus'))))).toEqual([undefined])
  })

  test('sessions of one commit are joined each on its own', async () => {
    const { store } = await rigOf(engine)
    await freshOf(store, telemetry('s1', 't1', none), telemetry('s2', 't2', none))
    const fresh = await freshOf(
      store,
      entry('s2', 'r1'),
      entry('s1', 'r2'),
      entry('s3', 'r3'),
      entry('s1', 'r1'),
    )
    expect(fresh.map(({ sessionKey, item }) => [sessionKey, item.name])).toEqual([
      ['claude-code/s2', base.name],
      ['claude-code/s1', base.name],
      ['claude-code/s1', CONTINUES],
      ['claude-code/s3', base.name],
    ])
    expect(copiesOf(fresh)).toEqual([keyOf('t2'), keyOf('t1'), undefined, undefined])
  })

  /** Commits entries behind what is asked back for them. */
  async function accept(
    { store }: Pick<Rig, 'store'>,
    ...arrivals: readonly Arrival[]
  ): Promise<readonly Arrival[]> {
    const asked = await store.sessions.askedBack(arrivals)
    const given = asked.length === 0 ? [] : await freshOf(store, ...asked)
    return [...given, ...(await freshOf(store, ...arrivals))]
  }

  const givenUp = (arrivals: readonly Arrival[]) =>
    arrivals.flatMap(({ item }) =>
      item.kind === 'transcript' && item.givesUp !== undefined
        ? [{ of: item.sessionId, takesBack: item.givesUp.joinKey }]
        : [],
    )

  async function recordsOf({ reader }: Pick<Rig, 'reader'>, sessionId: string) {
    const batches = await reader.records.batches(`claude-code/${sessionId}`, 0, 50)
    return batches.flatMap(({ records }) => records)
  }

  const early = { begunMs: 1000 }
  const late = { begunMs: 2000 }

  test('a session gives up what another one wrote before it', async () => {
    const rig = await rigOf(engine)
    const [copy] = marksOf(await accept(rig, entry('fork', 'r1', late), entry('fork', 'r2', late)))
    const again = await rig.reopen()
    const fresh = await accept(again, entry('first', 'r1', early))
    expect(givenUp(fresh)).toEqual([{ of: 'fork', takesBack: copy?.joinKey }])
    expect(fresh.at(-1)?.item.sessionId).toBe('first')
    expect(await recordsOf(again, 'fork')).toMatchObject([
      { name: 'given_up', attributes: {} },
      { name: 'model_call', key: 'call|r2' },
      { name: CONTINUES },
    ])
    // Neither side changes when the files are read again.
    expect(await accept(again, entry('first', 'r1', early))).toEqual([])
    const later = await accept(again, entry('fork', 'r1', late), entry('fork', 'r2', late))
    expect(later.filter(({ item }) => item.name !== CONTINUES)).toEqual([])
  })

  test('a session keeps what it wrote before another one, and what was exported', async () => {
    const rig = await rigOf(engine)
    await accept(
      rig,
      entry('first', 'r1', early),
      entry('sent', 'r2', { ...late, isExported: true }),
    )
    const fresh = await accept(rig, entry('fork', 'r1', late), entry('fork', 'r2', early))
    expect(fresh.map(({ item }) => [item.sessionId, item.name])).toEqual([['fork', CONTINUES]])
  })

  test('of calls that look alike telemetry tells the other one when its own is given up', async () => {
    const rig = await rigOf(engine)
    const [, own] = marksOf(await accept(rig, entry('fork', 'r1', late), entry('fork', 'r2', late)))
    await freshOf(rig.store, telemetry('fork', 't1', none))
    const fresh = await accept(rig, entry('first', 'r1', early))
    expect(givenUp(fresh)).toEqual([{ of: 'fork', takesBack: own?.joinKey }])
    const [, copy, told] = await recordsOf(rig, 'fork')
    expect(copy).toMatchObject({ key: 'call|r2', copyOf: keyOf('t1') })
    expect(told).not.toHaveProperty('transcriptKey')
    expect(marksOf(await freshOf(rig.store, telemetry('fork', 't2', none)))).toEqual([{}])
  })

  test('telemetry without ids that told of what is given up tells of what comes later', async () => {
    const rig = await rigOf(engine)
    await accept(rig, entry('fork', 'r1', late))
    await freshOf(rig.store, telemetry('fork', 't1', none))
    await accept(rig, entry('first', 'r1', early))
    const own = marksOf(await accept(rig, entry('fork', 'r2', late), entry('fork', 'r3', late)))
    expect(own.map(({ copyOf }) => copyOf)).toEqual([keyOf('t1'), undefined])
  })

  test('what telemetry alone tells of a session is not taken back', async () => {
    const rig = await rigOf(engine)
    await freshOf(rig.store, telemetry('fork', 'r1'))
    await accept(rig, entry('fork', 'r1', late))
    const fresh = await accept(rig, entry('first', 'r1', early))
    expect(givenUp(fresh)).toEqual([{ of: 'fork', takesBack: undefined }])
  })

  test('a claim without a rank is as old as its session', async () => {
    const rig = await rigOf(engine)
    await freshOf(rig.store, entry('fork', 'r1'))
    const asked = (begunMs: number) =>
      rig.store.sessions.askedBack([entry('other', 'r1', { begunMs })])
    expect(await asked(AT_MS + 1)).toEqual([])
    expect(await asked(AT_MS - 1)).toHaveLength(1)
  })

  test('a line that a copy told is told again by itself', async () => {
    const rig = await rigOf(engine)
    const copied = entry('first', 'r1')
    const rank = { begunMs: 2000, order: 2000, isCopied: true }
    await accept(rig, { ...copied, rank })
    expect(await accept(rig, { ...copied, rank })).toEqual([])
    const fresh = await accept(rig, entry('first', 'r1', early))
    expect(givenUp(fresh)).toHaveLength(1)
    expect(fresh).toHaveLength(2)
    expect(await accept(rig, entry('first', 'r1', early))).toEqual([])
  })

  test('signals of a session are known with the newest record of each', async () => {
    const rig = await rigOf(engine)
    expect(await rig.reader.records.signalsOf('claude-code/s1')).toEqual(new Map())
    await freshOf(rig.store, telemetry('s1', 'r1'))
    await freshOf(rig.store, entry('s1', 'r2'))
    const signals = await rig.reader.records.signalsOf('claude-code/s1')
    expect([...signals.keys()].toSorted()).toEqual(['log', 'transcript'])
    expect(signals.get('transcript')).toBe(await rig.reader.records.newest())
  })

  test('positions are kept by path, and scrub forgets what their readers know', async () => {
    const rig = await rigOf(engine)
    const { transcripts } = rig.store
    const position = { path: '/home/dev/a.jsonl', position: 10, head: 'h', state: '{"a":1}' }
    expect(await transcripts.get(position.path)).toBeUndefined()
    await transcripts.put([position, { ...position, path: '/home/dev/b.jsonl' }], AT_MS)
    await transcripts.put([{ ...position, position: 20, state: '{"a":2}' }], AT_MS + 1)
    const again = await rig.reopen()
    expect(await again.store.transcripts.get(position.path)).toEqual({
      ...position,
      ...{ position: 20, state: '{"a":2}' },
    })
    const kept = await again.store.scrub.store.transcriptStates(0)
    const newer = kept.find(({ text }) => text === '{"a":2}')
    expect(kept.map(({ text }) => text).toSorted()).toEqual(['{"a":1}', '{"a":2}'])
    await again.store.scrub.store.forgetTranscript(newer?.id ?? 0)
    expect(await again.store.transcripts.get(position.path)).toBeUndefined()
    expect(await again.store.transcripts.get('/home/dev/b.jsonl')).toBeDefined()
  })
})
