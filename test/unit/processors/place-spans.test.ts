import { describe, expect, test } from 'vitest'
import { profileNamed } from '../../../src/agents/registry.ts'
import type { Attributes } from '../../../src/domain/json-value.ts'
import type { SpanRecord } from '../../../src/domain/telemetry-record.ts'
import { createSpanPlacer } from '../../../src/processors/place-spans.ts'
import type { SpanInProcess } from '../../../src/processors/record-processor.ts'
import { createMemoryTraces } from './memory-traces.ts'

const profile = profileNamed('genai')
const origin = { resource: {}, scopeName: 'x', scopeVersion: '' }

interface Sketch {
  readonly id: string
  readonly in?: string
  /** Absent for spans that are nobody's work. */
  readonly op?: 'chat' | 'invoke_agent' | 'execute_tool'
  readonly session?: string
  readonly copilot?: boolean
  readonly from: number
  readonly to: number
}

function inProcess(of: Sketch): SpanInProcess {
  const attributes: Attributes = {
    ...(of.op !== undefined && { 'gen_ai.operation.name': of.op }),
    ...(of.session !== undefined && { 'gen_ai.conversation.id': of.session }),
    ...(of.copilot === true && { 'copilot_chat.mode': 'Agent' }),
  }
  const record: SpanRecord = {
    ...{ origin, traceId: 't', spanId: of.id, name: of.id, startMs: of.from, endMs: of.to },
    ...{ attributes, moments: [], statusCode: 0, statusMessage: '' },
    ...(of.in !== undefined && { parentSpanId: of.in }),
  }
  return {
    signal: 'trace',
    record,
    profile: of.op === undefined ? undefined : profile,
    identified: undefined,
    arrival: undefined,
  }
}

/** What each span's trace says of it, when the requests come in this order. */
async function placed(...requests: readonly (readonly Sketch[])[]) {
  const placer = createSpanPlacer(createMemoryTraces())
  const all = requests.map((sketches) => sketches.map(inProcess))
  for (const spans of all) await placer.place(spans)
  return Object.fromEntries(all.flat().map(({ record }) => [record.spanId, record.trace]))
}

const root: Sketch = { id: 'root', op: 'invoke_agent', session: 's', from: 0, to: 100 }
const call: Sketch = { id: 'call', in: 'root', op: 'chat', from: 1, to: 9 }
const tool: Sketch = { id: 'tool', in: 'root', op: 'execute_tool', from: 10, to: 50 }
const sub: Sketch = { id: 'sub', in: 'tool', op: 'invoke_agent', from: 11, to: 49 }
const subCall: Sketch = { id: 'subCall', in: 'sub', op: 'chat', from: 12, to: 20 }

describe('a span', () => {
  test('is in the session of the outermost span that names one', async () => {
    const { call: found } = await placed([call, root])
    expect(found).toEqual({ sessionId: 's', turnId: 't', within: ['root'] })
  })

  test('finds its session through spans that are nobody’s work', async () => {
    const post: Sketch = { id: 'post', in: 'root', from: 1, to: 9 }
    const { call: found } = await placed([{ ...call, in: 'post' }, post, root])
    expect(found).toEqual({ sessionId: 's', turnId: 't', within: ['root'] })
  })

  test('is of the agent around it, which is a subagent within another', async () => {
    const found = await placed([subCall, sub, tool, call, root])
    expect(found.subCall).toMatchObject({ sessionId: 's', turnId: 't', subagentId: 'sub' })
    expect(found.sub).toMatchObject({ subagentId: 'sub', within: ['tool', 'root'] })
    expect(found.tool).not.toHaveProperty('subagentId')
  })

  test('a subagent is known before the agent around it has ended', async () => {
    const found = await placed([{ ...call, session: 's' }], [subCall, sub], [tool, root])
    expect(found.sub).toMatchObject({ sessionId: 's', turnId: 't', subagentId: 'sub' })
    expect(found.root).toMatchObject({ sessionId: 's', turnId: 't' })
    expect(found.root).not.toHaveProperty('subagentId')
  })

  test('Copilot’s subagent is in the session around it, whatever id it has', async () => {
    const copilot = { copilot: true }
    const own = { ...sub, ...copilot, session: 'toolu-sub' }
    const first = { ...call, ...copilot, session: 's' }
    const found = await placed([first], [{ ...subCall, ...copilot }, own])
    expect(found.sub?.sessionId).toBe('s')
    expect(found.subCall?.sessionId).toBe('s')
  })

  test('two conversations in one trace are two', async () => {
    const other: Sketch = { id: 'other', op: 'invoke_agent', session: 'o', from: 200, to: 300 }
    const otherCall: Sketch = { id: 'otherCall', in: 'other', op: 'chat', from: 201, to: 210 }
    const found = await placed([call, root, otherCall, other])
    expect(found.call).toMatchObject({ sessionId: 's', turnId: 't' })
    expect(found.otherCall).toMatchObject({ sessionId: 'o', turnId: 't/1' })
    expect(found.other).toMatchObject({ sessionId: 'o', turnId: 't/1' })
  })

  test('two agents after each other in one trace are two turns', async () => {
    const host: Sketch = { id: 'host', from: 0, to: 400 }
    const one = { ...root, in: 'host' }
    const two: Sketch = { ...root, id: 'two', in: 'host', from: 200, to: 300 }
    const twoCall: Sketch = { ...call, id: 'twoCall', in: 'two', from: 201, to: 210 }
    const found = await placed([call, one], [twoCall], [two, host])
    expect([found.call?.turnId, found.twoCall?.turnId, found.two?.turnId]).toEqual([
      't',
      't/1',
      't/1',
    ])
  })

  test('without any id the trace is the session, and stays it', async () => {
    const found = await placed([call], [root])
    expect(found.call).not.toHaveProperty('sessionId')
    expect(found.root).not.toHaveProperty('sessionId')
  })

  test('a trace that names itself its own parent ends', async () => {
    const found = await placed([{ ...call, in: 'call' }])
    expect(found.call?.turnId).toBe('t')
  })
})

const spanIn = (traceId: string, of: Sketch): SpanInProcess => {
  const span = inProcess(of)
  span.record = { ...span.record, traceId }
  return span
}

test('a trace is known when there were more than are remembered since', async () => {
  const placer = createSpanPlacer(createMemoryTraces())
  await placer.place([spanIn('first', { ...call, session: 's' })])
  await placer.place(Array.from({ length: 1001 }, (_, at) => spanIn(`t${at}`, call)))
  const late = spanIn('first', { ...tool, id: 'late' })
  await placer.place([late])
  expect(late.record.trace).toMatchObject({ sessionId: 's' })
})

test('a span that comes again is told what it was told first', async () => {
  const traces = createMemoryTraces()
  const placer = createSpanPlacer(traces)
  const [first, again] = [
    inProcess({ ...call, session: 's' }),
    inProcess({ ...call, session: 's' }),
  ]
  await placer.place([first])
  const around = inProcess({ ...root, session: 'other' })
  await placer.place([around])
  await createSpanPlacer(traces).place([again])
  expect(around.record.trace?.sessionId).toBe('other')
  expect(first.record.trace?.sessionId).toBe('s')
  expect(again.record.trace).toEqual(first.record.trace)
})

test('nothing is learned of a trace that cannot be stored', async () => {
  const traces = createMemoryTraces()
  let isAway = false
  const placer = createSpanPlacer({
    change: async (owner, asked, held, learn) => {
      const change = traces.change(owner, asked, held, (stored) => {
        const changes = learn(stored)
        if (isAway) throw new Error('away')
        return changes
      })
      return change
    },
  })
  await placer.place([inProcess({ ...call, session: 's' })])
  isAway = true
  const lost = inProcess({ ...root, session: 'lost' })
  await expect(placer.place([lost])).rejects.toThrow('away')
  expect(lost.record).not.toHaveProperty('trace')
  isAway = false
  const found = inProcess(tool)
  await placer.place([found])
  expect(found.record.trace).toMatchObject({ sessionId: 's', within: ['root'] })
})

test('the older half of a long trace is forgotten, and not what it is as a whole', async () => {
  const traces = createMemoryTraces()
  const [one, other] = [createSpanPlacer(traces), createSpanPlacer(traces)]
  await one.place([inProcess({ ...root, session: 's' })])
  await other.place([inProcess({ ...call, id: 'early' })])
  for (let part = 0; part < 11; part += 1) {
    await one.place(
      Array.from({ length: 1000 }, (_, at) => inProcess({ ...call, id: `${part}/${at}` })),
    )
  }
  for (const [at, placer] of [one, other, createSpanPlacer(traces)].entries()) {
    const below = (id: string) => inProcess({ ...tool, id: `${at} below ${id}`, in: id })
    const [old, late] = [below('early'), below('10/0')]
    await placer.place([old, late])
    expect(old.record.trace).toMatchObject({ sessionId: 's', within: ['early'] })
    expect(late.record.trace).toMatchObject({ sessionId: 's', within: ['10/0', 'root'] })
  }
})

test('spans that come when the older half is forgotten are told what they are, old and new', async () => {
  const placer = createSpanPlacer(createMemoryTraces())
  const first = inProcess({ ...call, id: '0/0', session: 's' })
  await placer.place([first])
  for (let part = 0; part < 10; part += 1) {
    await placer.place(
      Array.from({ length: 1000 }, (_, at) => inProcess({ ...call, id: `${part}/${at}` })),
    )
  }
  const again = inProcess({ ...call, id: '0/0', session: 's' })
  const fresh = Array.from({ length: 6000 }, (_, at) => inProcess({ ...call, id: `new ${at}` }))
  await placer.place([again, ...fresh])
  expect(again.record.trace).toEqual(first.record.trace)
  expect(fresh.filter(({ record }) => record.trace?.sessionId !== 's')).toEqual([])
})
