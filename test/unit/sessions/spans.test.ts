import { describe, expect, test } from 'vitest'
import type { SessionInput } from '../../../src/sessions/reduce.ts'
import {
  answer,
  arrives,
  at,
  call,
  closing,
  decision,
  lines,
  policy,
  prompt,
  result,
  run,
  span,
  tick,
} from './events.ts'

const traced = { traceId: 't1' }
const turn: readonly SessionInput[] = [
  arrives(prompt(0, 'do it', traced)),
  arrives(decision(1, 'u1')),
  arrives(call(1.2, 'r1')),
  arrives(answer(1.2, 'r1', 'I will')),
  arrives(result(2, 'u1')),
]
const spans: readonly SessionInput[] = [
  arrives(
    span('model_call', 0.4, 1.2, {
      requestId: 'r1',
      attemptsMs: [at(0.4), at(0.9)],
      stopReason: 'tool_use',
    }),
    2.5,
  ),
  arrives(span('tool_wait', 1.2, 1.8, { parentSpanId: 'tool-1.1' }), 2.5),
  arrives(span('tool_execution', 1.8, 2, { toolUseId: 'u1', parentSpanId: 'tool-1.1' }), 2.5),
  arrives(span('tool', 1.1, 2, { toolUseId: 'u1', output: 'hello' }), 2.5),
]
const names = (inputs: readonly SessionInput[]) => run(inputs).observations.map((o) => o.name)

describe('an agent that sends spans', () => {
  test('calls and tools wait for theirs', () => {
    expect(names(turn)).toEqual([])
    expect(names([...turn, ...spans])).toEqual([
      'retry',
      'chat claude-opus-5-5',
      'Bash',
      'waiting for permission',
    ])
  })

  test('but not for ever', () => {
    const waited = [...turn, tick(2 + policy.joinTimeoutMs / 1000)]
    expect(names(waited)).toEqual(['chat claude-opus-5-5', 'Bash'])
  })

  test('nor when it sends none', () => {
    const untraced = [arrives(prompt(0)), ...turn.slice(1)]
    expect(names(untraced)).toEqual(['chat claude-opus-5-5', 'Bash'])
  })

  test.each([
    ['after the events', [...turn, ...spans, closing(3)]],
    ['before them', [...spans, ...turn, closing(3)]],
  ])('spans that come %s enrich the same observations', (_, inputs) => {
    const { observations } = run(inputs)
    const named = (name: string) => observations.find((o) => o.name === name)
    expect(named('chat claude-opus-5-5')).toMatchObject({
      startMs: at(0.4),
      output: { content: 'I will', tool_calls: [{ id: 'u1' }] },
      metadata: { attempts: 2, stop_reason: 'tool_use' },
      agentTraceId: 't1',
    })
    expect(named('Bash')).toMatchObject({
      startMs: at(1.1),
      output: 'hello',
      metadata: { blocked_on_user_ms: 600, execution_ms: 200, decision: 'accept' },
    })
    expect(named('retry')).toMatchObject({ type: 'event', level: 'WARNING', startMs: at(0.9) })
    expect(named('waiting for permission')?.parentKey).toBe(named('Bash')?.key)
  })

  test('generations, tools, cost and tokens are the same with and without spans', () => {
    const counted = (inputs: readonly SessionInput[]) => {
      const { observations, state } = run([...inputs, closing(30)])
      const of = (type: string) => observations.filter((o) => o.type === type).map((o) => o.name)
      return [of('generation'), of('tool'), of('agent'), state.totals.costUsd, state.totals.usage]
    }
    expect(counted([...turn, ...spans])).toEqual(counted(turn))
  })
})

describe('the span of a turn', () => {
  const over = span('turn', -0.1, 2.2, { parentSpanId: 'outside' })
  test.each([
    ['after', [...turn, ...spans, arrives(over, 3)]],
    [
      'before',
      [
        arrives(over, 3),
        ...turn.map((i) => ({ ...i, atMs: at(3) })),
        ...spans.map((i) => ({ ...i, atMs: at(3) })),
      ],
    ],
  ])('that comes %s its events ends the turn, once its logs have had time to come', (_, inputs) => {
    const root = (seconds: number) =>
      run([...inputs, tick(seconds)]).observations.find((o) => o.key === 'root')
    expect(root(9.9)).toBeUndefined()
    expect(root(10)).toMatchObject({
      agentTraceId: 't1',
      outsideParentId: 'outside',
      startMs: at(-0.1),
      metadata: { ended_by: 'turn_span' },
    })
  })

  test('what comes later still joins the agent’s trace', () => {
    const { observations } = run([
      ...turn,
      ...spans,
      arrives(over, 3),
      tick(10),
      arrives(call(20, 'r9')),
      closing(21),
    ])
    expect(
      observations.filter((o) => o.name.startsWith('chat')).map((o) => o.agentTraceId),
    ).toEqual(['t1', 't1'])
    expect(lines(observations).filter((l) => l.startsWith('agent'))).toHaveLength(1)
  })
})
