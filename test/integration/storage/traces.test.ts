/** What a store knows of traces, whatever its engine. */
import { describe, expect, test } from 'vitest'
import type { SpanRecord } from '../../../src/domain/telemetry-record.ts'
import { type StoredTrace, traceBounds, type TraceStore } from '../../../src/domain/trace-store.ts'
import { createSpanPlacer } from '../../../src/processors/place-spans.ts'
import { spansOf } from '../../unit/agents/span-orders.ts'
import { inProcess } from '../span-requests.ts'
import { createRig, engines } from './engines.ts'

const operation = (name: string) => ({ 'gen_ai.operation.name': name })
const [call, tool, root] = spansOf(
  {
    ...{ name: 'reply', attributes: { 'session.id': 'g1' } },
    ...{ scope: 'goose', resource: { 'service.name': 'goose' } },
    within: [
      { name: 'chat', attributes: { ...operation('chat'), 'session.id': 'g1' } },
      { name: 'tool', attributes: operation('execute_tool') },
    ],
  },
  '0af7651916cd43dd8448eb211c80319c',
) as unknown as readonly [SpanRecord, SpanRecord, SpanRecord]

async function sessionOf(store: TraceStore, span: SpanRecord, owner?: string) {
  const placed = inProcess(span)
  await createSpanPlacer(store).place([placed], owner)
  return placed.record.trace?.sessionId
}

/** Adds a part of so many spans to a trace; resolves to what was known of it. */
async function add(store: TraceStore, traceId: string, spans: number, isWhole = false) {
  let known: StoredTrace | undefined
  await store.change(
    '',
    [{ traceId, isBegun: true }],
    () => undefined,
    ([trace]) => {
      if (trace === undefined) return []
      known = trace
      return [{ ref: trace.ref, facts: `f${spans}`, part: `p${spans}`, spans, isWhole }]
    },
  )
  return known
}

/** Nothing where it is not known. */
async function look(store: TraceStore, traceId: string) {
  let known: readonly StoredTrace[] = []
  await store.change(
    '',
    [{ traceId, isBegun: false }],
    () => undefined,
    (stored) => {
      known = stored
      return []
    },
  )
  return known.map(({ facts, parts, isWhole }) => ({ facts, parts, isWhole }))
}

describe.each(engines)('$name', (engine) => {
  test('a span finds its session after a restart in the middle of its trace', async () => {
    const rig = await createRig(engine)
    expect(await sessionOf(rig.store.traces, call)).toBe('g1')
    const { store } = await rig.reopen()
    expect(await sessionOf(store.traces, tool)).toBe('g1')
    expect(await sessionOf(store.traces, root)).toBe('g1')
  })

  test('two owners know nothing of each other’s traces', async () => {
    const { store } = await createRig(engine)
    expect(await sessionOf(store.traces, call, 'one')).toBe('g1')
    expect(await sessionOf(store.traces, tool, 'two')).toBeUndefined()
    expect(await sessionOf(store.traces, tool)).toBeUndefined()
    expect(await sessionOf(store.traces, tool, 'one')).toBe('g1')
  })

  test('only parts behind the version that is held are read', async () => {
    const { store } = await createRig(engine)
    for (const spans of [1, 2, 3]) await add(store.traces, 't', spans)
    const asked = [{ traceId: 't', isBegun: false }]
    const versions = await store.traces.change(
      '',
      asked,
      () => undefined,
      () => [],
    )
    const { ref = 0 } = versions.get('t') ?? {}
    expect(versions.get('t')).toEqual({ ref, lastPart: 3 })
    for (const [held, parts, isWhole] of [
      [{ ref, lastPart: 3 }, [], false],
      [{ ref, lastPart: 1 }, ['p2', 'p3'], false],
      [{ ref, lastPart: 4 }, ['p1', 'p2', 'p3'], true],
      [{ ref: ref + 1, lastPart: 3 }, ['p1', 'p2', 'p3'], true],
    ] as const) {
      await store.traces.change(
        '',
        asked,
        () => held,
        (stored) => {
          expect(stored).toEqual([{ traceId: 't', ref, facts: 'f3', parts, isWhole }])
          return []
        },
      )
    }
    await add(store.traces, 't', 4, true)
    expect(await look(store.traces, 't')).toEqual([{ facts: 'f4', parts: ['p4'], isWhole: true }])
  })

  test('nothing is stored of what cannot be learned', async () => {
    const { store } = await createRig(engine)
    const traces = [{ traceId: 't', isBegun: true }]
    const change = store.traces.change(
      '',
      traces,
      () => undefined,
      () => {
        throw new Error('odd')
      },
    )
    await expect(change).rejects.toThrow('odd')
    expect(await look(store.traces, 't')).toEqual([])
  })

  test('a trace is forgotten a day after its last span', async () => {
    const { store, clock } = await createRig(engine)
    await add(store.traces, 'old', 1)
    await add(store.traces, 'goes on', 1)
    await clock.advance(1000)
    await add(store.traces, 'goes on', 1)
    await clock.advance(traceBounds.ageMs - 500)
    store.upkeep.start()
    await clock.advance(0)
    await expect.poll(() => look(store.traces, 'old')).toEqual([])
    expect(await look(store.traces, 'goes on')).toHaveLength(1)
  })

  test('the longest quiet are forgotten where an owner has too many spans', async () => {
    const { store, clock } = await createRig(engine)
    store.upkeep.start()
    for (const [at, traceId] of ['a', 'b', 'c'].entries()) {
      await clock.advance(1000 * at)
      await add(store.traces, traceId, traceBounds.spansPerOwner / 2)
    }
    await clock.advance(120_000)
    await expect.poll(() => look(store.traces, 'a')).toEqual([])
    expect(await look(store.traces, 'b')).toHaveLength(1)
    expect(await look(store.traces, 'c')).toHaveLength(1)
    await add(store.traces, 'c', traceBounds.spansPerOwner * 2)
    await clock.advance(120_000)
    await expect.poll(() => look(store.traces, 'b')).toEqual([])
    expect(await look(store.traces, 'c')).toHaveLength(1)
  })

  test('of many traces as many are forgotten as are too much', async () => {
    const { store, clock } = await createRig(engine)
    const spans = traceBounds.spansPerOwner / 400
    const ids = Array.from({ length: 1400 }, (_, at) => `t${String(at).padStart(4, '0')}`)
    await store.traces.change(
      '',
      ids.map((traceId) => ({ traceId, isBegun: true })),
      () => undefined,
      (stored) => stored.map(({ ref }) => ({ ref, facts: 'f', part: 'p', spans, isWhole: false })),
    )
    const kept = async () => {
      const known = await store.traces.change(
        '',
        ids.map((traceId) => ({ traceId, isBegun: false })),
        () => undefined,
        () => [],
      )
      return [...known.keys()].sort()
    }
    store.upkeep.start()
    await expect
      .poll(async () => {
        await clock.advance(20)
        return (await kept()).length
      })
      .toBe(400)
    await clock.advance(120_000)
    expect(await kept()).toEqual(ids.slice(-400))
  })
})
