import { describe, expect, test } from 'vitest'
import { profileNamed } from '../../../src/agents/registry.ts'
import type { Attributes } from '../../../src/domain/json-value.ts'
import type { SpanRecord } from '../../../src/domain/telemetry-record.ts'
import { createSpanPlacer } from '../../../src/processors/place-spans.ts'
import type { SpanInProcess } from '../../../src/processors/record-processor.ts'

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
function placed(...requests: readonly (readonly Sketch[])[]) {
  const placer = createSpanPlacer()
  const all = requests.map((sketches) => sketches.map(inProcess))
  for (const spans of all) placer.place(spans)
  return Object.fromEntries(all.flat().map(({ record }) => [record.spanId, record.trace]))
}

const root: Sketch = { id: 'root', op: 'invoke_agent', session: 's', from: 0, to: 100 }
const call: Sketch = { id: 'call', in: 'root', op: 'chat', from: 1, to: 9 }
const tool: Sketch = { id: 'tool', in: 'root', op: 'execute_tool', from: 10, to: 50 }
const sub: Sketch = { id: 'sub', in: 'tool', op: 'invoke_agent', from: 11, to: 49 }
const subCall: Sketch = { id: 'subCall', in: 'sub', op: 'chat', from: 12, to: 20 }

describe('a span', () => {
  test('is in the session of the outermost span that names one', () => {
    const { call: found } = placed([call, root])
    expect(found).toEqual({ sessionId: 's', turnId: 't', within: ['root'] })
  })

  test('finds its session through spans that are nobody’s work', () => {
    const post: Sketch = { id: 'post', in: 'root', from: 1, to: 9 }
    const { call: found } = placed([{ ...call, in: 'post' }, post, root])
    expect(found).toEqual({ sessionId: 's', turnId: 't', within: ['root'] })
  })

  test('is of the agent around it, which is a subagent within another', () => {
    const found = placed([subCall, sub, tool, call, root])
    expect(found.subCall).toMatchObject({ sessionId: 's', turnId: 't', subagentId: 'sub' })
    expect(found.sub).toMatchObject({ subagentId: 'sub', within: ['tool', 'root'] })
    expect(found.tool).not.toHaveProperty('subagentId')
  })

  test('a subagent is known before the agent around it has ended', () => {
    const found = placed([{ ...call, session: 's' }], [subCall, sub], [tool, root])
    expect(found.sub).toMatchObject({ sessionId: 's', turnId: 't', subagentId: 'sub' })
    expect(found.root).toMatchObject({ sessionId: 's', turnId: 't' })
    expect(found.root).not.toHaveProperty('subagentId')
  })

  test('Copilot’s subagent is in the session around it, whatever id it has', () => {
    const copilot = { copilot: true }
    const own = { ...sub, ...copilot, session: 'toolu-sub' }
    const first = { ...call, ...copilot, session: 's' }
    const found = placed([first], [{ ...subCall, ...copilot }, own])
    expect(found.sub?.sessionId).toBe('s')
    expect(found.subCall?.sessionId).toBe('s')
  })

  test('two conversations in one trace are two', () => {
    const other: Sketch = { id: 'other', op: 'invoke_agent', session: 'o', from: 200, to: 300 }
    const otherCall: Sketch = { id: 'otherCall', in: 'other', op: 'chat', from: 201, to: 210 }
    const found = placed([call, root, otherCall, other])
    expect(found.call).toMatchObject({ sessionId: 's', turnId: 't' })
    expect(found.otherCall).toMatchObject({ sessionId: 'o', turnId: 't/1' })
    expect(found.other).toMatchObject({ sessionId: 'o', turnId: 't/1' })
  })

  test('two agents after each other in one trace are two turns', () => {
    const host: Sketch = { id: 'host', from: 0, to: 400 }
    const one = { ...root, in: 'host' }
    const two: Sketch = { ...root, id: 'two', in: 'host', from: 200, to: 300 }
    const twoCall: Sketch = { ...call, id: 'twoCall', in: 'two', from: 201, to: 210 }
    const found = placed([call, one], [twoCall], [two, host])
    expect([found.call?.turnId, found.twoCall?.turnId, found.two?.turnId]).toEqual([
      't',
      't/1',
      't/1',
    ])
  })

  test('without any id the trace is the session, and stays it', () => {
    const found = placed([call], [root])
    expect(found.call).not.toHaveProperty('sessionId')
    expect(found.root).not.toHaveProperty('sessionId')
  })

  test('a trace that names itself its own parent ends', () => {
    const found = placed([{ ...call, in: 'call' }])
    expect(found.call?.turnId).toBe('t')
  })
})

test('a trace is forgotten when there are many', () => {
  const placer = createSpanPlacer()
  const spanIn = (traceId: string, of: Sketch): SpanInProcess => {
    const span = inProcess(of)
    span.record = { ...span.record, traceId }
    return span
  }
  placer.place([spanIn('first', { ...call, session: 's' })])
  for (let at = 0; at < 1001; at += 1) placer.place([spanIn(`t${at}`, call)])
  const late = spanIn('first', { ...tool, id: 'late' })
  placer.place([late])
  expect(late.record.trace).not.toHaveProperty('sessionId')
})
