/**
 * However many turns a session has had: the root of each is sent once, under an id that nothing
 * else has, and what names a parent names one that is there.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AgentEvent } from '../../../src/domain/agent-event.ts'
import type { Observation } from '../../../src/domain/emission.ts'
import type { SessionInput } from '../../../src/sessions/reduce.ts'
import type { SessionState } from '../../../src/sessions/state.ts'
import {
  answer,
  arrives,
  call,
  closing,
  decision,
  policy,
  prompt,
  result,
  run,
  subagentEnd,
  type Run,
} from './events.ts'

const TURN_S = 10

/** A whole turn of a process: a prompt, a call, its answer. */
function turn(n: number, id = `p${n}`): SessionInput[] {
  const atS = n * TURN_S
  const of = { promptId: id }
  return [
    arrives(prompt(atS, `prompt ${id}`, of)),
    arrives(call(atS + 1, `r-${n}`, of)),
    arrives(answer(atS + 2, `r-${n}`, `answer ${id}`, of)),
  ]
}

const turns = (from: number, to: number): SessionInput[] =>
  Array.from({ length: to - from + 1 }, (_, n) => turn(from + n)).flat()

function expectWhole({ observations }: Pick<Run, 'observations'>): void {
  const ids = observations.map((o) => `${o.traceKey} ${o.key}`)
  expect(new Set(ids).size).toBe(ids.length)
  const children = observations.filter((o) => o.parentKey !== undefined)
  expect(children.filter((o) => !ids.includes(`${o.traceKey} ${o.parentKey}`))).toEqual([])
}

const rootsOf = (observations: readonly Observation[], id: string) =>
  observations.filter((o) => o.key === 'root' && o.metadata.prompt_id === id)

describe.each([129, 200, 1000])('after %i turns', (count) => {
  const late = { promptId: 'late' }

  test('a turn that was never seen gets a root of its own, however late it comes', () => {
    // Another process had a prompt at the very beginning; its exporter was cut off until now.
    const delayed = [
      prompt(1, 'another one', late),
      decision(2, 'late-tool', late),
      call(3, 'late-call', late),
      result(4, 'late-tool', late),
      answer(5, 'late-call', 'done', late),
    ].map((event) => arrives(event, count * TURN_S + 50))
    const told = run([...turns(1, count), ...delayed, closing((count + 9) * TURN_S)])
    expectWhole(told)
    expect(rootsOf(told.observations, 'late')).toEqual([
      expect.objectContaining({ input: 'another one', output: 'done' }),
    ])
    expect(told.observations.filter((o) => o.key === 'root')).toHaveLength(count + 1)
  })

  test('a turn that ended gets no second root, but what comes of it hangs below the first', () => {
    const again = [
      call(count * TURN_S + 20, 'again', { promptId: 'p1' }),
      answer(count * TURN_S + 21, 'again', 'once more', { promptId: 'p1' }),
    ].map((event) => arrives(event))
    const told = run([...turns(1, count), ...again, closing((count + 9) * TURN_S)])
    expectWhole(told)
    expect(rootsOf(told.observations, 'p1')).toHaveLength(1)
    expect(told.observations.filter((o) => o.name === 'conversation (continued)')).toEqual([
      expect.objectContaining({
        traceKey: 'claude-code/s1/turn/prompt-p1',
        key: 'root|2',
        parentKey: 'root',
        output: 'once more',
      }),
    ])
  })

  test('a turn that goes on beside all others is continued again and again', () => {
    // One process works on for hours below its first prompt, another has prompt after prompt.
    const inputs = Array.from({ length: count }, (_, n) => [
      ...turn(n + 1),
      ...(n % 50 === 0
        ? [
            arrives(call(n * TURN_S + 13, `long-${n}`, { promptId: 'long', subagentId: 'a1' })),
            arrives(call(n * TURN_S + 14, `main-${n}`, { promptId: 'long' })),
            arrives(answer(n * TURN_S + 15, `main-${n}`, `so far ${n}`, { promptId: 'long' })),
          ]
        : []),
    ]).flat()
    const end = { ...subagentEnd(count * TURN_S + 30, 'a1'), promptId: 'long' }
    const told = run([...inputs, arrives(end), closing((count + 9) * TURN_S)])
    expectWhole(told)
    expect(rootsOf(told.observations, 'long')).toHaveLength(1)
    const subagents = told.observations.filter((o) => o.key.startsWith('subagent|a1'))
    expect(subagents[0]?.key).toBe('subagent|a1')
  })

  test('the state is of a bounded size', () => {
    const { state } = run(turns(1, count))
    expect(Object.keys(state.ended)).toHaveLength(policy.maxEndedTurns)
    expect(JSON.stringify(state.forgotten).length).toBeLessThan(20 * count)
  })
})

describe('a session with more turns than it can remember', () => {
  const COUNT = 2300
  const many = run(turns(1, COUNT))
  const later = (inputs: readonly SessionInput[]): Run => {
    const told = run([...inputs, closing((COUNT + 99) * TURN_S)], many.state)
    return { ...told, observations: [...many.observations, ...told.observations] }
  }

  test('has dropped the oldest, and remembers the rest', () => {
    expect(many.state.hasDroppedTurns).toBe(true)
    expect(many.state.forgotten.flat().length).toBeGreaterThan(1900)
    expect(many.state.forgotten.flat().length).toBeLessThan(2100)
    expectWhole({ observations: later([]).observations })
  })

  test.each([
    ['a turn that was dropped', 'p1'],
    ['a turn that was never seen', 'late'],
  ])('tells %s under a key that no other turn had', (_, id) => {
    const told = later(turn(COUNT + 1, id))
    expectWhole(told)
    const [root] = rootsOf(told.observations.slice(many.observations.length), id)
    expect(root).toMatchObject({
      traceKey: `claude-code/s1/turn/prompt-${id}~${Number(root?.metadata.turn)}`,
      output: `answer ${id}`,
    })
  })

  test('continues such a turn where it is', () => {
    const told = later([...turn(COUNT + 1, 'late'), ...turn(COUNT + 2), ...turn(COUNT + 3, 'late')])
    expectWhole(told)
    expect(rootsOf(told.observations, 'late')).toHaveLength(1)
  })
})

test('a turn that was traced is continued in its own trace, also when it was forgotten', () => {
  const traceId = 'f'.repeat(32)
  const traced = (event: AgentEvent): SessionInput => arrives({ ...event, traceId })
  const first = [prompt(1, 'go', { promptId: 'p' }), call(2, 'r', { promptId: 'p' })].map(traced)
  const untraced = arrives(call(3, 'u', { promptId: 'q' }))
  const late = [
    traced(call(5000, 'again', { promptId: 'p' })),
    // Began without a trace, so its key names the trace, whatever the record says.
    traced(call(5001, 'other', { promptId: 'q' })),
  ]
  const told = run([...first, untraced, ...turns(1, 400), ...late, closing(9000)])
  const traceOf = (key: string) =>
    told.observations.filter((o) => o.key.startsWith(key)).map((o) => o.agentTraceId)
  expect(traceOf('api_request|again')).toEqual([traceId])
  expect(traceOf('api_request|other')).toEqual([undefined])
  expectWhole(told)
})

test('a landmark that names no turn is shown in the current one, however many ended since', () => {
  const current = [arrives(prompt(1, 'go', { promptId: 'current' }))]
  // Records of other turns whose prompts never came: none of them becomes the current one.
  const others = Array.from({ length: 300 }, (_, n) =>
    arrives(call(10 + n, `o${n}`, { promptId: `o${n}` }), 10 + n),
  )
  const { state } = run([...current, ...others, closing(400)])
  expect(state.currentTurn).toBe('prompt-current')
  expect(state.ended['prompt-current']).toBeDefined()
})

test('a prompt that comes late is not what the session is at', () => {
  const late = arrives(prompt(1, 'earlier', { promptId: 'late' }), 60)
  const { state } = run([...turn(5).slice(0, 2), late])
  expect(state.currentTurn).toBe('prompt-p5')
  expect(Object.keys(state.turns)).toEqual(['prompt-p5', 'prompt-late'])
})

test('whatever turns come in whatever order, through storage or not', () => {
  const steps = fc.array(
    fc.record({
      turn: fc.nat(12),
      what: fc.constantFrom('prompt', 'call', 'subagent', 'tool'),
      ended: fc.boolean(),
      gap: fc.integer({ min: 0, max: 40 }),
    }),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 4 }), (list, maxEndedTurns) => {
      let seconds = 0
      let state: SessionState | undefined
      const observations: Observation[] = []
      for (const [n, step] of list.entries()) {
        seconds += step.gap
        const of = { promptId: `p${step.turn}`, dedupKey: `k${n}` }
        const events: Record<typeof step.what, AgentEvent> = {
          prompt: prompt(seconds, 'go', of),
          call: call(seconds, `r${n}`, of),
          subagent: call(seconds, `r${n}`, { ...of, subagentId: `a${step.turn % 3}` }),
          tool: result(seconds, `t${n}`, of),
        }
        const inputs = [arrives(events[step.what]), ...(step.ended ? [closing(seconds + 1)] : [])]
        const told = run(inputs, state, { ...policy, maxEndedTurns, maxOpenTurns: 3 })
        observations.push(...told.observations)
        state = JSON.parse(JSON.stringify(told.state)) as SessionState
      }
      const last = run([closing(seconds + 2)], state)
      expectWhole({ observations: [...observations, ...last.observations] })
    }),
  )
})
