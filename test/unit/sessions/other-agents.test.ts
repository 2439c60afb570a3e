/** What agents tell in other pieces than Claude Code does: usage apart from its call, a turn as a whole. */
import { describe, expect, test } from 'vitest'
import type { AgentEvent, ModelUsageEvent, TurnEvent } from '../../../src/domain/agent-event.ts'
import { newSession, type SessionState } from '../../../src/sessions/state.ts'
import {
  answer,
  arrives,
  at,
  call,
  closing,
  failure,
  prompt,
  result,
  type Run,
  run,
  subagentEnd,
  tick,
  told,
} from './events.ts'

const tokens = { input: 100, output: 50, cacheRead: 0, cacheCreation: 0, reasoning: 20 }

/** A call whose record tells neither usage nor cost. */
function bareCall(seconds: number, requestId: string) {
  const { usage: _, cost: __, ...bare } = call(seconds, requestId)
  return bare
}

function usage(
  seconds: number,
  requestId?: string,
  more: Partial<ModelUsageEvent> = {},
): ModelUsageEvent {
  return {
    kind: 'model_usage',
    agent: 'claude-code',
    sessionId: 's1',
    dedupKey: `usage|${requestId ?? seconds}`,
    name: 'usage',
    timeMs: at(seconds),
    promptId: 'p1',
    identity: {},
    model: 'claude-opus-5-5',
    usage: tokens,
    ...told(0.25),
    ...(requestId !== undefined && { requestId }),
    ...more,
  }
}

const generations = ({ observations }: Run) =>
  observations.filter(({ type }) => type === 'generation')

describe('usage that a later record tells', () => {
  test.each([
    ['by the id of its call', usage(2, 'r1')],
    ['by its agent, where it has no id', usage(2)],
  ])('goes to its call %s', (_, later) => {
    const ran = run([
      arrives(prompt(0)),
      arrives(bareCall(1, 'r1')),
      arrives(answer(1, 'r1', 'hi')),
      arrives(later),
      closing(3),
    ])
    expect(generations(ran)).toMatchObject([
      { key: 'api_request|r1', usage: tokens, costUsd: 0.25, output: { content: 'hi' } },
    ])
    expect(ran.state.totals).toMatchObject({
      modelCalls: 1,
      costUsd: 0.25,
      usage: tokens,
      models: { 'claude-opus-5-5': { calls: 1, costUsd: 0.25, usage: tokens } },
    })
  })

  test('goes to the call also when it comes first', () => {
    const ran = run([arrives(usage(1, 'r1')), arrives(bareCall(1, 'r1')), closing(3)])
    expect(generations(ran)).toMatchObject([{ key: 'api_request|r1', costUsd: 0.25 }])
  })

  test.each([
    ['its call was sent already', [arrives(bareCall(1, 'r1')), tick(60), arrives(usage(61, 'r1'))]],
    ['its call never comes', [arrives(usage(1, 'r1'))]],
    ['nothing names its call', [arrives(usage(1))]],
  ])('is shown once, by itself, where %s', (_, inputs) => {
    const ran = run([...inputs, closing(90)])
    const withUsage = generations(ran).filter((generation) => generation.usage !== undefined)
    expect(withUsage).toMatchObject([{ name: 'chat claude-opus-5-5', costUsd: 0.25 }])
    expect(ran.state.totals).toMatchObject({ costUsd: 0.25, usage: tokens })
  })

  test('without an id goes to the oldest call that has none', () => {
    const ran = run([
      arrives(bareCall(1, 'r1')),
      arrives(bareCall(2, 'r2')),
      arrives(usage(3, undefined, { ...told(0.1), dedupKey: 'a' })),
      arrives(usage(4, undefined, { ...told(0.2), dedupKey: 'b' })),
      closing(5),
    ])
    expect(generations(ran)).toMatchObject([
      { key: 'api_request|r1', costUsd: 0.1 },
      { key: 'api_request|r2', costUsd: 0.2 },
    ])
  })
})

test('reasoning is part of the output, and told apart in the sums', () => {
  const ran = run([arrives(call(1, 'r1', { usage: tokens })), closing(2)])
  expect(ran.state.totals.usage).toEqual(tokens)
  expect(run([arrives(call(1, 'r1')), closing(2)]).state.totals.usage).not.toHaveProperty(
    'reasoning',
  )
})

test('output that stands on the result is shown', () => {
  const ran = run([arrives(result(1, 't1', { output: 'a.txt' })), closing(2)])
  expect(ran.observations[0]).toMatchObject({ name: 'Bash', output: 'a.txt' })
})

describe('a turn told as a whole', () => {
  const whole: TurnEvent = {
    kind: 'turn',
    agent: 'claude-code',
    sessionId: 's1',
    dedupKey: 'turn|p1',
    name: 'invoke_agent',
    timeMs: at(5),
    startMs: at(0),
    promptId: 'p1',
    identity: {},
    prompt: { text: 'do it' },
    answer: { text: 'done' },
    isOver: true,
  }

  test('has its prompt, its answer and its end', () => {
    const ran = run([arrives(call(1, 'r1')), arrives(whole), tick(11.9), tick(12)])
    expect(ran.observations.at(-1)).toMatchObject({
      name: 'conversation',
      input: 'do it',
      output: 'done',
      startMs: at(0),
      endMs: at(5),
      metadata: { ended_by: 'turn_span', model_calls: 1 },
    })
    expect(ran.state.totals.prompts).toBe(1)
    expect(ran.state.firstPrompt).toBe('do it')
  })

  test('leaves what a prompt event and an answer have told', () => {
    const ran = run([
      arrives(prompt(0, 'typed')),
      arrives(answer(1, 'r1', 'said')),
      arrives(whole),
      closing(6),
    ])
    const root = ran.observations.find(({ name }) => name === 'conversation')
    expect(root).toMatchObject({ input: 'typed', output: 'said' })
    expect(ran.state.totals.prompts).toBe(1)
  })

  test('that failed is an error', () => {
    const { answer: _, ...failed } = { ...whole, error: 'overloaded' }
    const ran = run([arrives(failed), closing(6)])
    expect(ran.observations[0]).toMatchObject({ level: 'ERROR', output: '[failed: overloaded]' })
  })
})

describe('a session of spans', () => {
  const place = { spanId: 's', within: [] }
  const begunBy = ([first]: readonly AgentEvent[]): SessionState | undefined =>
    first && newSession('claude-code/s1', first, at(0))
  const taking = (durationMs: number) => ({ durationMs, place })
  const turn: TurnEvent = {
    kind: 'turn',
    agent: 'goose',
    sessionId: 's1',
    dedupKey: 'turn|p1',
    name: 'reply',
    timeMs: at(600),
    startMs: at(0),
    promptId: 'p1',
    identity: {},
    isOver: true,
    place,
  }
  const tool = result(590, 't1', taking(560_000))
  const sum = call(600, 'r2', taking(600_000))

  test.each<[string, readonly AgentEvent[], number]>([
    ['its turn', [call(595, 'r1', taking(585_000)), turn], 0],
    ['its call', [call(595, 'r1', taking(585_000))], 10],
    ['its call that failed', [{ ...failure(595, 'overloaded'), ...taking(585_000) }], 10],
    ['its tool', [tool], 30],
    ['its subagent', [{ ...subagentEnd(600, 'a1'), ...taking(500_000) }], 100],
    [
      'what waits for a better source',
      [{ ...sum, kind: 'fallback', event: sum, unless: { anyUsage: true } }],
      0,
    ],
  ])('begins with the start of %s', (_, events, startS) => {
    const ran = run([...events.map((event) => arrives(event)), closing(700)], begunBy(events))
    const lastMs = Math.max(...events.map(({ timeMs }) => timeMs))
    expect(ran.state).toMatchObject({ firstMs: at(startS), lastMs })
    const summary = ran.observations.find(({ name }) => name === 'session-summary')
    expect(summary).toMatchObject({
      startMs: at(startS),
      endMs: lastMs,
      output: { duration_ms: lastMs - at(startS) },
    })
  })

  test('of log records begins with the time of the first', () => {
    const events = [prompt(3), call(5, 'r1', { durationMs: 4000 })]
    const ran = run([...events.map((event) => arrives(event)), closing(9)], begunBy(events))
    expect(ran.state.firstMs).toBe(at(3))
  })
})
