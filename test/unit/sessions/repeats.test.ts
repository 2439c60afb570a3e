/** What several records tell alike counts once, in whatever order they come. */
import { describe, expect, test } from 'vitest'
import type { AgentEvent, EventBase, FallbackEvent } from '../../../src/domain/agent-event.ts'
import { reduce, type SessionInput } from '../../../src/sessions/reduce.ts'
import { newSession } from '../../../src/sessions/state.ts'
import { policy } from './events.ts'

const START = 1_795_000_000_000

function base(name: string, timeMs: number, more: Partial<EventBase> = {}): EventBase {
  return {
    ...{
      agent: 'genai',
      sessionId: 's',
      dedupKey: name,
      name,
      timeMs: START + timeMs,
      identity: {},
    },
    promptId: 'turn',
    ...more,
  }
}

const tokens = (input: number) => ({ input, output: 1, cacheRead: 0, cacheCreation: 0 })

const call = (name: string, within: readonly string[], input: number): AgentEvent => ({
  ...base(name, 10, { place: { spanId: name, within } }),
  kind: 'model_call',
  ...{ model: 'm', isMain: true, parameters: {}, usage: tokens(input) },
})

const root = (name: string, within: readonly string[], input: number): AgentEvent => ({
  ...base(name, 20, { place: { spanId: name, within } }),
  ...{ kind: 'turn', startMs: START, isOver: true, sum: { model: 'm', usage: tokens(input) } },
})

const subagent = (name: string, within: readonly string[], input: number): AgentEvent => ({
  ...base(name, 15, { place: { spanId: name, within }, subagentId: name }),
  ...{ kind: 'subagent_end', subagentType: 'x', isBackground: false },
  sum: { model: 'm', usage: tokens(input) },
})

function folded(events: readonly AgentEvent[]) {
  const [first] = events
  if (first === undefined) throw new Error('nothing to fold')
  const inputs: SessionInput[] = events.map((item, at) => ({
    ...{ kind: 'record', item, atMs: START + 1000 + at },
  }))
  const state = newSession('genai/s', first, START)
  const step = reduce(
    state,
    [...inputs, { kind: 'close', reason: 'idle', atMs: START + 1e6 }],
    policy,
  )
  const delivered = step.emissions.reduce(
    (sum, emission) => sum + (emission.kind === 'observation' ? (emission.usage?.input ?? 0) : 0),
    0,
  )
  const { modelCalls, usage } = step.state.totals
  return { calls: modelCalls, input: usage.input, delivered }
}

/** All orders of a short list. */
function orders<T>(of: readonly T[]): T[][] {
  if (of.length < 2) return [[...of]]
  return of.flatMap((head, at) => orders(of.toSpliced(at, 1)).map((tail) => [head, ...tail]))
}

describe('sums of agents', () => {
  test('repeat their calls, in any order', () => {
    const events = [call('a', ['root'], 5), call('b', ['root'], 7), root('root', [], 12)]
    for (const order of orders(events)) {
      expect(folded(order)).toEqual({ calls: 2, input: 12, delivered: 12 })
    }
  })

  test('count where nothing below tells any', () => {
    expect(folded([root('root', [], 12)])).toEqual({ calls: 0, input: 12, delivered: 12 })
  })

  test('a root without the tokens of its subagent adds nothing, and a subagent’s own count', () => {
    const events = [call('a', ['root'], 5), subagent('sub', ['root'], 100), root('root', [], 5)]
    for (const order of orders(events)) {
      expect(folded(order)).toEqual({ calls: 1, input: 105, delivered: 105 })
    }
  })

  test('of nested agents the deepest counts', () => {
    const events = [subagent('sub', ['root'], 100), root('root', [], 100)]
    for (const order of orders(events)) {
      expect(folded(order)).toEqual({ calls: 0, input: 100, delivered: 100 })
    }
  })

  test('a call that wraps a call is none', () => {
    const events = [call('inner', ['outer', 'root'], 5), call('outer', ['root'], 5)]
    expect(folded([...events, root('root', [], 5)])).toEqual({ calls: 1, input: 5, delivered: 5 })
  })
})

test('a root is told for as long as its calls go on, however many they are', () => {
  const many = Array.from({ length: 3000 }, (_, at) => call(`call-${at}`, ['root'], 1))
  const { calls, input, delivered } = folded([...many, root('root', [], 3000)])
  expect({ calls, input, delivered }).toEqual({ calls: 3000, input: 3000, delivered: 3000 })
})

describe('a fallback', () => {
  const fallback: FallbackEvent = {
    ...base('log', 10),
    kind: 'fallback',
    unless: { requestId: 'r' },
    event: {
      ...base('log', 10),
      ...{ kind: 'model_call', model: 'm', isMain: true, parameters: {}, usage: tokens(9) },
    },
  }
  const better: AgentEvent = { ...call('span', [], 5), requestId: 'r' } as AgentEvent

  test('counts nothing beside what tells it better, in any order', () => {
    for (const order of orders([fallback, better])) {
      expect(folded(order)).toEqual({ calls: 1, input: 5, delivered: 5 })
    }
  })

  test('counts where nothing does', () => {
    expect(folded([fallback])).toEqual({ calls: 1, input: 9, delivered: 9 })
  })

  test('keeps its figures when its content is too long to wait', () => {
    const long = 'x'.repeat(1_000_000)
    const event = { ...fallback.event, input: [{ role: 'user', content: long }] } as AgentEvent
    const many = Array.from({ length: 50 }, (_, at) => ({
      ...fallback,
      event: { ...event, dedupKey: `log-${at}` } as typeof fallback.event,
      unless: { requestId: `r-${at}` },
    }))
    expect(folded(many)).toEqual({ calls: 50, input: 450, delivered: 450 })
  })

  test('survives a split at any record, as states are stored between them', () => {
    const state = newSession('genai/s', fallback, START)
    const first = reduce(state, [{ kind: 'record', item: fallback, atMs: START }], policy)
    const stored = JSON.parse(JSON.stringify(first.state)) as typeof first.state
    const inputs: SessionInput[] = [
      { kind: 'record', item: better, atMs: START + 1 },
      { kind: 'close', reason: 'idle', atMs: START + 1e6 },
    ]
    expect(reduce(stored, inputs, policy).state.totals.modelCalls).toBe(1)
  })
})
