/** Transcripts in a commit: whose a copied line is, and what is one with telemetry; how far files were read. */
import { describe, expect, test } from 'vitest'
import type { AgentEvent, ModelCallEvent } from '../../../src/domain/agent-event.ts'
import type { Arrival } from '../../../src/domain/session-store.ts'
import { sessionKeyOf } from '../../../src/domain/identity.ts'
import type { StateFormat } from '../../../src/domain/stored-state.ts'
import { CONTINUES, telemetryKeyOf } from '../../../src/domain/transcript-join.ts'
import {
  arrival,
  AT_MS,
  base,
  nothing,
  plainStates,
  row,
  type State,
} from '../../unit/storage/arrivals.ts'
import { createRig, engines, type Rig, type StorageEngine } from './engines.ts'

const call = (sessionId: string, requestId: string, dedupKey: string): ModelCallEvent => ({
  ...base,
  ...{ sessionId, requestId, dedupKey },
  kind: 'model_call',
  model: 'opus',
  isMain: true,
  parameters: {},
  usage: { input: 1, output: 2, cacheRead: 3, cacheCreation: 4 },
})

interface StoredEntry {
  readonly attributes: { readonly n?: number }
  readonly joinKey?: string
}

/** What stored records mean, by the number in their attributes. */
const meanings: AgentEvent[] = []
const states: StateFormat<State> = {
  ...plainStates(),
  itemsOf: ({ records }) =>
    records.flatMap((record): readonly AgentEvent[] => {
      const { attributes, joinKey } = record as StoredEntry
      const meant = attributes.n === undefined ? undefined : meanings[attributes.n]
      if (meant?.kind !== 'transcript') return meant === undefined ? [] : [meant]
      return [{ ...meant, ...(joinKey !== undefined && { joinKey }) }]
    }),
}

function noted(item: AgentEvent): { readonly n: number } {
  meanings.push(item)
  return { n: meanings.length - 1 }
}

function telemetry(sessionId: string, requestId: string): Arrival {
  const item = call(sessionId, requestId, `event|${requestId}`)
  return arrival(item, { attributes: { ...noted(item) } })
}

function entry(sessionId: string, requestId: string): Arrival {
  const key = `call|${requestId}`
  const event = call(sessionId, requestId, `api_request|${requestId}`)
  const item = {
    ...base,
    ...{ sessionId, event, dedupKey: `transcript|${key}`, claim: key },
    kind: 'transcript',
  } as const
  const record = { sessionId, name: 'model_call', key, claim: key, timeMs: AT_MS }
  return {
    sessionKey: sessionKeyOf('claude-code', sessionId),
    item,
    origin: { resource: {}, scopeName: 'transcripts/claude-code', scopeVersion: '' },
    stored: { signal: 'transcript', record: { ...record, attributes: { ...noted(item) } } },
    arrivedMs: AT_MS + 1,
  }
}

/** Commits them; what of them the fold gets. */
async function freshOf(
  { store }: Rig,
  ...arrivals: readonly Arrival[]
): Promise<readonly Arrival[]> {
  let fresh: readonly Arrival[] = []
  await store.sessions.commit(arrivals, [], (of) => {
    fresh = of
    const ids = new Set(arrivals.map(({ item }) => item.sessionId))
    return { ...nothing, sessions: [...ids].map((id) => row(id)) }
  })
  return fresh
}

const rigOf = (engine: StorageEngine) => createRig(engine, { states })
const marksOf = (arrivals: readonly Arrival[]) =>
  arrivals.map(({ item }) => {
    if (item.kind === 'metric') return {}
    if (item.kind !== 'transcript') return { told: item.transcriptKey }
    return { joinKey: item.joinKey, copyOf: item.copyOf }
  })

describe.each(engines)('transcripts in $name', (engine) => {
  test('a line that several sessions have is of the first', async () => {
    const rig = await rigOf(engine)
    await freshOf(rig, entry('first', 'r1'))
    const fresh = await freshOf(rig, entry('fork', 'r1'), entry('fork', 'r2'))
    expect(fresh.map(({ item }) => item.name)).toEqual([CONTINUES, base.name])
    const again = await rig.reopen()
    expect(await freshOf(again, entry('first', 'r1'))).toEqual([])
    expect((await freshOf(again, entry('third', 'r2'))).map(({ item }) => item.name)).toEqual([
      CONTINUES,
    ])
  })

  test('telemetry that follows an entry knows it, and so do the stored records', async () => {
    const rig = await rigOf(engine)
    const [of] = marksOf(await freshOf(rig, entry('s1', 'r1')))
    expect(of?.joinKey).toEqual(expect.any(String))
    expect(of?.copyOf).toBeUndefined()
    const again = await rig.reopen()
    expect(marksOf(await freshOf(again, telemetry('s1', 'r1'), telemetry('s1', 'r2')))).toEqual([
      { told: of?.joinKey },
      { told: undefined },
    ])
    const batches = await again.reader.records.batches('claude-code/s1', 0, 10)
    const records = batches.flatMap((batch) => batch.records)
    expect(records).toMatchObject([{ joinKey: of?.joinKey }, { transcriptKey: of?.joinKey }, {}])
  })

  test('an entry that follows telemetry is a copy of it, and each is joined once', async () => {
    const rig = await rigOf(engine)
    await freshOf(rig, telemetry('s1', 'r1'))
    const again = await rig.reopen()
    const [copy, alike] = marksOf(await freshOf(again, entry('s1', 'r1'), entry('s1', 'r9')))
    expect(copy?.copyOf).toBe(telemetryKeyOf({ dedupKey: 'event|r1' }))
    expect(alike?.copyOf).toBeUndefined()
  })

  test('both in one commit are joined as if they had come apart', async () => {
    const rig = await rigOf(engine)
    const [first, second] = marksOf(await freshOf(rig, entry('s1', 'r1'), telemetry('s1', 'r1')))
    expect(second).toEqual({ told: first?.joinKey })
  })

  test('signals of a session are known with the newest record of each', async () => {
    const rig = await rigOf(engine)
    expect(await rig.reader.records.signalsOf('claude-code/s1')).toEqual(new Map())
    await freshOf(rig, telemetry('s1', 'r1'))
    await freshOf(rig, entry('s1', 'r2'))
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
    const [first] = await again.store.scrub.store.transcriptStates(0)
    expect(first?.text).toBe('{"a":2}')
    await again.store.scrub.store.forgetTranscript(first?.id ?? 0)
    expect(await again.store.transcripts.get(position.path)).toBeUndefined()
    expect(await again.store.transcripts.get('/home/dev/b.jsonl')).toBeDefined()
  })
})
