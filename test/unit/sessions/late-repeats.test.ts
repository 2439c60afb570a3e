/** Sums do not depend on how late a record comes that tells better what has counted already. */
import { describe, expect, test } from 'vitest'
import type { AgentEvent, EventBase } from '../../../src/domain/agent-event.ts'
import type { Observation } from '../../../src/domain/emission.ts'
import { reduce, type SessionInput } from '../../../src/sessions/reduce.ts'
import { newSession, type SessionState } from '../../../src/sessions/state.ts'
import { policy } from './events.ts'

const START = 1_795_000_000_000
/** Longer than anything that a session waits for, and shorter than its time-out. */
const LATE_MS = 20 * 60_000

const base = (name: string, timeMs: number, more: Partial<EventBase> = {}): EventBase => ({
  ...{ agent: 'a', sessionId: 's', dedupKey: name, name, timeMs: START + timeMs, identity: {} },
  ...more,
})

const tokens = (input: number) => ({
  ...{ input, output: 2, cacheRead: 0, cacheCreation: 0, reasoning: 1 },
})

const call = (name: string, input: number, more: Partial<EventBase> = {}): AgentEvent => ({
  ...base(name, 100, more),
  ...{ kind: 'model_call', model: 'm', isMain: true, parameters: {}, usage: tokens(input) },
})

const prompt = (name: string, timeMs: number): AgentEvent => ({
  ...base(name, timeMs),
  ...{ kind: 'prompt', prompt: { text: name } },
})

/** As Codex' span of a turn tells it: under an id that no log has. */
const turnSum = (id: string, timeMs: number, input: number): AgentEvent => ({
  ...base(`sum-${id}`, timeMs),
  kind: 'fallback',
  unless: { anyCall: true },
  event: {
    ...base(`sum-${id}`, timeMs, { promptId: id }),
    ...{ kind: 'model_usage', model: 'm', usage: tokens(input) },
  },
})

const rootSum = (input: number): AgentEvent => ({
  ...base('root', 200, { promptId: 'p', place: { spanId: 'root', within: [] } }),
  ...{ kind: 'turn', startMs: START, isOver: true, sum: { model: 'm', usage: tokens(input) } },
})

const tool = (name: string, success: boolean): AgentEvent => ({
  ...base(name, 50, { promptId: 'p' }),
  ...{ kind: 'tool_result', tool: 't', success, durationMs: 10, toolUseId: 'u' },
})

const poorTool: AgentEvent = {
  ...base('poor', 50, { promptId: 'p' }),
  kind: 'fallback',
  unless: { toolUseId: 'u' },
  event: tool('poor', true) as Extract<AgentEvent, { readonly kind: 'tool_result' }>,
}

interface Step {
  readonly state: SessionState
  readonly emissions: readonly Observation[]
  /** What reports add up, by measure. */
  readonly reported: Readonly<Record<string, number>>
}

/** Folds each event when the session has waited for the one before long enough. */
function folded(events: readonly AgentEvent[], isStored = false): Step {
  const [first] = events
  if (first === undefined) throw new Error('nothing to fold')
  let state = newSession('a/s', first, START)
  const emissions: Observation[] = []
  const reported: Record<string, number> = {}
  const add = (name: string, value: number) => {
    reported[name] = (reported[name] ?? 0) + value
  }
  const inputs: SessionInput[] = events.flatMap((item, at) => [
    { kind: 'tick', atMs: START + at * LATE_MS },
    { kind: 'record', item, atMs: START + at * LATE_MS },
  ])
  for (const input of [
    ...inputs,
    { kind: 'close', reason: 'idle', atMs: START + 100 * LATE_MS } as const,
  ]) {
    const step = reduce(state, [input], policy)
    state = isStored ? (JSON.parse(JSON.stringify(step.state)) as SessionState) : step.state
    for (const each of step.emissions) if (each.kind === 'observation') emissions.push(each)
    for (const row of step.usage.models) {
      add('calls', row.calls)
      add('input', row.inputTokens)
      add('unpriced', row.unpricedCalls)
    }
    for (const row of step.usage.tools) {
      add('results', row.results)
      add('failures', row.failures)
    }
    for (const { measure, value } of step.usage.activity) add(measure, value)
  }
  return { state, emissions, reported }
}

/** What the exporters show in the end: of each observation what was sent last. */
function shown({ emissions }: Step): readonly Observation[] {
  return [...new Map(emissions.map((each) => [`${each.traceKey} ${each.key}`, each])).values()]
}

function sumsOf(step: Step) {
  const { totals, turnCount } = step.state
  const { modelCalls, toolResults, toolFailures, prompts, unpricedCalls, usage } = totals
  const { models, tools } = totals
  return {
    ...{ turnCount, modelCalls, toolResults, toolFailures, prompts, unpricedCalls, usage },
    models: Object.values(models).map((of) => [of.calls, of.unpricedCalls, of.usage]),
    tools: Object.values(tools).map((of) => [of.results, of.failures]),
    reported: Object.fromEntries(Object.entries(step.reported).filter(([, sum]) => sum !== 0)),
    delivered: shown(step).reduce((sum, { usage: of }) => sum + (of?.input ?? 0), 0),
  }
}

const cases: Readonly<Record<string, { best: readonly AgentEvent[]; repeats: AgentEvent[] }>> = {
  'the sum of a turn, and its prompt and calls': {
    best: [prompt('one', 0), call('a', 5), call('b', 7)],
    repeats: [turnSum('t1', 300, 12)],
  },
  'the sums of two turns, and one call of the first': {
    best: [prompt('one', 0), call('a', 5)],
    repeats: [turnSum('t1', 300, 12), turnSum('t2', 400, 3)],
  },
  'the sum of a root, and a call below it': {
    best: [call('a', 5, { promptId: 'p', place: { spanId: 'a', within: ['root'] } })],
    repeats: [rootSum(12)],
  },
  'a tool that two tell': { best: [tool('tool', false)], repeats: [poorTool] },
}

describe.each(Object.entries(cases))('%s', (name, { best, repeats }) => {
  // A root tells of its turn, not of its usage alone.
  const rest = name.startsWith('the sum of a root') ? repeats : []
  const expected = sumsOf(folded([...best, ...rest]))

  test('the repeat comes late', () => {
    expect(sumsOf(folded([...best, ...repeats]))).toEqual(expected)
  })

  test('the repeat has counted when the other comes', () => {
    expect(sumsOf(folded([...repeats, ...best]))).toEqual(expected)
  })

  test('the same, with states stored in between', () => {
    expect(sumsOf(folded([...repeats, ...best], true))).toEqual(expected)
  })

  test('the repeat counts by itself', () => {
    const { usage, toolResults } = folded(repeats).state.totals
    expect(usage.input + toolResults).toBeGreaterThan(0)
  })
})

test('a turn that other records joined is no prompt of its own', () => {
  const { promptId: _, ...unnamed } = tool('tool', true)
  const events = [turnSum('t1', 300, 12), unnamed, call('a', 12), prompt('one', 0)]
  const { totals } = folded(events).state
  expect([totals.prompts, totals.modelCalls, totals.toolResults]).toEqual([1, 1, 1])
  expect(totals.usage.input).toBe(12)
})

test('what was sent of it is sent again without its figures', () => {
  const step = folded([turnSum('t1', 300, 12), prompt('one', 0), call('a', 12)])
  const sent = step.emissions.filter(({ key }) => key === 'sum-t1')
  expect(sent).toMatchObject([
    { type: 'generation', usage: { input: 12 } },
    { type: 'span', level: 'DEFAULT' },
  ])
  const [before, after] = sent
  expect(after?.usage).toBeUndefined()
  expect(after?.costUsd).toBeUndefined()
  expect([after?.traceKey, after?.startMs]).toEqual([before?.traceKey, before?.startMs])
})
