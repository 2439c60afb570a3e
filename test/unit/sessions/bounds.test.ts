/** What becomes of the things that a state has no room for: nothing counted is lost, nothing is shown twice. */
import { describe, expect, test } from 'vitest'
import type { AgentEvent } from '../../../src/domain/agent-event.ts'
import type { Observation } from '../../../src/domain/emission.ts'
import type { MetricSample } from '../../../src/domain/metric-sample.ts'
import type { Usage } from '../../../src/domain/usage.ts'
import { quantile } from '../../../src/sessions/usage/distribution.ts'
import { reduce, type SessionInput } from '../../../src/sessions/reduce.ts'
import type { SessionState } from '../../../src/sessions/state.ts'
import {
  answer,
  arrives,
  call,
  closing,
  decision,
  failure,
  fresh,
  noteEvent,
  policy,
  prompt,
  result,
  run,
  sample,
  span,
  subagentEnd,
} from './events.ts'

/** For machines that are busy with something else. */
const PATIENT = { timeout: 120_000 }

const range = <T>(length: number, make: (n: number) => T): T[] =>
  Array.from({ length }, (_, n) => make(n))
const sumOf = <T>(list: readonly T[], value: (one: T) => number) =>
  list.reduce((sum, one) => sum + value(one), 0)

const fold = (items: readonly (AgentEvent | MetricSample)[], from?: SessionState) =>
  reduce(
    from ?? fresh(),
    items.map((item) => arrives(item, 0)),
    policy,
  )

/** Every observation once, each below one that is there. */
function expectWhole(observations: readonly Observation[]): void {
  const ids = observations.map(({ traceKey, key }) => `${traceKey} ${key}`)
  expect(new Set(ids).size).toBe(ids.length)
  const parents = observations.filter(({ parentKey }) => parentKey !== undefined)
  const known = new Set(ids)
  expect(parents.filter((o) => !known.has(`${o.traceKey} ${o.parentKey}`))).toEqual([])
}

const summaryOf = (observations: readonly Observation[]) =>
  observations.find(({ name }) => name === 'session-summary')?.output as Record<string, unknown>

describe('names beyond those that a session keeps apart', () => {
  const steps = (
    items: readonly (AgentEvent | MetricSample)[],
  ): { usage: Usage[]; state: SessionState } => {
    let state = fresh()
    const usage: Usage[] = []
    for (let from = 0; from < items.length; from += 50) {
      const step = fold(items.slice(from, from + 50), state)
      state = step.state
      usage.push(step.usage)
    }
    return { usage, state }
  }

  test('of models are counted together, in the totals and in the reports alike', () => {
    const { usage, state } = steps(range(1000, (n) => call(0, `r${n}`, { model: `model-${n}` })))
    const rows = usage.flatMap(({ models }) => models)
    expect(new Set(rows.map(({ model }) => model))).toEqual(
      new Set(Object.keys(state.totals.models)),
    )
    expect(Object.keys(state.totals.models)).toHaveLength(201)
    expect(sumOf(rows, ({ calls }) => calls)).toBe(1000)
    expect(sumOf(rows, ({ costUsd }) => costUsd)).toBeCloseTo(10, 9)
    expect(state.totals.models['(other)']?.calls).toBe(800)
  })

  test('of tools, of refused ones and of models that failed as well', () => {
    const { usage, state } = steps([
      ...range(300, (n) => result(0, `t${n}`, { tool: `tool-${n}` })),
      ...range(300, (n) => decision(0, `d${n}`, { tool: `refused-${n}`, accepted: false })),
      ...range(300, (n) => ({ ...failure(0, `no ${n}`), model: `m${n}` }) as AgentEvent),
    ])
    const tools = usage.flatMap((step) => step.tools)
    expect(new Set(tools.map(({ tool }) => tool)).size).toBe(201)
    expect(sumOf(tools, ({ results }) => results)).toBe(300)
    expect(sumOf(tools, ({ refusals }) => refusals)).toBe(300)
    const models = usage.flatMap((step) => step.models)
    expect(new Set(models.map(({ model }) => model)).size).toBe(201)
    expect(sumOf(models, ({ errors }) => errors)).toBe(300)
    expect(state.totals).toMatchObject({ toolResults: 300, toolRefusals: 300, modelErrors: 300 })
  })

  test('of facets as well; the measure stays', () => {
    const { usage } = steps(range(1000, (n) => sample(n, 'lines_of_code', 1, { facet: `f${n}` })))
    const rows = usage.flatMap(({ activity }) => activity)
    expect(new Set(rows.map(({ facet }) => facet)).size).toBeLessThanOrEqual(201)
    expect(new Set(rows.map(({ measure }) => measure))).toEqual(new Set(['lines_of_code']))
    expect(sumOf(rows, ({ value }) => value)).toBe(1000)
  })

  test('a metric without a facet stays without one', () => {
    expect(fold([sample(0, 'commits', 2)]).usage.activity).toMatchObject([{ facet: '', value: 2 }])
  })
})

test(
  'durations of very many tools: counts and sums are exact, and all have quantiles',
  PATIENT,
  () => {
    const items = range(60_000, (n) =>
      result(0, `t${n}`, { tool: `tool-${n % 200}`, durationMs: 1.02 ** Math.floor(n / 200) }),
    )
    const { totals } = fold(items).state
    const tools = Object.values(totals.tools)
    expect(sumOf(tools, ({ durationMs }) => durationMs.count)).toBe(60_000)
    expect(sumOf(tools, ({ durationMs }) => Object.keys(durationMs.buckets).length)).toBe(12_000)
    expect(tools.every(({ durationMs }) => (quantile(durationMs, 0.5) ?? 0) > 0)).toBe(true)
    const late = fold(
      [result(0, 'late', { tool: 'late', durationMs: 77 })],
      fold(items).state,
    ).state
    const { durationMs } = late.totals.tools['(other)'] ?? late.totals.tools.late ?? {}
    expect(durationMs).toMatchObject({ count: 1, sum: 77, min: 77, max: 77 })
    expect(durationMs && quantile(durationMs, 0.95)).toBe(77)
  },
)

describe('subagents beyond those that a turn keeps', () => {
  test('are all shown, each once, with what they did', PATIENT, () => {
    const { observations } = run([
      arrives(prompt(0)),
      ...range(300, (n) => arrives(call(n, `r${n}`, { subagentId: `a${n}` }))),
      ...range(300, (n) => arrives(subagentEnd(400 + n, `a${n}`))),
      closing(1000),
    ])
    expectWhole(observations)
    const agents = observations.filter(({ name }) => name.startsWith('subagent'))
    expect(new Set(agents.map(({ metadata }) => metadata.subagent_id)).size).toBe(300)
    const calls = agents.map(({ metadata }) => metadata.model_calls as number)
    expect(sumOf(calls, (n) => n)).toBe(300)
  })

  test('that go on are shown as a continuation, also in a turn taken up again', () => {
    const { observations } = run([
      arrives(prompt(0)),
      ...range(150, (n) => arrives(call(n, `r${n}`, { subagentId: `a${n}` }))),
      arrives(answer(200, 'later', 'done', { subagentId: 'a0' })),
      arrives(prompt(300, 'next', { promptId: 'p2' })),
      arrives(answer(310, 'latest', 'again', { subagentId: 'a0' })),
      closing(1000),
    ])
    expectWhole(observations)
    const own = observations.filter(({ metadata }) => metadata.subagent_id === 'a0')
    const agents = own.filter(({ type }) => type === 'agent')
    expect(agents.map(({ key }) => key)).toEqual(['subagent|a0', 'subagent|a0|2', 'subagent|a0|3'])
  })
})

describe('what waits for something that never comes', () => {
  test('answers are forgotten, the oldest first, and counted', () => {
    const items = range(5000, (n) => answer(0, `r${n}`, `${n}${'x'.repeat(900)}`))
    const { state, emissions } = reduce(
      fresh(),
      [...items.map((item) => arrives(item, 0)), arrives(call(1, 'r4999'), 1), closing(100)],
      policy,
    )
    const observations = emissions.filter((e) => e.kind === 'observation')
    const output = observations.find(({ name }) => name.startsWith('chat'))?.output
    expect(output).toMatchObject({ role: 'assistant', content: expect.stringMatching(/^4999/) })
    const forgotten = state.totals.forgotten?.answers ?? 0
    expect(forgotten).toBeGreaterThan(4800)
    expect(summaryOf(observations).forgotten).toEqual({ answers: forgotten })
  })

  test('nothing is said to be forgotten where nothing was', () => {
    const { observations } = run([arrives(prompt(0)), arrives(call(1, 'r1')), closing(100)])
    expect(summaryOf(observations).forgotten).toBeUndefined()
  })

  test('notes from before the first prompt are kept, the first of them, and the rest counted', () => {
    const note = (n: number) => noteEvent(n, `note ${n}`, { promptId: undefined as never })
    const { observations, state } = run([
      ...range(80, (n) => arrives(note(n))),
      arrives(prompt(100)),
      closing(200),
    ])
    const notes = observations.filter(({ name }) => name.startsWith('note'))
    expect(notes.map(({ name }) => name)).toEqual(range(50, (n) => `note ${n}`))
    expect(state.totals.forgotten).toEqual({ notes: 30 })
  })

  test('tries of a call beyond those that are shown are counted', () => {
    const attemptsMs = range(300, (n) => n)
    const { observations, state } = run([
      arrives(span('model_call', 0, 1, { requestId: 'r1', attemptsMs })),
      arrives(call(1, 'r1')),
      closing(100),
    ])
    expect(state.totals.retries).toBe(299)
    expect(observations.filter(({ name }) => name === 'retry')).toHaveLength(49)
    const shown = observations.find(({ type }) => type === 'generation')
    expect(shown?.metadata.attempts).toBe(300)
  })
})

describe('content that is held', PATIENT, () => {
  const text = (n: number) => `${n}|${'x'.repeat(90_000)}`
  const large = { ...policy, maxContentLength: 100_000, joinTimeoutMs: 3_600_000 }
  const input = (item: AgentEvent): SessionInput => ({ kind: 'record', item, atMs: 0 })

  test('is sent early when it is too much: tools do not wait for their spans then', () => {
    const tools = range(60, (n) => result(n, `t${n}`, { traceId: 't1', input: text(n) }))
    const open = reduce(fresh(), [prompt(0), ...tools].map(input), large)
    const early = open.emissions.filter((e) => e.kind === 'observation')
    expect(early.length).toBeGreaterThan(40)
    expect(early.map(({ metadata }) => metadata.tool_use_id)).toEqual(
      range(early.length, (n) => `t${n}`),
    )
    const rest = reduce(open.state, [closing(100)], large)
    const all = [...open.emissions, ...rest.emissions].filter((e) => e.kind === 'observation')
    expectWhole(all)
    expect(all.filter(({ type }) => type === 'tool')).toHaveLength(60)
  })

  test('ends the oldest turns when prompts are too much, never the newest', () => {
    const prompts = range(20, (n) =>
      // Later prompts come first, so that none of them ends another.
      prompt(100 - n, text(n), { promptId: `p${n}` }),
    )
    const { state, emissions } = reduce(fresh(), prompts.map(input), large)
    const roots = emissions.filter((e) => e.kind === 'observation')
    expect(roots.length).toBeGreaterThan(5)
    expect(roots.every(({ metadata }) => metadata.ended_by === 'limit')).toBe(true)
    expect(Object.keys(state.turns)).toContain('prompt-p0')
    expect(state.totals.prompts).toBe(20)
  })

  test('of subagents is sent with them', () => {
    const answers = range(40, (n) => answer(n, `r${n}`, text(n), { subagentId: `a${n}` }))
    const inputs = [...[prompt(0), ...answers].map(input), closing(100)]
    const { emissions, state } = reduce(fresh(), inputs, large)
    const all = emissions.filter((e) => e.kind === 'observation')
    expectWhole(all)
    const agents = all.filter(({ name }) => name.startsWith('subagent'))
    expect(new Set(agents.map(({ output }) => output)).size).toBe(40)
    expect(state.totals.forgotten?.subagents).toBeUndefined()
  })

  test('a prompt and an answer of full length have room, in any script', () => {
    const long = '漢'.repeat(100_000)
    const { emissions } = reduce(
      fresh(),
      [...[prompt(0, long), call(1, 'r1'), answer(2, 'r1', long)].map(input), closing(100)],
      large,
    )
    const root = emissions.find((e) => e.kind === 'observation' && e.key === 'root')
    expect(root).toMatchObject({ input: long, output: long })
  })
})

test('a state from before all this is taken up', () => {
  const { state } = run([
    arrives(prompt(0)),
    arrives(call(1, 'r1')),
    arrives(sample(1, 'commits', 1)),
  ])
  const { held: _, ...before } = state
  const { buckets, facets, ...totals } = state.totals
  expect([buckets, facets]).not.toContain(undefined)
  const stored = JSON.parse(JSON.stringify({ ...before, totals })) as SessionState
  const rest = [arrives(call(2, 'r2')), arrives(sample(2, 'lines_of_code', 3, { facet: 'added' }))]
  const old = run([...rest, closing(100)], stored)
  const now = run([...rest, closing(100)], state)
  expect(old.emissions).toEqual(now.emissions)
  expect(old.state.totals.buckets).toBe(now.state.totals.buckets)
})
